"""Does a layer of a network show what it has learnt, and can it be frozen?"""

from __future__ import annotations

import copy

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import same_bits, state_bytes


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
            with pytest.raises(AttributeError, match=f"^{name}: .* only trainable can be set"):
                setattr(layer, name, 0.5)
        twin = copy.deepcopy(layer)
        assert (repr(twin), twin.description) == (repr(layer), layer.description)


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


def residual() -> cr.Network:
    inner = cr.Residual([cr.Dropout(0.5), cr.Dense(4)])
    block = [cr.Dense(4, "prelu", l2=0.5), inner, cr.Scale(0.5)]
    return cr.Network(3, [cr.Dense(4), cr.Residual(block), cr.Dense(1)], seed=0)


def test_layers_in_blocks_are_the_networks_own() -> None:
    net = residual()
    first, inner, scale = net.layers[1].block
    assert [len(layer.block) for layer in net.layers] == [0, 3, 0]
    assert same_bits(first.weight, net.weights[1])
    assert same_bits(inner.block[1].bias, net.biases[2])
    assert (first.slope == 0.25).all()
    assert (scale.weight == 0.5).all()
    assert scale.initial == 0.5
    for empty in (net.layers[1], inner):
        assert empty.weight is empty.bias is empty.slope is empty.running_mean is None
    assert repr(net.layers[1]) == repr(net.layers[1].description)
    net.fit(np.eye(3), np.ones(3), verbose=0)
    assert same_bits(first.weight, net.weights[1])


def test_layers_in_blocks_are_counted_in_summaries() -> None:
    net = residual()
    rows = [line.rsplit(maxsplit=2) for line in str(net).splitlines()[2:]]
    assert [row[0].rstrip() for row in rows] == [
        "    1  Dense identity",
        "       Residual",
        "    2    Dense prelu l2=0.5",
        "         Residual",
        "           Dropout p=0.5",
        "    3      Dense identity",
        "         Scale initial=0.5",
        "    4  Dense identity",
    ]
    assert [int(row[1]) for row in rows] == [4] * 7 + [1]
    assert sum(int(row[2]) for row in rows) == net.n_parameters
    assert repr(net) == f"<Network 3-4-4-4-1, {net.n_parameters} parameters, float32>"


def test_layers_in_blocks_are_frozen() -> None:
    net = residual()
    outer = net.layers[1]
    first, inner, _ = outer.block
    before = net.weights
    first.trainable = inner.trainable = False
    assert (first.trainable, inner.trainable, inner.block[1].trainable) == (False, False, False)
    assert outer.trainable  # for its scale
    assert outer.description.block[0] == cr.Dense(4, "prelu", l2=0.5, trainable=False)
    assert "frozen" in str(net).splitlines()[4]
    net.fit(np.eye(3), np.ones(3), epochs=3, verbose=0)
    assert [same_bits(w, was) for w, was in zip(net.weights, before, strict=True)] == [
        *(False, True, True, False)
    ]
    again = cr.from_bytes(net.to_bytes())
    assert not again.layers[1].block[1].trainable
    other = residual()
    other.set_state(net.get_state())
    assert not other.layers[1].block[0].trainable
    outer.trainable = True
    assert first.trainable
    assert inner.block[1].trainable


def test_a_block_is_frozen_as_a_whole_or_not_at_all() -> None:
    net = residual()
    state = state_bytes(net)
    with pytest.raises(ValueError, match=r"trainable: layers\[1\]\.block\[2\] is a Scale, which"):
        net.layers[1].trainable = False
    slopes = cr.Network(2, [cr.Residual([cr.Dense(2), cr.Activation("prelu")]), cr.Dense(1)])
    with pytest.raises(ValueError, match=r"layers\[0\]\.block\[1\] is an activation of its own"):
        slopes.layers[0].trainable = False
    assert slopes.layers[0].block[0].trainable
    with pytest.raises(TypeError, match="trainable: expected True or False"):
        net.layers[1].trainable = 0
    assert state_bytes(net) == state
    free = cr.Network(2, [cr.Residual([cr.Rescale(2.0), cr.Dense(2)]), cr.Dense(1)], seed=0)
    free.layers[0].trainable = False
    assert not free.layers[0].trainable
