"""Are weights that wait for data scaled by the first rows, on every way to them?"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

import chainrule as cr
from helpers import state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(5)
X = RNG.normal(2.0, 3.0, (50, 6))
Y = RNG.integers(0, 3, 50)


def network(dtype: str = "float64") -> cr.Network:
    layers = [
        cr.Dense(20, "relu", initializer="lsuv"),
        cr.Dropout(0.25),
        cr.Residual([cr.BatchNorm(), cr.Dense(20, initializer="lsuv")]),
        cr.Dense(3, "softmax", initializer="lsuv", bias_initializer=[1.0, 2.0, 3.0]),
    ]
    return cr.Network(6, layers, dtype=dtype, seed=4)


def test_weights_are_orthogonal_until_then(dtype: str) -> None:
    layers = [cr.Dense(20, initializer="orthogonal"), cr.Dense(3, initializer="orthogonal")]
    plain = cr.Network(6, layers, dtype=dtype, seed=4)
    net = cr.mlp([6, 20, 3], initializer="lsuv", dtype=dtype, seed=4)
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in plain.weights]


def test_scaled_layers_have_unit_variance(dtype: str) -> None:
    net = network(dtype)
    net.initialize(X)
    trace = net.trace(X, Y, training=True)
    variances = [(trace.Z[layer] - trace.b[layer]).var() for layer in (1, 2, 3)]
    np.testing.assert_allclose(variances, 1, rtol={"float32": 1e-5, "float64": 1e-13}[dtype])


def test_the_defining_equation() -> None:
    """Two plain layers, by NumPy."""
    net = cr.mlp([6, 20, 3], "relu", initializer="lsuv", dtype="float64", seed=4)
    first, second = net.weights
    z = X @ first.T
    first = first / z.std()
    second = second / (np.maximum(X @ first.T, 0) @ second.T).std()
    net.initialize(X)
    for got, expected in zip(net.weights, (first, second), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13)


WAYS: dict[str, Callable[[cr.Network], object]] = {
    "fit": lambda net: net.fit(X, Y, epochs=2, batch_size=50, shuffle=False, verbose=0),
    "fit, averaged": lambda net: net.fit(X, Y, batch_size=50, ema=0.5, shuffle=False, verbose=0),
    "fit by lbfgs": lambda net: net.fit(X, Y, epochs=3, optimizer="lbfgs", verbose=0),
    "train_step": lambda net: net.train_step(X, Y),
    "train_step, clipped": lambda net: net.train_step(X, Y, clip_norm=0.1),
    "train_step, own loss": lambda net: net.train_step(
        X, Y, loss=lambda p, y: ((p**2).sum(axis=1), 2 * p)
    ),
    "gradients": lambda net: net.apply(net.gradients(X, Y)),
    "backward": lambda net: net.apply(net.backward(net.forward(X, training=True))),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_first_rows_scale(way: str, dtype: str) -> None:
    """They do what ``initialize`` does of the same rows, to the bit, in files and copies, too."""
    ready = network(dtype)
    ready.initialize(X)
    waiting = network(dtype)
    nets = [waiting.copy(), cr.from_bytes(waiting.to_bytes()), pickle.loads(pickle.dumps(waiting))]
    for net in (ready, waiting, *nets):
        WAYS[way](net)
        assert state_bytes(net) == state_bytes(ready)


def test_the_first_of_accumulated_batches_scales(dtype: str) -> None:
    ready, waiting = network(dtype), network(dtype)
    ready.initialize(X[:20])
    for net in (ready, waiting):
        net.fit(X, Y, batch_size=20, accumulate=2, shuffle=False, verbose=0)
    assert state_bytes(waiting) == state_bytes(ready)


def test_what_does_not_learn_scales_nothing() -> None:
    net = network()
    before = state_bytes(net)
    net.predict(X)
    net.evaluate(X, Y)
    net.trace(X, Y, training=True)
    net.gradients(X, Y, training=False)
    net.forward(X)
    net.find_learning_rate(X, Y, steps=20)
    net.predictor().predict(X)
    assert state_bytes(net) == before


def test_rows_scale_once() -> None:
    net = network()
    net.forward(X, training=True)
    before = net.weights
    net.forward(X[:10] * 100, training=True)
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in before]
    net.initialize(X[:10])
    assert net.weights[0].tobytes() != before[0].tobytes()


def test_weights_that_were_set_stay() -> None:
    net = network()
    own = [2 * w for w in net.weights]
    net.set_weights(own)
    net.forward(X, training=True)
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in own]


def test_the_number_of_threads_makes_no_difference() -> None:
    found = set()
    for n in (1, 2, 3):
        net = cr.mlp([6, 300, 300, 3], "relu", initializer="lsuv", seed=4)
        net.n_threads = n
        net.initialize(np.repeat(X, 10, axis=0))
        found.add(state_bytes(net))
    assert len(found) == 1


def test_a_refused_step_scales_nothing() -> None:
    net = cr.mlp([6, 3], initializer="lsuv", seed=4)
    before = [w.tobytes() for w in net.weights]
    for call in (net.train_step, net.gradients):
        with pytest.raises(ValueError, match="loss: poisson needs predictions"):
            call(X, np.ones((50, 3)), loss="poisson")
    with pytest.raises(cr.DivergenceError):
        net.train_step(X, np.full((50, 3), 1e30))
    assert [w.tobytes() for w in net.weights] == before


def test_a_loss_of_the_callers_predicts_with_what_was_scaled() -> None:
    net = cr.mlp([6, 20, 3], "relu", initializer="lsuv", dtype="float64", seed=4)

    def loss(p: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert p.tobytes() == net.predict(X).tobytes()
        return (p**2).sum(axis=1), 2 * p

    net.gradients(X, Y, loss=loss)


def test_gradients_that_saw_no_scaled_weights_are_not_applied() -> None:
    net = network()
    before = state_bytes(net)
    with pytest.raises(RuntimeError, match=r"apply: .* call initialize\(x\) first"):
        net.apply(net.gradients(X, Y, training=False))
    assert state_bytes(net) == before
    net.initialize(X)
    net.apply(net.gradients(X, Y, training=False))


def test_a_fit_that_diverges_goes_back_to_what_was_drawn() -> None:
    net = cr.mlp([6, 20, 1], "relu", initializer="lsuv", seed=4)
    before = [w.tobytes() for w in net.weights]
    with pytest.raises(cr.DivergenceError):
        net.fit(X, np.full((50, 1), 1e30), optimizer=cr.SGD(1e30), epochs=5, verbose=0)
    assert [w.tobytes() for w in net.weights] == before


def test_wrong_rows() -> None:
    net = network()
    before = state_bytes(net)
    for x, message in (
        (np.zeros((5, 6)), "x: what layer 1 of the Dense layers makes of these 5 rows does not"),
        (X[:1], "x: expected at least 2 rows"),
        (X[:0], "x: expected at least one example"),
        (X[:, :3], "x: expected 6 features, got 3"),
        ([[np.inf] * 6], "x: expected finite numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            net.initialize(x)
    with pytest.raises(ValueError, match="x: expected none, since no layer has an initializer"):
        cr.mlp([6, 3], seed=0).initialize(X)
    assert state_bytes(net) == before
    assert cr.mlp([6, 1], initializer="lsuv", seed=0).train_step(X[:1] * 0, [[1.0]]) == 1
