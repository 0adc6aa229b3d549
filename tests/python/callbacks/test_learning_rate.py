"""Is the learning rate made smaller when it should be, and is every one written down?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small_fits import D, Does, Script, X, Y, network


def rates(values: list[float], **arguments: Any) -> list[float]:
    """The rate of each epoch, from 1.0, when these are the losses."""
    callbacks = [Script(values), cr.ReduceLROnPlateau("loss", **{"factor": 0.5} | arguments)]
    options = {"epochs": len(values), "optimizer": cr.SGD(1.0), "callbacks": callbacks}
    tiny = X * 1e-3  # so that no rate of these tests lets the training diverge
    return network().fit(tiny, Y * 1e-3, **options)["learning_rate"]


@pytest.mark.parametrize(
    ("values", "arguments", "expected"),
    [
        ([5, 4, 3, 2], {"patience": 1}, [1, 1, 1, 1]),
        ([5, 5, 5, 5], {"patience": 1}, [1, 1, 0.5, 0.25]),
        ([5, 6, 6, 6, 6, 6], {"patience": 2}, [1, 1, 1, 0.5, 0.5, 0.25]),
        ([5, 6, 4, 6, 6, 6], {"patience": 2}, [1, 1, 1, 1, 1, 0.5]),  # the better one counts anew
        ([5, 6, 5, 5, 5], {"patience": 2}, [1, 1, 1, 0.5, 0.5]),  # as good is not better
        ([5] * 6, {"patience": 1, "cooldown": 1}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ([5] * 7, {"patience": 2, "cooldown": 1}, [1, 1, 1, 0.5, 0.5, 0.5, 0.25]),
        ([5, 5, 5, 4, 5, 5], {"patience": 1, "cooldown": 3}, [1, 1, 0.5, 0.5, 0.5, 0.5]),
        ([5] * 5, {"patience": 1, "min_learning_rate": 0.3}, [1, 1, 0.5, 0.3, 0.3]),
        ([5] * 4, {"patience": 1, "min_learning_rate": 2.0}, [1, 1, 1, 1]),  # never larger
        ([5] * 4, {"patience": 1, "factor": 0.0}, [1, 1, 0, 0]),
        ([5, 4.99995, 4.9999, 4.9998], {"patience": 1}, [1, 1, 0.5, 0.25]),  # min_delta is 1e-4
        ([5, 4.99995, 4.9999], {"patience": 1, "min_delta": 0.0}, [1, 1, 1]),
        ([5, 6, 7, 7], {"patience": 1, "mode": "max"}, [1, 1, 1, 1]),
        ([math.nan, math.nan, 5, math.inf, 4], {"patience": 1}, [1, 0.5, 0.25, 0.25, 0.125]),
    ],
)
def test_reduce_on_plateau(
    values: list[float], arguments: dict[str, Any], expected: list[float]
) -> None:
    assert rates(values, **arguments) == expected


def test_the_reduced_rate_is_that_of_the_updates() -> None:
    plateau = cr.ReduceLROnPlateau("loss", factor=0.25, patience=1)
    net, steps = network(), network()
    callbacks = [Script([5.0, 5.0, 5.0]), plateau]
    net.fit(X, Y, epochs=3, batch_size=D, optimizer=cr.SGD(0.5), callbacks=callbacks)
    assert net.optimizer == cr.SGD(0.5)
    for rate in (0.5, 0.5, 0.125):
        steps.fit(X, Y, batch_size=D, optimizer=cr.SGD(rate))
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in steps.weights]


def test_a_plateau_is_forgotten_in_the_next_fit() -> None:
    plateau, net = cr.ReduceLROnPlateau("loss", factor=0.5, patience=2), network()
    for values, expected in (([1, 2, 2], [0.5] * 3), ([9, 9, 9, 9], [0.5, 0.5, 0.5, 0.25])):
        options = {"epochs": len(values), "optimizer": cr.SGD(0.5)}
        history = net.fit(X, Y, **options, callbacks=[Script(values), plateau])
        assert history["learning_rate"] == expected


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"factor": 1.0}, ValueError),
        ({"factor": -0.1}, ValueError),
        ({"factor": math.nan}, ValueError),
        ({"factor": "0.1"}, TypeError),
        ({"patience": 0}, ValueError),
        ({"patience": 1.5}, TypeError),
        ({"min_delta": -1.0}, ValueError),
        ({"cooldown": -1}, ValueError),
        ({"cooldown": True}, TypeError),
        ({"min_learning_rate": -1e-9}, ValueError),
        ({"min_learning_rate": None}, TypeError),
    ],
)
def test_what_is_out_of_range_is_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{next(iter(arguments))}: expected "):
        cr.ReduceLROnPlateau(**arguments)


def test_every_rate_is_written_down() -> None:
    logger, net = cr.LearningRateLogger(), network()
    halve = Does("on_batch_begin", lambda run: setattr(run, "learning_rate", 1 / 2**run.step))
    for epochs in (3, 2):
        options = {"epochs": epochs, "batch_size": 7, "optimizer": cr.SGD(0.0)}
        history = net.fit(X, Y, **options, callbacks=[halve, logger])
        assert logger.steps == list(range(1, 3 * epochs + 1))
        assert logger.learning_rates == [1 / 2**step for step in logger.steps]
        assert history["learning_rate"] == [0.0, *logger.learning_rates[2:-1:3]]


def test_the_rates_written_down_are_those_of_the_updates() -> None:
    logger, nets = cr.LearningRateLogger(), [network(), network()]
    change = Does("on_epoch_end", lambda run: setattr(run, "learning_rate", 0.3 / run.epoch))
    options = {"shuffle": False, "batch_size": 10}
    nets[0].fit(X, Y, epochs=3, optimizer=cr.SGD(0.1), **options, callbacks=[change, logger])
    for step, rate in zip(logger.steps, logger.learning_rates, strict=True):
        rows = slice(10 * ((step - 1) % 2), 10 * ((step - 1) % 2) + 10)
        nets[1].train_step(X[rows], Y[rows], optimizer=cr.SGD(0.1), learning_rate=rate)
    assert len(set(logger.learning_rates)) == 3
    assert all(map(np.array_equal, nets[0].weights, nets[1].weights))


def test_the_rates_written_down_are_those_of_the_schedule() -> None:
    logger, net = cr.LearningRateLogger(), network()
    options = {"epochs": 3, "batch_size": 10, "optimizer": cr.SGD(0.1), "schedule": "polynomial"}
    history = net.fit(X, Y, **options, callbacks=[logger])
    n = len(logger.steps)
    assert logger.learning_rates == [0.1 * cr.schedules.Polynomial()(t, n) for t in range(n)]
    assert history["learning_rate"] == logger.learning_rates[:: n // 3]
    net.fit(X, Y, **options | {"schedule": None}, callbacks=[logger])
    assert logger.learning_rates == [0.1] * n
