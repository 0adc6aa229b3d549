"""Are descriptions immutable values?"""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re

import numpy as np
import pytest

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
    cr.Dense(3, initializer="lsuv"),
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
    cr.Residual([cr.Dense(3)]),
    cr.Residual([cr.Dense(3), cr.Residual((cr.Dropout(), cr.Dense(3, "relu")))]),
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
