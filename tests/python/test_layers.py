"""Are descriptions immutable values, and layers of a network its own?"""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import same_bits, state_bytes

DESCRIPTIONS = [
    cr.Dense(3),
    cr.Dense(4),
    cr.Dense(3, "relu"),
    cr.Dense(3, bias=False),
    cr.Dense(3, initializer="he_normal"),
    cr.Dense(3, initializer=cr.initializers.Normal(0.0, stddev=0.5)),
    cr.Dense(3, initializer=cr.initializers.Normal(0.0, stddev=0.25)),
    cr.Dense(3, bias_initializer="ones"),
    cr.Activation("relu"),
    cr.Activation("softmax"),
    cr.Dropout(),
    cr.Dropout(0.25),
    cr.AlphaDropout(0.25),
    cr.GaussianNoise(0.25),
    cr.LayerNorm(),
    cr.LayerNorm(0.25),
    cr.BatchNorm(0.25),
    cr.BatchNorm(epsilon=0.25),
    cr.Scale(0.5),
    cr.Rescale(0.5),
    cr.Rescale(offset=0.5),
]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=repr)
def test_descriptions_are_values(description: cr.layers.Layer) -> None:
    for twin in (
        copy.copy(description),
        copy.deepcopy(description),
        *(pickle.loads(pickle.dumps(description, protocol)) for protocol in range(6)),
        dataclasses.replace(description),
        eval(repr(description), vars(cr) | vars(cr.activations) | vars(cr.initializers)),
    ):
        assert twin == description
        assert hash(twin) == hash(description)
    assert [other == description for other in DESCRIPTIONS].count(True) == 1
    assert cr.layers.from_description(description.describe()) == description
    for field in dataclasses.fields(description):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(description, field.name, None)


def test_names_and_objects_describe_the_same() -> None:
    assert cr.Dense(3, "relu") == cr.Dense(3, cr.activations.Relu())
    assert hash(cr.Dense(3, "relu")) == hash(cr.Dense(3, cr.activations.Relu()))
    assert cr.Dense(np.int64(3)) == cr.Dense(3)


def test_a_description_may_be_used_many_times() -> None:
    dense = cr.Dense(3, "tanh")
    net = cr.Network(3, [dense, dense, dense], seed=0)
    other = cr.Network(3, [dense], seed=0)
    assert not same_bits(net.weights[0], net.weights[1])
    assert same_bits(net.weights[0], other.weights[0])
    before = state_bytes(other)
    net.fit(np.eye(3), np.eye(3), loss="mse")
    assert state_bytes(other) == before
    assert dense == cr.Dense(3, "tanh")


def test_layers_of_a_network_show_its_own_parameters() -> None:
    net = cr.Network(2, [cr.Dense(4, "relu"), cr.Dense(3, bias=False), cr.Activation("softmax")])
    first, second, third = net.layers
    assert (first.units, first.activation.name, second.bias, third.weight) == (
        4,
        "relu",
        None,
        None,
    )
    for _ in range(2):
        assert same_bits(first.weight, net.weights[0])
        assert same_bits(first.bias, net.biases[0])
        assert same_bits(second.weight, net.weights[1])
        net.fit(np.eye(2), [0, 1])
    assert [repr(layer) for layer in net.layers] == [
        repr(layer.description) for layer in net.layers
    ]
    assert first.trainable is True
    first.trainable = True
    with pytest.raises(AttributeError):
        _ = first.nothing


def test_nothing_can_be_set_that_would_change_nothing() -> None:
    net = cr.Network(2, [cr.Dense(4), cr.Dropout(0.25)], seed=0)
    for layer in net.layers:
        for name in ("units", "p", "description", "weight", "nothing"):
            with pytest.raises(AttributeError):
                setattr(layer, name, 0.5)
        twin = copy.deepcopy(layer)
        assert (repr(twin), twin.description) == (repr(layer), layer.description)


def test_what_is_no_description_is_refused() -> None:
    class Own(cr.layers.Noise):
        pass

    for wrong in (cr.layers.Noise(), cr.layers.Norm(), Own(), cr.Dense, "relu"):
        with pytest.raises(TypeError, match=r"layers\[1\]: expected a layer such as"):
            cr.Network(2, [cr.Dense(1), wrong])
    with pytest.raises(TypeError, match=r"layers\[0\]: expected a description, got a layer of a"):
        cr.Network(2, cr.mlp([2, 1]).layers)


def test_layers_of_a_loaded_network_are_described_alike() -> None:
    layers = [description for description in DESCRIPTIONS if isinstance(description, cr.Dense)]
    net = cr.Network(2, layers, seed=0)
    assert [layer.description for layer in cr.from_bytes(net.to_bytes()).layers] == layers
    for description in DESCRIPTIONS:
        words = re.findall("[A-Z][a-z]+", type(description).__name__)
        assert description.describe()["type"] == "_".join(words).lower()


def test_slopes_of_prelu_are_learned(dtype: str, rng: np.random.Generator) -> None:
    layers = [cr.Activation("prelu"), cr.Dense(5, "prelu"), cr.Activation("prelu"), cr.Dense(2)]
    net = cr.Network(3, layers, dtype=dtype, seed=0)
    slopes = {f"layers.{i}.slope": n for i, n in enumerate((3, 5, 5))}
    state = net.get_state()
    for name, n in slopes.items():
        assert state[name].tobytes() == np.full(n, 0.25, dtype).tobytes()
    assert net.n_parameters == 3 + (3 * 5 + 5 + 5) + 5 + (5 * 2 + 2)
    assert [row.split()[-1] for row in str(net).splitlines()[2:]] == ["3", "25", "5", "12"]
    assert [None if layer.slope is None else layer.slope.shape for layer in net.layers] == [
        *((3,), (5,), (5,), None)
    ]
    x, y = rng.standard_normal((300, 3)), rng.standard_normal((300, 2))
    found = net.gradients(x, y).parameters
    for name in slopes:
        moved = {}
        for step in (-1e-3, 1e-3):
            state[name] = np.array([0.25 + step, *state[name][1:]], dtype)
            net.set_state(state)
            moved[step] = net.evaluate(x, y)["loss"]
            state[name] = np.full_like(state[name], 0.25)
        # Second derivatives of pieces of parabolas cancel; kinks and roundings do not.
        expected = (moved[1e-3] - moved[-1e-3]) / 2e-3
        assert abs(found[name][0] - expected) <= 1e-3 * (1 + abs(expected))
    net.set_state(state)
    net.fit(x, y, epochs=2, verbose=0)
    for layer in net.layers[:3]:
        assert (layer.slope != 0.25).all()
        assert not layer.slope.flags.writeable
    again = cr.from_bytes(net.to_bytes(optimizer=True))
    assert again.get_state().keys() == net.get_state().keys()
    assert again.predict(x).tobytes() == net.predict(x).tobytes()


def test_the_gradient_of_a_slope_is_its_equation(dtype: str, rng: np.random.Generator) -> None:
    net = cr.mlp([3, 7, 2], "prelu", dtype=dtype, seed=1)
    x, y = cases.inputs(rng, 300, 3, dtype), cases.inputs(rng, 300, 2, dtype)
    t = net.trace(x, y)
    dA, Z = t.dA[1].astype(float), t.Z[1].astype(float)
    terms = dA * np.minimum(0, Z)
    found = net.gradients(x, y).parameters["layers.0.slope"]
    cases.close(found, terms.sum(axis=1), 310 * cases.unit(dtype) * abs(terms).sum(axis=1))
    expected = np.where(Z > 0, 1.0, net.layers[0].slope[:, None])
    assert t.slope[1].tobytes() == expected.astype(dtype).tobytes()
