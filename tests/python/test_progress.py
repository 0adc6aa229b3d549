"""What does a person see while a network learns?"""

from __future__ import annotations

import io
import re
import sys
import types
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.random.default_rng(0).standard_normal((20, 3))
Y = np.arange(20) % 2


def fit(verbose: Any, **arguments: Any) -> cr.History:
    net = cr.mlp([3, 4, 1], output="sigmoid", seed=0)
    return net.fit(X, Y, epochs=3, verbose=verbose, **arguments)


class Terminal:
    """Output that says it is a terminal, or not."""

    def __init__(self, *, terminal: bool) -> None:
        self.terminal = terminal
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is kept back."""

    def isatty(self) -> bool:
        return self.terminal


LINE = re.compile(
    r"epoch [123]/3  loss 0\.\d{4}  accuracy [01]\.\d{4}  val_loss \d\.\d{4}  "
    r"val_accuracy [01]\.\d{4}  \d+\.\d\d s"
)


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    history = fit(2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert f"loss {history['loss'][2]:.4f}" in lines[2]


def test_a_line_says_why_training_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    class Stop(cr.Callback):
        def on_epoch_end(self, run: cr.callbacks.Run) -> None:
            run.stop("seen enough")

    fit(2, callbacks=[Stop()])
    assert capsys.readouterr().out.splitlines()[1:] == ["stopped: seen enough"]


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    fit(0)
    fit("auto")  # captured output is no terminal
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_auto_speaks_to_terminals(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Terminal(terminal=terminal)
    monkeypatch.setattr(sys, "stdout", output)
    fit("auto")
    assert output.text.count("\n") == (3 if terminal else 0)


@pytest.mark.parametrize("kind", ["none", "no stream", "closed"])
def test_auto_is_silent_without_an_output(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(
        sys, "stdout", {"none": None, "no stream": object(), "closed": closed}[kind]
    )
    assert fit("auto").n_epochs == 3


def test_auto_speaks_in_a_notebook(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    fit("auto")
    assert capsys.readouterr().out.count("\n") == 3


def test_a_bar_is_that_of_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(cr.ProgressBar, "on_epoch_end", lambda self, run: told.append(run.epoch))
    fit(1)
    assert told == [1, 2, 3]


def test_a_bar_ends_whatever_happens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fail(cr.Callback):
        def on_train_begin(self, run: cr.callbacks.Run) -> None:
            raise KeyError("mine")

    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    for verbose in (1, 2):
        with pytest.raises(KeyError, match="mine"):
            fit(verbose, callbacks=[Fail()])
    assert "[" not in capsys.readouterr().out
