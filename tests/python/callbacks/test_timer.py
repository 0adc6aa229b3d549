"""Does the timer stop training when the time is over, at the end of an epoch?"""

from __future__ import annotations

import math
import types
from typing import Any

import pytest

import chainrule as cr
from chainrule.callbacks import _timer
from helpers import state_bytes
from small_fits import Does, X, Y, network


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A clock that stands still until somebody sets its `now`."""
    clock = types.SimpleNamespace(now=100.0)
    monkeypatch.setattr(_timer, "time", types.SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


def ticking(clock: types.SimpleNamespace, seconds: float) -> cr.Callback:
    """Lets an epoch last so long."""
    return Does("on_epoch_begin", lambda run: setattr(clock, "now", clock.now + seconds))


@pytest.mark.parametrize(
    ("seconds", "epochs"), [(0, 1), (1.5, 1), (1.6, 2), (4.5, 3), (4.6, 4), (99, 5), (None, 5)]
)
def test_the_epoch_in_which_time_runs_out_is_the_last(
    seconds: float | None, epochs: int, clock: types.SimpleNamespace
) -> None:
    timer, net, plain = cr.Timer(seconds), network(), network()
    reasons: list[str | None] = []
    end = Does("on_train_end", lambda run: reasons.append(run.stop_reason))
    for _ in range(2):  # and the next fit has all its time again
        history = net.fit(X, Y, epochs=5, callbacks=[ticking(clock, 1.5), timer, end])
        assert history.n_epochs == epochs
        assert timer.elapsed == 1.5 * epochs
        plain.fit(X, Y, epochs=epochs)
        assert state_bytes(net) == state_bytes(plain)
    stopped = seconds is not None and 1.5 * epochs >= seconds
    assert reasons == [f"{seconds:g} seconds have passed" if stopped else None] * 2


def test_the_clock_runs_while_training_does(clock: types.SimpleNamespace) -> None:
    timer, seen = cr.Timer(), []
    assert timer.elapsed == 0.0
    look = Does("on_epoch_end", lambda run: seen.append(timer.elapsed))
    network().fit(X, Y, epochs=3, callbacks=[timer, ticking(clock, 2.0), look])
    assert seen == [2.0, 4.0, 6.0]
    clock.now += 50
    assert timer.elapsed == 6.0


def test_the_time_of_a_fit_that_fails_is_known(clock: types.SimpleNamespace) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise KeyboardInterrupt

    timer = cr.Timer()
    callbacks = [timer, ticking(clock, 2.0), Does("on_epoch_end", fail, 2)]
    with pytest.raises(KeyboardInterrupt):
        network().fit(X, Y, epochs=3, callbacks=callbacks)
    clock.now += 50
    assert timer.elapsed == 4.0


def test_a_real_clock_counts_all_that_an_epoch_takes() -> None:
    timer = cr.Timer()
    history = network().fit(X, Y, epochs=3, callbacks=[timer])
    assert sum(history["seconds"]) <= timer.elapsed < math.inf


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1, ValueError), (math.nan, ValueError), ("1", TypeError)]
)
def test_a_time_that_is_none_is_refused(seconds: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="seconds: expected a number"):
        cr.Timer(seconds)
