"""Do layers of noise do in training what the oracle says, and nothing else?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import same_bits

NOISES = [cr.Dropout(0.25), cr.AlphaDropout(0.25), cr.GaussianNoise(0.5)]


def noisy(
    noise: cr.layers.Noise, dtype: str = "float64", output: str = "identity", **options: Any
) -> cr.Network:
    """Noise in front of all, behind elementwise and row-wise activations, and two in a row."""
    layers = [
        noise,
        cr.Dense(9, "relu"),
        noise,
        cr.Dense(6, bias_initializer=cr.initializers.Normal(0.1, stddev=0.3)),
        cr.Activation("softmax"),
        noise,
        noise,
        cr.Activation("tanh"),
        cr.Dense(3, output),
    ]
    return cr.Network(5, layers, dtype=dtype, seed=3, **options)


def without(net: cr.Network) -> cr.Network:
    """The same network without its layers of noise."""
    layers = [
        layer.description
        for layer in net.layers
        if not isinstance(layer.description, cr.layers.Noise)
    ]
    quiet = cr.Network(net.n_features, layers, dtype=net.dtype, seed=0)
    quiet.set_weights(net.weights, net.biases)
    return quiet


@pytest.fixture(params=NOISES, ids=repr)
def noise(request: pytest.FixtureRequest) -> cr.layers.Noise:
    assert isinstance(request.param, cr.layers.Noise)
    return request.param


def test_predictions_have_no_noise(noise: cr.layers.Noise, rng: np.random.Generator) -> None:
    net, x = noisy(noise, loss="mse"), rng.standard_normal((20, 5))
    y = rng.standard_normal((20, 3))
    quiet = without(net)
    assert same_bits(net.predict(x), quiet.predict(x))
    assert same_bits(net.predictor().predict(x), quiet.predict(x))
    assert same_bits(net.forward(x), quiet.predict(x))
    assert net.evaluate(x, y) == quiet.evaluate(x, y)
    g = net.gradients(x, y, training=False)
    assert same_bits(g.flat, quiet.gradients(x, y).flat)


@pytest.mark.parametrize("output", ["identity", "softmax"])
def test_training_is_that_of_the_oracle(
    noise: cr.layers.Noise, output: str, dtype: str, rng: np.random.Generator
) -> None:
    net, loss = noisy(noise, dtype, output), "mse" if output == "identity" else "cross_entropy"
    x = cases.inputs(rng, 40, 5, dtype)
    y = cases.targets(rng, 40, 3, loss, dtype)
    for _ in range(3):  # each training forward has numbers of its own
        step = cases.twin(net, rows=40).step(x.astype(float), y.astype(float), loss)
        g = net.gradients(x, y, loss=loss)
        # Each of the two layers of noise in a row adds a product and a sum to every chain, and the
        # row-wise softmax a sum over its row, well below as many operations again.
        tolerance = 4 * cases.k_of(net, 40) * cases.unit(dtype)
        assert abs(g.loss - step.J) <= tolerance * max(1, abs(step.J))
        for found, expected, magnitude in zip(
            cases.gradients(g), step.gradients, step.magnitudes, strict=True
        ):
            cases.close(found, expected, tolerance * (magnitude + 1))
        cases.close(g.inputs, step.dX, tolerance * (1 + abs(step.dX).max()))


def test_every_way_of_training_makes_the_same_noise(
    noise: cr.layers.Noise, dtype: str, rng: np.random.Generator
) -> None:
    x, y = cases.inputs(rng, 32, 5, dtype), cases.inputs(rng, 32, 3, dtype)
    descent = cr.SGD(0.1)
    networks = [noisy(noise, dtype) for _ in range(4)]
    step, applied, fitted, by_hand = networks
    step.train_step(x, y, optimizer=descent)
    applied.apply(applied.gradients(x, y), optimizer=descent)
    fitted.fit(x, y, batch_size=32, shuffle=False, optimizer=descent)
    trace = noisy(noise, dtype).trace(x, y, learning_rate=0.1, training=True)
    assert cases.bits(step) == cases.bits(applied) == cases.bits(fitted)
    assert same_bits(trace.new_weights[1], step.weights[1])
    y_hat = by_hand.forward(x, training=True)
    assert same_bits(y_hat.T, trace.Y_hat)
    by_hand.apply(by_hand.backward((2 / y.size) * (y_hat - y)), optimizer=descent)
    for found, expected in zip(by_hand.weights, step.weights, strict=True):
        # The factor 2/(d m) is taken before or after a rounding of dZ; the rest follows from that.
        cases.close(found, expected, cases.k_of(step, len(x)) * cases.unit(dtype))


def test_a_trace_says_what_the_next_layer_receives(noise: cr.layers.Noise) -> None:
    net = cr.Network(4, [cr.Dense(6, "tanh"), noise, cr.Dense(2)], seed=0, dtype="float64")
    t = net.trace(np.ones((3, 4)), np.zeros((3, 2)), training=True)
    assert t.slope[1] is None
    assert np.allclose(t.Z[2], t.W[2] @ t.A[1] + t.b[2], rtol=1e-14, atol=0)
    assert not np.allclose(t.A[1], np.tanh(t.Z[1]))
    quiet = net.trace(np.ones((3, 4)), np.zeros((3, 2)))
    assert np.allclose(quiet.A[1], np.tanh(quiet.Z[1]), rtol=1e-14, atol=0)
    assert quiet.slope[1] is not None


def test_any_number_of_threads_makes_the_same_bits(
    noise: cr.layers.Noise, dtype: str, rng: np.random.Generator
) -> None:
    x, y = cases.inputs(rng, 300, 200, dtype), cases.inputs(rng, 300, 10, dtype)
    found = set()
    for n in (1, 2, 3, 7):
        layers = [noise, cr.Dense(300, "relu"), noise, cr.Dense(10)]
        net = cr.Network(200, layers, dtype=dtype, seed=1)
        net.n_threads = n
        net.fit(x, y, epochs=2, batch_size=256, optimizer=cr.Adam())
        found.add(cases.state(net))
    assert len(found) == 1


def test_a_saved_network_goes_on_with_the_next_numbers(
    noise: cr.layers.Noise, rng: np.random.Generator
) -> None:
    x, y = rng.standard_normal((50, 5)), rng.standard_normal((50, 3))
    net = noisy(noise)
    net.fit(x, y, epochs=2, batch_size=16)
    loaded = cr.from_bytes(net.to_bytes(optimizer=True))
    assert [layer.description for layer in loaded.layers] == [
        layer.description for layer in net.layers
    ]
    for each in (net, loaded):
        each.fit(x, y, epochs=2, batch_size=16)
    assert cases.state(net) == cases.state(loaded)
    assert not same_bits(net.forward(x, training=True), net.forward(x, training=True))


def test_no_noise_changes_nothing(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 50, 5, dtype), cases.inputs(rng, 50, 3, dtype)
    for nothing in (cr.Dropout(0), cr.AlphaDropout(0), cr.GaussianNoise(0)):
        net = noisy(nothing, dtype)
        quiet = without(net)
        g, expected = net.gradients(x, y), quiet.gradients(x, y)
        for found, wanted in zip(cases.gradients(g), cases.gradients(expected), strict=True):
            cases.close(found, wanted, 0)


def test_mlp_drops_units_of_hidden_layers() -> None:
    net = cr.mlp([4, 8, 6, 2], dropout=0.25, seed=0)
    kinds = [type(layer.description).__name__ for layer in net.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert net.layers[1].p == 0.25
    assert "Dropout p=0.25" in str(net)
    assert cases.bits(cr.mlp([4, 8, 2], dropout=0, seed=0)) == cases.bits(cr.mlp([4, 8, 2], seed=0))


def test_the_initialiser_is_that_of_the_next_activation() -> None:
    plain = cr.Network(4, [cr.Dense(8), cr.Activation("relu"), cr.Dense(2)], seed=0)
    noise_between = [cr.Dense(8), cr.Dropout(0.1), cr.Activation("relu"), cr.Dense(2)]
    assert same_bits(cr.Network(4, noise_between, seed=0).weights[0], plain.weights[0])


@pytest.mark.parametrize("cls", [cr.Dropout, cr.AlphaDropout, cr.GaussianNoise])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_values_outside_the_range_are_refused(cls: Any, value: float) -> None:
    with pytest.raises(ValueError, match=r"expected a number in \[0, "):
        cls(value)
    with pytest.raises(TypeError, match="expected a number"):
        cls("0.5")


def test_nothing_is_left_of_a_network_that_drops_everything() -> None:
    for cls in (cr.Dropout, cr.AlphaDropout):
        with pytest.raises(ValueError, match=r"p: expected a number in \[0, 1\), got 1"):
            cls(1)
    with pytest.raises(ValueError, match=r"dropout: expected a number in \[0, 1\), got 1"):
        cr.mlp([2, 3, 1], dropout=1)
    with pytest.raises(TypeError, match="dropout: expected a number"):
        cr.mlp([2, 3, 1], dropout=False)
