"""Does a sweep over learning rates see what training would, and leave the network as it was?"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from chainrule._rate_finding import _Sweep
from helpers import same_bits, state_bytes

X = np.random.default_rng(3).standard_normal((40, 3))
Y = X @ [1.0, -2.0, 0.5]


def network(dtype: str = "float64", **given: Any) -> cr.Network:
    return cr.mlp([3, 6, 1], "tanh", dtype=dtype, seed=2, **given)


@pytest.mark.parametrize("optimizer", [None, *cases.ELEMENTWISE])
def test_losses_are_those_of_training_with_rising_rates(optimizer: str | None, dtype: str) -> None:
    net = network(dtype, dropout=0.2)
    net.fit(X, Y)  # so that there are counters and a state of Adam to go on from
    curve = net.find_learning_rate(
        X, Y, minimum=1e-4, maximum=1e-1, steps=11, batch_size=16, optimizer=optimizer
    )
    assert np.allclose(curve.learning_rates, np.geomspace(1e-4, 1e-1, 11), rtol=1e-12, atol=0)
    losses: list[float] = []

    class Rising(cr.Callback):
        def on_batch_begin(self, run: Any) -> None:
            if run.step <= 11:
                run.learning_rate = curve.learning_rates[run.step - 1]

        def on_batch_end(self, run: Any) -> None:
            losses.append(run.logs["loss"])

    net.fit(X, Y, epochs=4, batch_size=16, optimizer=optimizer, callbacks=[Rising()])
    assert curve.losses.tolist() == losses[:11]


def test_a_line_search_has_no_rate_to_look_for() -> None:
    net = network()
    with pytest.raises(ValueError, match="optimizer: LBFGS finds the size of each step"):
        net.find_learning_rate(X, Y, optimizer="lbfgs")
    net.fit(X, Y, optimizer="lbfgs")
    with pytest.raises(ValueError, match="optimizer: LBFGS finds the size of each step"):
        net.find_learning_rate(X, Y)
    assert net.find_learning_rate(X, Y, optimizer="sgd").suggestion is not None


def test_the_network_stays_as_it_was() -> None:
    net = network()
    net.fit(X, Y, epochs=2)
    before, history = state_bytes(net), dict(net.history)
    curves = [net.find_learning_rate(X, Y, optimizer="sgd", loss="mae") for _ in range(2)]
    assert state_bytes(net) == before
    assert dict(net.history) == history
    assert net.loss.name == "mse"
    assert same_bits(curves[0].losses, curves[1].losses)
    assert curves[0].suggestion == curves[1].suggestion


def test_a_sweep_ends_where_the_loss_explodes() -> None:
    curve = network(loss="mse").find_learning_rate(X, Y, maximum=1e3, optimizer="sgd")
    assert len(curve.losses) == len(curve.learning_rates) < 100
    assert np.isfinite(curve.losses).all()
    means = [curve.losses[0]]
    for loss in curve.losses[1:]:
        means.append(0.9 * means[-1] + 0.1 * loss)
    rises = np.array(means) - np.minimum.accumulate(means)
    assert np.flatnonzero(rises > 3 * curve.losses[0]).tolist() == [len(means) - 1]
    # Of a linear network, whose loss overflows before its running mean has risen enough.
    linear = cr.mlp([3, 1], dtype="float32", seed=2)
    curve = linear.find_learning_rate(X, Y, minimum=1e-7, maximum=1e30, steps=11, optimizer="sgd")
    assert 0 < len(curve.losses) < 11
    assert curve.suggestion is None  # too few to judge by


def test_the_suggestion_is_where_the_loss_falls_steepest() -> None:
    net = network()
    curve = net.find_learning_rate(X, Y, optimizer="sgd")
    k = np.arange(-5, 6)
    slopes = [
        np.polyfit(k, curve.losses[i - 5 : i + 6], 1)[0] for i in range(5, len(curve.losses) - 5)
    ]
    assert curve.suggestion == curve.learning_rates[5 + int(np.argmin(slopes))]
    # It is a rate to train with: better than a hundredth of it.
    best = {
        factor: net.copy().fit(X, Y, epochs=20, optimizer=cr.SGD(factor * curve.suggestion))["loss"]
        for factor in (0.01, 1.0)
    }
    assert best[1.0][-1] < best[0.01][-1]
    assert best[1.0][-1] < best[1.0][0]


def test_what_falls_after_an_explosion_is_no_suggestion() -> None:
    sweep = _Sweep(np.geomspace(1e-4, 1, 60))
    losses = [*np.linspace(3, 1, 30), *np.linspace(1, 11, 15), *np.linspace(10, 0, 15)]
    run: Any = SimpleNamespace(step=0, stop=lambda reason: None)
    for loss in losses:
        run.step += 1
        run.logs = {"loss": float(loss)}
        sweep.on_batch_end(run)
    curve = sweep.curve()
    assert curve.losses.tolist() == losses
    assert curve.suggestion is not None
    assert curve.suggestion <= curve.learning_rates[30]


def test_there_is_no_suggestion_where_nothing_falls() -> None:
    net = cr.mlp([3, 1], initializer="zeros", dtype="float64")
    curve = net.find_learning_rate(X, np.zeros(40))
    assert not curve.losses.any()
    assert curve.suggestion is None


def test_a_curve_cannot_be_changed() -> None:
    curve = network().find_learning_rate(X, Y, steps=11)
    for array in (curve.learning_rates, curve.losses):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert repr(curve) == f"LearningRateCurve(suggestion={curve.suggestion!r})"


def test_weights_count_as_in_training() -> None:
    net, classes = cr.mlp([3, 4, 2], output="softmax", seed=0), (X[:, 0] > 0).astype(int)
    weights = 1.0 + classes
    by_row = net.find_learning_rate(X, classes, sample_weight=weights, steps=20)
    by_class = net.find_learning_rate(X, classes, class_weight={1: 2.0}, steps=20)
    assert by_row.losses.tolist() == by_class.losses.tolist()
    assert by_row.losses.tolist() != net.find_learning_rate(X, classes, steps=20).losses.tolist()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"minimum": 0.0}, ValueError, r"minimum: expected a number in \(0, maximum = 10.0\)"),
        ({"minimum": 10}, ValueError, r"minimum: expected a number in \(0, maximum"),
        ({"maximum": math.inf}, ValueError, r"maximum: expected a number in \[0, inf\), got inf"),
        ({"maximum": "1"}, TypeError, r"maximum: expected a number"),
        ({"minimum": None}, TypeError, r"minimum: expected a number"),
        ({"steps": 10}, ValueError, "steps: expected at least 11, got 10"),
        ({"steps": 20.0}, TypeError, "steps: expected a whole number"),
        ({"optimizer": "adma"}, ValueError, "did you mean adam"),
        ({"clip_norm": 0}, ValueError, r"clip_norm: expected a number in \(0, inf\)"),
        ({"l1": -1}, ValueError, r"l1: expected a number in \[0, inf\), got -1"),
        ({"l2": True}, TypeError, r"l2: expected a number in \[0, inf\), got True"),
    ],
)
def test_what_a_sweep_refuses(given: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        network().find_learning_rate(X, Y, **given)


def test_a_network_that_has_diverged_has_no_curve() -> None:
    net = cr.mlp([3, 1], initializer=cr.initializers.Constant(1e200), dtype="float64")
    with pytest.raises(cr.DivergenceError):
        net.find_learning_rate(X, Y)


@pytest.mark.parametrize(
    "given",
    [
        {"batch_size": 8},
        {"optimizer": "adagrad"},
        {"loss": "mae"},
        {"sample_weight": np.arange(1.0, 41)},
        {"clip_norm": 1e-3},
        {"clip_value": 1e-3},
        {"l1": 0.1},
        {"l2": 1.0},
    ],
    ids=repr,
)
def test_a_sweep_is_a_fit_with_the_same_arguments(given: dict[str, Any]) -> None:
    net, losses = network(), []

    class Record(cr.Callback):
        def on_batch_begin(self, run: Any) -> None:
            run.learning_rate = curve.learning_rates[min(run.step, 20) - 1]

        def on_batch_end(self, run: Any) -> None:
            losses.append(run.logs["loss"])

    curve = net.find_learning_rate(X, Y, steps=20, minimum=1e-3, maximum=1e-2, **given)
    usual = net.find_learning_rate(X, Y, steps=20, minimum=1e-3, maximum=1e-2)
    net.fit(X, Y, epochs=20, callbacks=[Record()], **given)
    assert curve.losses.tolist() == losses[:20] != usual.losses.tolist()


def test_targets_that_are_nan_can_be_ignored() -> None:
    targets = Y.copy()
    targets[::3] = np.nan
    net = network()
    with pytest.raises(ValueError, match="y: expected finite numbers, got nan"):
        net.find_learning_rate(X, targets)
    curve = net.find_learning_rate(X, targets, ignore_nan_targets=True)
    assert np.isfinite(curve.losses).all()
