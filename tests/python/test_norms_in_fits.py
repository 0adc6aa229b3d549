"""Do norms go together with what else a fit does? Own losses, averages, accumulated batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from helpers import mse, same_bits, state_bytes

D, N, M = 40, 3, 2
RNG = np.random.default_rng(5)
X = RNG.standard_normal((D, N))
Y = RNG.standard_normal((D, M))


def network(norm: str, **settings: Any) -> cr.Network:
    return cr.mlp([N, 6, 5, M], norm=norm, dtype="float64", seed=2, **settings)


def statistics(net: cr.Network) -> dict[str, Any]:
    return {name: value for name, value in net.get_state().items() if "running" in name}


NORMS = ("batch", "layer")


@pytest.mark.parametrize("settings", [{}, {"clip_norm": 0.5}])
@pytest.mark.parametrize("norm", NORMS)
def test_an_own_loss_learns_what_the_same_loss_of_the_library_does(
    norm: str, settings: dict[str, Any]
) -> None:
    own, built_in = network(norm, loss=mse), network(norm, loss="mse")
    for net in (own, built_in):
        net.fit(X, Y, epochs=3, batch_size=13, **settings)
        net.train_step(X, Y, **settings)
        net.gradients(X, Y)
    for a, b in zip(own.weights, built_in.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    for name, value in statistics(own).items():
        np.testing.assert_allclose(value, statistics(built_in)[name], rtol=1e-9)


# The derivatives of a small batch could fit into the place of the statistics.
@pytest.mark.parametrize("rows", [2, 3, 8, 64])
@pytest.mark.parametrize("outputs", [1, 9])
def test_what_a_function_returns_stands_beside_the_statistics(rows: int, outputs: int) -> None:
    x, y = RNG.standard_normal((rows, 2)), RNG.standard_normal((rows, outputs))
    for layers in (
        [cr.BatchNorm(1.0), cr.Dense(outputs, "tanh")],
        [cr.Dense(7), cr.BatchNorm(1.0), cr.Dense(outputs), cr.BatchNorm(1.0)],
    ):
        own, built_in = (cr.Network(2, layers, dtype="float64", seed=1) for _ in range(2))
        own.train_step(x, y, loss=mse)
        built_in.train_step(x, y, loss="mse")
        for name, value in statistics(own).items():
            assert same_bits(value, statistics(built_in)[name]), name


def test_a_function_that_fails_has_moved_no_statistics() -> None:
    def fails(y_pred: Any, y_true: Any) -> Any:
        raise OSError("no")

    net = network("batch")
    net.train_step(X, Y)
    before = state_bytes(net)
    for call in (net.train_step, net.gradients, net.trace):
        with pytest.raises(OSError, match="no"):
            call(X, Y, loss=fails)
        assert state_bytes(net) == before


def test_accumulated_batches_are_one_of_all_their_rows_for_norms_of_rows() -> None:
    one, several = network("layer"), network("layer")
    one.fit(X, Y, epochs=3, batch_size=15)
    several.fit(X, Y, epochs=3, batch_size=5, accumulate=3)
    for a, b in zip(one.get_state().values(), several.get_state().values(), strict=True):
        if isinstance(a, np.ndarray) and a.dtype == np.float64:
            np.testing.assert_allclose(a, b, rtol=1e-9)


def test_accumulated_batches_have_statistics_of_their_own() -> None:
    net, twin = network("batch"), network("batch")
    net.fit(X, Y, epochs=1, batch_size=10, accumulate=4, shuffle=False, optimizer=cr.SGD(0.0))
    for start in range(0, D, 10):
        twin.gradients(X[start : start + 10], Y[start : start + 10])
    for name, value in statistics(net).items():
        assert same_bits(value, statistics(twin)[name]), name


@pytest.mark.parametrize("accumulate", [1, 2, 5])
def test_a_last_row_alone_joins_its_group(accumulate: int) -> None:
    net = network("batch")
    history = net.fit(X[:31], Y[:31], epochs=2, batch_size=10, accumulate=accumulate)
    assert history.n_epochs == 2
    assert np.isfinite(history["loss"]).all()
    assert net._updates == 2 * -(-3 // accumulate)  # 10, 10 and 11 rows


@pytest.mark.parametrize("absent", [0, 1, 2, 3])
@pytest.mark.parametrize("settings", [{}, {"clip_norm": 1e9}, {"accumulate": 2}])
def test_a_batch_of_weight_0_moves_no_statistics(absent: int, settings: dict[str, Any]) -> None:
    batches = [slice(start, start + 10) for start in range(0, D, 10)]
    weights = np.ones(D)
    weights[batches[absent]] = 0
    net, twin = network("batch"), network("batch")
    given: dict[str, Any] = {"batch_size": 10, "shuffle": False, "optimizer": cr.SGD(0.0)}
    net.fit(X, Y, sample_weight=weights, **given, **settings)
    for i, rows in enumerate(batches):
        if i != absent:
            twin.gradients(X[rows], Y[rows])
    for name, value in statistics(net).items():
        assert same_bits(value, statistics(twin)[name]), name


def test_a_loss_that_is_not_finite_moves_no_statistics() -> None:
    net = network("batch")
    net.train_step(X, Y)
    before = statistics(net)
    assert net.gradients(X, Y * 1e200).loss == np.inf
    with pytest.raises(cr.DivergenceError):
        net.train_step(X, Y * 1e200)
    for name, value in statistics(net).items():
        assert same_bits(value, before[name]), name


def test_averages_come_with_the_statistics_as_they_are() -> None:
    net, plain = network("batch"), network("batch")
    net.fit(X, Y, epochs=3, batch_size=10, ema=0.9)
    plain.fit(X, Y, epochs=3, batch_size=10)
    assert not same_bits(net.weights[0], plain.weights[0])
    for name, value in statistics(net).items():
        assert same_bits(value, statistics(plain)[name]), name
