"""Do blocks whose inputs are added to their outputs have the numbers of their equation?"""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import mse, same_bits, state_bytes
from layer_promises import (
    check_gradients,
    check_looking,
    check_predictions,
    check_training,
    check_ways_of_training,
)
from norm_cases import data, learned

# Blocks behind a layer, with the activation first, in front of all, in each other, of no Dense
# layer, of noise alone, and at the end.
STACKS = {
    "plain": [cr.Dense(8), cr.Residual([cr.Dense(18, "tanh"), cr.Dense(8)]), cr.Dense(3)],
    "activation_first": [
        cr.Residual([cr.LayerNorm(), cr.Activation("tanh"), cr.Dense(9), cr.Dense(5, "sigmoid")]),
        cr.Dense(6, "tanh"),
        cr.Residual([cr.BatchNorm(), cr.Activation("tanh"), cr.Dense(6)]),
        cr.Activation("tanh"),
        cr.Dense(3, learning_rate_multiplier=0.5),
    ],
    "nested": [
        cr.Dense(6, "sigmoid"),
        cr.Residual(
            [
                cr.Residual([cr.Dense(7, "tanh", l1=0.01, l2=0.1), cr.Dense(6, max_norm=1.0)]),
                cr.Residual([cr.Scale(0.5)]),
                cr.Rescale(0.5, offset=0.25),
            ]
        ),
        cr.Dense(3),
        cr.Residual([cr.Residual([cr.Dense(4, "tanh"), cr.Dense(3, "tanh")])]),
    ],
    "noisy": [
        cr.Dense(8, "tanh"),
        cr.Residual([cr.GaussianNoise(0.25), cr.Dense(9, "tanh"), cr.Dropout(0.25), cr.Dense(8)]),
        cr.Residual([cr.Residual([cr.Dropout(0.5)]), cr.Residual([cr.Activation("softmax")])]),
        cr.Dense(3),
    ],
}
QUIET = [name for name in STACKS if name != "noisy"]


def network(name: str, dtype: str = "float64", **options: Any) -> cr.Network:
    return cr.Network(5, STACKS[name], dtype=dtype, seed=3, **options)


@pytest.fixture(params=STACKS)
def name(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


# ---- Numbers -------------------------------------------------------------------------------------


def test_a_block_by_hand() -> None:
    layers = [cr.Residual([cr.Dense(2, "relu", bias=False), cr.Dense(2)]), cr.Dense(1)]
    net = cr.Network(2, layers, dtype="float64", seed=0)
    net.set_weights([[[1, 2], [3, -4]], [[5, 6], [7, 8]], [[1, -1]]], [None, [0.5, 0.25], [2]])
    # relu(W1 x) = (5, 0), the block (25.5, 35.25), the sum (26.5, 37.25).
    assert net.predict([[1.0, 2.0]]) == 26.5 - 37.25 + 2
    assert [b is None for b in net.biases] == [True, False, False]
    # Past the block dY = (1, -1); through it W2ᵀ dY = (-2, -2) with relu', W1ᵀ (-2, 0) = (-2, -4).
    net.forward([[1.0, 2.0]], training=True)
    g = net.backward([[1.0]])
    assert np.array_equal(g.inputs, [[-1, -5]])
    assert np.array_equal(g.weights[0], [[-2, -4], [0, 0]])


@pytest.mark.parametrize("optimizer", cases.ELEMENTWISE)
@pytest.mark.parametrize("name", QUIET)
def test_training_is_that_of_the_oracle(
    optimizer: str, name: str, rng: np.random.Generator
) -> None:
    check_training(network(name), optimizer, *data(rng))


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_those_of_the_oracle(
    name: str, dtype: str, training: bool, rng: np.random.Generator
) -> None:
    check_gradients(network(name, dtype), *data(rng, dtype, 300), training=training)


def test_a_trace_has_derivatives_by_what_goes_both_ways(rng: np.random.Generator) -> None:
    x, y = data(rng)
    layers = [
        cr.Dense(4, "tanh"),
        cr.Residual([cr.Residual([cr.Dense(5, "sigmoid"), cr.Dense(4)])]),
        cr.Residual([cr.Activation("tanh"), cr.Dense(4)]),
        cr.Dense(3),
    ]
    net = cr.Network(5, layers, dtype="float64", seed=0)
    t = net.trace(x, y)
    assert t.activations == (
        *("tanh, fork, fork", "sigmoid", "sum, sum, fork, tanh", "sum", "identity"),
    )
    assert [slope is None for slope in t.slope] == [False, False, True, True, False]
    assert np.allclose(t.A[3], np.tanh(t.Z[3] + 2 * t.A[1]), rtol=1e-14)
    assert np.allclose(t.A[4], t.Z[4] + t.Z[3] + 2 * t.A[1], rtol=1e-14)
    assert np.allclose(t.dA[1], t.W[2].T @ t.dZ[2] + 2 * t.dZ[3], rtol=1e-13, atol=1e-15)
    for layer in (1, 2):
        assert np.allclose(t.dZ[layer], t.dA[layer] * t.slope[layer], rtol=1e-15)
    for layer in range(2, 6):
        assert np.allclose(t.Z[layer], t.W[layer] @ t.A[layer - 1] + t.b[layer], atol=1e-14)
    assert np.allclose(t.dX, net.gradients(x, y).inputs.T, rtol=1e-15)
    said = str(t)
    for line in (
        "  A1 = tanh(Z1) ",
        "  A3 = tanh(Z3 + A1 + A1) ",
        "  A4 = Z4 + Z3 + A1 + A1 ",
        "  dA1 = W2ᵀ dZ2 + dZ3 + dZ3 ",
        "  dA2 = W3ᵀ dZ3 ",
        "  dZ1 = dA1 ⊙ tanh'(Z1) ",
        "  dZ3 = ∂J/∂Z3 ",
        "  dZ4 = dA4 ",
    ):
        assert line in said, line
    assert len(t.updates) == 5


# ---- Every way through the network ---------------------------------------------------------------


def test_predictions_do_not_depend_on_the_batch(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    net = network(name, dtype)
    x, y = data(rng, dtype, 40)
    net.fit(x, y, epochs=2, loss="mse", verbose=0)
    check_predictions(net, x, y)


def test_every_way_of_training_has_the_same_bits(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    check_ways_of_training(lambda: network(name, dtype, loss="mse"), *data(rng, dtype, 32))


def test_looking_changes_nothing(name: str, rng: np.random.Generator) -> None:
    x, y = data(rng)
    net = network(name, loss="mse")
    net.fit(x, y, epochs=2, verbose=0)
    check_looking(net, x, y)


def test_any_number_of_threads_makes_the_same_bits(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 600, 200, dtype), cases.inputs(rng, 600, 10, dtype)
    inside = [cr.BatchNorm(), cr.Dense(300, "relu"), cr.Dropout(0.25), cr.Dense(200)]
    found = set()
    for n in (1, 2, 3, 7):
        layers = [cr.Residual(inside), cr.Residual([cr.Residual(inside)]), cr.Dense(10)]
        net = cr.Network(200, layers, dtype=dtype, seed=1)
        net.n_threads = n
        net.fit(x, y, epochs=2, batch_size=400, optimizer=cr.Adam())
        found.add((cases.state(net), net.predict(x).tobytes()))
    assert len(found) == 1


@pytest.mark.parametrize("frozen", range(4))
def test_frozen_layers_around_and_in_a_block(frozen: int, rng: np.random.Generator) -> None:
    x, y = data(rng)

    def made(*trained: bool) -> cr.Network:
        first, inner, last, output = (
            cr.Dense(n, "tanh", trainable=t) for n, t in zip((6, 4, 6, 3), trained, strict=True)
        )
        layers = [first, cr.Residual([inner, last]), output]
        return cr.Network(5, layers, loss="mse", dtype="float64", seed=0)

    net, free = made(*(i > frozen for i in range(4))), made(*[True] * 4)
    g, expected = net.gradients(x, y), free.gradients(x, y)
    names = list(g.parameters)
    for i, name in enumerate(names):
        frozen_there = i // 2 <= frozen
        wanted = np.zeros_like(g.parameters[name]) if frozen_there else expected.parameters[name]
        assert same_bits(g.parameters[name], wanted)
    assert same_bits(g.inputs, expected.inputs)
    assert net.layers[1].trainable == (frozen < 2)


def test_own_losses_averages_and_accumulated_batches(name: str, rng: np.random.Generator) -> None:
    x, y = data(rng, d=20)
    own, built_in = network(name, loss=mse), network(name, loss="mse")
    for net in (own, built_in):
        net.fit(x, y, epochs=2, batch_size=5, accumulate=2, ema=0.5, clip_norm=0.5)
    for a, b in zip(learned(own), learned(built_in), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


# ---- What it is ----------------------------------------------------------------------------------


def test_the_usual_loss_is_that_of_identity() -> None:
    layers = [cr.Dense(3), cr.Residual([cr.Dense(3, "softmax")])]
    assert cr.Network(2, layers).loss == cr.losses.Mse()
    assert cr.Network(2, [*layers, cr.Activation("softmax")]).loss == cr.losses.CrossEntropy()


def test_noise_draws_with_the_number_of_its_layer() -> None:
    x = np.ones((50, 4))
    dropout, dense = cr.Dropout(0.5), cr.Dense(4)
    flat = cr.Network(4, [dense, dropout, dense], dtype="float64", seed=0)
    nested = cr.Network(4, [cr.Residual([dropout]), dense], dtype="float64", seed=0)
    for net in (flat, nested):
        net.set_weights([np.eye(4)] * len(net.weights))
    # Dropout is layer 1 in both.
    assert same_bits(nested.forward(x, training=True), 1 + flat.forward(x, training=True))


def test_what_is_no_block_is_refused() -> None:
    wrong: Any
    for wrong in (cr.Dense(3), "relu", 3, None):
        with pytest.raises(TypeError, match="block: expected a list, got"):
            cr.Residual(wrong)
    for wrong in (cr.layers.Noise(), "relu", cr.Dense):
        with pytest.raises(TypeError, match=r"block\[1\]: expected a layer such as"):
            cr.Residual([cr.Dense(3), wrong])
    with pytest.raises(TypeError, match=r"block\[0\]: expected a description, got a layer of a"):
        cr.Residual(cr.mlp([2, 2]).layers)
    with pytest.raises(ValueError, match="block: expected at least one layer, got none"):
        cr.Residual([])
    nested = cr.Dropout(0.5)
    for _ in range(5):
        nested = cr.Residual([nested])
    cr.Network(2, [nested, cr.Dense(1)])
    with pytest.raises(ValueError, match="block: expected at most 5 Residuals in each other"):
        cr.Residual([cr.Dense(2), nested])


def test_widths_that_do_not_match_are_refused() -> None:
    inner = cr.Residual([cr.Dense(9, "relu"), cr.Dense(7)])
    for layers, place, widths in (
        ([cr.Dense(8), inner], r"layers\[1\]", "8, since they are added, got 7; put a Dense(8)"),
        ([inner], r"layers\[0\]", "4, since they are added, got 7; put a Dense(4) at its end"),
        (
            [cr.Residual([cr.LayerNorm(), cr.Dense(6), inner, cr.Dense(4)])],
            r"layers\[0\]\.block\[2\]",
            "6, since they are added, got 7; put a Dense(6)",
        ),
    ):
        expected = rf"^{place}\.block: expected as many outputs as inputs, "
        with pytest.raises(ValueError, match=expected) as caught:
            cr.Network(4, [*layers, cr.Dense(1)])
        assert widths in str(caught.value)


# ---- Kept ----------------------------------------------------------------------------------------


def test_a_network_that_is_kept_goes_on(name: str, rng: np.random.Generator) -> None:
    x, y = data(rng, d=50)
    net = network(name, loss="mse")
    net.fit(x, y, epochs=2, batch_size=16, verbose=0)
    state = net.get_state()
    by_state = cr.Network(5, STACKS[name], dtype="float64", seed=9)
    by_state.set_state(state)
    kept = [
        cr.from_bytes(net.to_bytes(optimizer=True)),
        pickle.loads(pickle.dumps(net)),
        copy.deepcopy(net),
        net.copy(),
        by_state,
    ]
    for each in kept:
        assert state_bytes(each) == state_bytes(net)
        assert [layer.description for layer in each.layers] == STACKS[name]
    net.fit(x, y, epochs=2, batch_size=16, verbose=0)
    for each in kept:
        each.fit(x, y, epochs=2, batch_size=16, verbose=0)
        assert state_bytes(each) == state_bytes(net)
    net.initialize()
    assert state_bytes(net) == state_bytes(network(name, loss="mse"))


def test_names_in_files() -> None:
    block = [cr.BatchNorm(), cr.Residual([cr.Dense(2, "prelu")])]
    net = cr.Network(2, [cr.Dense(2), cr.Residual(block), cr.Dense(1)], seed=0)
    state = net.get_state()
    assert [name for name in state if name.startswith("layers.1.")] == [
        *(f"layers.1.block.0.{n}" for n in ("weight", "bias")),
        *(f"layers.1.block.1.block.0.{n}" for n in ("weight", "bias", "slope")),
        *(f"layers.1.block.0.{n}" for n in ("running_mean", "running_var")),
    ]
    described = json.loads(state["chainrule"])["layers"]
    assert described == json.loads(json.dumps([layer.describe() for layer in net.layers]))
    assert described[1]["block"][1]["block"][0]["type"] == "dense"
    state["layers.1.block.1.block.0.slope"][...] = 0.5
    net.set_state(state)
    assert (net.layers[1].block[1].block[0].slope == 0.5).all()
    other = cr.Network(2, [cr.Dense(2), *block, cr.Dense(1)], seed=0)
    with pytest.raises(ValueError, match="state"):
        other.set_state(state)


def test_a_predictor_follows(rng: np.random.Generator) -> None:
    x, y = data(rng)
    net = network("activation_first", loss="mse")
    predictor = net.predictor()
    net.fit(x, y, verbose=0)
    predictor.update(net)
    assert same_bits(predictor.predict(x), net.predict(x))
    without = cr.Network(5, [cr.Dense(8), cr.Dense(18, "tanh"), cr.Dense(8), cr.Dense(3)])
    with pytest.raises(ValueError, match="network: expected one with the layers"):
        network("plain", "float32").predictor().update(without)


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
@pytest.mark.parametrize("rescaled", [False, True])
def test_divergence_names_the_dense_layer(layer: int, rescaled: bool, dtype: str) -> None:
    largest = float(np.finfo(dtype).max)
    behind = [cr.Rescale()] * rescaled
    block = cr.Residual([cr.Dense(1), *behind, cr.Dense(1), *behind])
    net = cr.Network(1, [cr.Dense(1), block, *behind, cr.Dense(1)], dtype=dtype, seed=0)
    weights = [np.ones((1, 1)) for _ in range(4)]
    weights[layer - 1][...] = largest
    net.set_weights(weights)
    before = state_bytes(net)
    with pytest.raises(cr.DivergenceError) as caught:
        net.train_step([[1e3]], [0.0], optimizer=cr.SGD(0.5))
    assert caught.value.layer == layer
    assert [w.item() for w in net.weights] == [w.item() for w in cr.from_bytes(before).weights]
