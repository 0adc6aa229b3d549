"""Are functions called at the hooks they are given for, and only there?"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import chainrule as cr
from chainrule.callbacks._base import wants_batches
from helpers import state_bytes
from small_fits import X, Y, network

HOOKS = [name for name in vars(cr.Callback) if name.startswith("on_")]


def test_every_hook_may_be_given() -> None:
    assert sorted(inspect.signature(cr.LambdaCallback).parameters) == sorted(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_function_is_called_at_its_hook_only(hook: str) -> None:
    called: list[tuple[int, int]] = []
    callback = cr.LambdaCallback(**{hook: lambda run: called.append((run.epoch, run.step))})
    assert wants_batches(callback) == hook.startswith("on_batch")
    net, plain = network(), network()
    net.fit(X, Y, epochs=2, batch_size=10, callbacks=[callback])
    plain.fit(X, Y, epochs=2, batch_size=10)
    steps = [(1, 1), (1, 2), (2, 3), (2, 4)]
    assert (
        called
        == {
            "on_train_begin": [(0, 0)],
            "on_epoch_begin": [(1, 0), (2, 2)],
            "on_batch_begin": steps,
            "on_batch_end": steps,
            "on_epoch_end": [(1, 2), (2, 4)],
            "on_train_end": [(2, 4)],
        }[hook]
    )
    assert state_bytes(net) == state_bytes(plain)


@pytest.mark.parametrize("hook", HOOKS)
def test_an_exception_of_a_function_comes_through(hook: str) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise KeyError("mine")

    net = network()
    with pytest.raises(KeyError, match="mine"):
        net.fit(X, Y, epochs=2, callbacks=[cr.LambdaCallback(**{hook: fail})])
    twin = cr.from_bytes(state_bytes(net))
    for each in (net, twin):
        each.fit(X, Y)
    assert state_bytes(net) == state_bytes(twin)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("value", [3, "print", False])
def test_what_cannot_be_called_is_refused(hook: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{hook}: expected a function of the run, got"):
        cr.LambdaCallback(**{hook: value})
