"""Does the bar tell how far training is and when it will end, with tqdm and without?"""

from __future__ import annotations

import re
import sys
import types
from typing import Any

import pytest

import chainrule as cr
from chainrule.callbacks import _progress_bar
from small_fits import Does, X, Y, network

# A bar for a fit, by either way of asking for it.
WAYS: dict[str, dict[str, Any]] = {
    "callback": {"callbacks": [cr.ProgressBar()], "verbose": 0},
    "verbose": {"callbacks": [], "verbose": 1},
}


@pytest.fixture(params=WAYS)
def bar(request: pytest.FixtureRequest) -> dict[str, Any]:
    return WAYS[request.param]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A clock that stands still until somebody sets its `now`; and there is no tqdm."""
    clock = types.SimpleNamespace(now=100.0)
    fake = types.SimpleNamespace(perf_counter=lambda: clock.now)
    monkeypatch.setattr(_progress_bar, "time", fake)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    return clock


def lasting(clock: types.SimpleNamespace, seconds: float) -> cr.Callback:
    return Does("on_epoch_begin", lambda run: setattr(clock, "now", clock.now + seconds))


def fit(bar: dict[str, Any], *callbacks: cr.Callback, epochs: int = 3) -> cr.History:
    """Train with a bar behind these callbacks."""
    both = [*callbacks, *bar["callbacks"]]
    return network().fit(X, Y, epochs=epochs, callbacks=both, verbose=bar["verbose"])


def drawn(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.split("\r")[1:]


def test_a_line_is_written_over(
    bar: dict[str, Any], clock: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = fit(bar, lasting(clock, 40.0))["loss"]
    lines = drawn(capsys)
    assert [line.rstrip() for line in lines] == [
        f"[{'=' * 10}{' ' * 20}] epoch 1/3  ETA 1:20  loss {losses[0]:.4f}",
        f"[{'=' * 20}{' ' * 10}] epoch 2/3  ETA 0:40  loss {losses[1]:.4f}",
        f"[{'=' * 30}] epoch 3/3  2:00  loss {losses[2]:.4f}",
    ]
    assert [line.endswith("\n") for line in lines] == [False, False, True]


def test_no_rest_of_a_longer_line_is_seen(
    bar: dict[str, Any], clock: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(bar, lasting(clock, 4000.0), epochs=5)
    lines = [line.removesuffix("\n") for line in drawn(capsys)]
    assert "ETA 4:26:40" in lines[0]
    texts = [len(line.rstrip()) for line in lines]
    assert texts[4] < texts[3]
    assert all(len(line) >= text for text, line in zip(texts, lines[1:], strict=False))


def test_a_bar_is_drawn_ten_times_a_second_at_most(
    bar: dict[str, Any], clock: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(bar, lasting(clock, 0.03125), epochs=23)
    epochs = [int(re.findall(r"epoch (\d+)/23 ", line)[0]) for line in drawn(capsys)]
    assert epochs == [1, 5, 9, 13, 17, 21, 23]


@pytest.mark.parametrize("seconds", [0.01, 10.0])
def test_the_epoch_in_which_training_stops_is_shown(
    seconds: float,
    bar: dict[str, Any],
    clock: types.SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stop = Does("on_epoch_end", lambda run: run.stop("enough"), 3)
    fit(bar, lasting(clock, seconds), stop, epochs=9)
    lines = drawn(capsys)
    assert "epoch 3/9 " in lines[-1]
    assert lines[-1].endswith("\n")
    assert sum("epoch 3/9 " in line for line in lines) == 1


def test_nothing_is_drawn_where_no_epoch_ends(
    bar: dict[str, Any], clock: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(bar, Does("on_train_begin", lambda run: run.stop("at once")))
    assert capsys.readouterr().out == ""


def test_a_bar_ends_when_a_fit_fails(
    bar: dict[str, Any], clock: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise KeyError("mine")

    for _ in range(2):  # and begins anew
        with pytest.raises(KeyError, match="mine"):
            fit(bar, Does("on_epoch_begin", fail, 3))
        lines = drawn(capsys)
        assert "epoch 1/3 " in lines[0]
        assert "epoch 2/3 " in lines[-1]
        assert lines[-1].endswith("\n")


@pytest.mark.parametrize("fails", [False, True])
def test_a_bar_of_tqdm(fails: bool, bar: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    class Bar:
        def __init__(self, total: int, unit: str) -> None:
            told.append((total, unit))

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            told.append(text.split(maxsplit=1)[0])

        def update(self) -> None:
            told.append("update")

        def close(self) -> None:
            told.append("close")

    def fail(run: cr.callbacks.Run) -> None:
        if fails:
            raise KeyError("mine")

    tqdm, auto = types.ModuleType("tqdm"), types.ModuleType("tqdm.auto")
    tqdm.auto, auto.tqdm = auto, Bar
    monkeypatch.setitem(sys.modules, "tqdm", tqdm)
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    try:
        fit(bar, Does("on_epoch_begin", fail, 3))
    except KeyError:
        assert fails
    assert told == [(3, "epoch"), *(["loss", "update"] * (2 if fails else 3)), "close"]
