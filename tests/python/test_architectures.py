"""Are the gradients of a hundred networks, drawn at random, those of differences?"""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import Any

import pytest

import chainrule as cr
from architectures import Result, check
from architectures import __main__ as command
from architectures.difference import STEP, Difference, difference

N = 100  # `python -m tests.long architectures` goes on
N_OF_EACH = 3


@functools.cache
def checked(number: int) -> Result:
    return check(number)


@pytest.mark.parametrize("index", range(N))
def test_gradients_are_those_of_differences(index: int, seed: int) -> None:
    complaint = checked(N * seed + index).complaint
    if complaint is not None:
        pytest.fail(complaint, pytrace=False)


def test_every_layer_activation_and_loss_is_there_three_times(seed: int) -> None:
    layers = [layer.__name__ for layer in cr.layers.Layer.__args__]
    count = Counter(dict.fromkeys([*layers, *cr.activations.names(), *cr.losses.names()], 0))
    known = set(count)
    for number in range(N * seed, N * (seed + 1)):
        count.update(checked(number).architecture.members())
    assert {name: n for name, n in count.items() if n < N_OF_EACH} == {}
    assert set(count) == known


def test_a_number_is_an_architecture() -> None:
    twins = [str(check(17).architecture) for _ in range(2)]
    assert twins[0] == twins[1] != str(check(18).architecture)


# ---- Can it fail? --------------------------------------------------------------------------------


def wrong(monkeypatch: pytest.MonkeyPatch, name: str, change: Any) -> None:
    """Let a property of Gradients have another value."""
    found = getattr(cr.Gradients, name).fget
    monkeypatch.setattr(cr.Gradients, name, property(lambda g: change(found(g))))


def one_wrong(parameters: dict[str, Any]) -> dict[str, Any]:
    name, array = max(parameters.items(), key=lambda item: abs(item[1]).max())
    return parameters | {name: array * 1.0001}


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("parameters", one_wrong, "J by "),
        ("inputs", lambda dX: dX * 1.0001, "J by "),
        ("loss", lambda J: J * (1 + 1e-9), "a fit has a loss of "),
    ],
)
def test_a_wrong_derivative_is_one_line_that_repeats_it(
    name: str,
    change: Any,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = next(n for n in range(N) if checked(n).architecture.training)
    wrong(monkeypatch, name, change)
    complaint = check(number).complaint
    assert complaint is not None
    assert complaint.startswith(f"python -m tests.architectures {number}: {said}")
    assert "\n" not in complaint
    monkeypatch.setattr("sys.argv", ["architectures", str(number)])
    assert command.main() == 1
    assert capsys.readouterr().out.splitlines()[-1] == complaint


def test_an_error_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise cr.DivergenceError(step=1, epoch=1, layer=2, learning_rate=1.0)

    number = next(n for n in range(N) if checked(n).architecture.training)
    monkeypatch.setattr(cr.Network, "fit", fails)
    complaint = check(number).complaint
    assert complaint is not None
    assert complaint.startswith(f"python -m tests.architectures {number}: DivergenceError: ")


def test_draws_that_tell_nothing_are_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Difference, "is_sharp", False)
    monkeypatch.setattr("architectures.N_DRAWS", 3)
    complaint = check(17).complaint
    assert complaint is not None
    assert "nothing told by 3 draws" in complaint


def test_the_command_says_what_it_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["architectures", "17"])
    assert command.main() == 0
    shown = capsys.readouterr().out
    assert shown == f"{checked(17).architecture}\ngradients are right\n"


# ---- Differences ---------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [math.exp, math.sin, math.tanh, math.erf, lambda t: 3.0])
def test_differences_of_smooth_functions_confirm_only_their_derivative(f: Any) -> None:
    for at in (-1.0, 0.25, 2.0):
        found = difference(lambda t, at=at: f(at + t))
        fine = 1e-3
        exact = (8 * (f(at + fine) - f(at - fine)) - f(at + 2 * fine) + f(at - 2 * fine)) / 12
        assert found is not None
        assert found.confirms(exact / fine)
        assert found.error(exact / fine) < 1e-8
        assert not found.confirms(exact / fine + 1e-4 * max(1.0, abs(exact / fine)))


@pytest.mark.parametrize("jump", [1.0, -0.01, 1e-4])
def test_kinks_in_reach_are_seen(jump: float) -> None:
    for place in (-1.9, -1.0, -0.66, -1e-6, 0.0, 0.1, 0.4, 2 / 3, 0.9, 1.5):
        kink = place * STEP
        assert difference(lambda t, a=kink: math.sin(t) + jump * max(t - a, 0.0)) is None
    for place in (-2.5, 3.0):
        kink = place * STEP
        assert difference(lambda t, a=kink: math.sin(t) + jump * max(t - a, 0.0)) is not None
