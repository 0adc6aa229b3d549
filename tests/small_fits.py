"""Which small fit do the tests of callbacks watch, and what may a callback do in it?"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr
from helpers import state_bytes

if TYPE_CHECKING:
    from pathlib import Path

# Every callback that there is.
CALLBACKS = [name for name in cr.callbacks.__all__ if name != "Run"]

D = 20
X = np.random.default_rng(0).standard_normal((D, 3))
Y = X @ [1.0, -2.0, 0.5]


def network() -> cr.Network:
    return cr.mlp([3, 6, 1], "tanh", seed=1)


def parameters(callback: str) -> set[str]:
    return set(inspect.signature(getattr(cr.callbacks, callback)).parameters)


def make(callback: str, folder: Path, **arguments: Any) -> cr.Callback:
    """One of the callbacks; it writes, if at all, into the folder."""
    if "path" in parameters(callback):
        arguments["path"] = folder / callback
    made: cr.Callback = getattr(cr.callbacks, callback)(**arguments)
    return made


class Does(cr.Callback):
    """Does something in one hook, in one epoch if given."""

    def __init__(self, hook: str, what: Any, epoch: int | None = None) -> None:
        self.what, self.epoch = what, epoch
        setattr(self, hook, self._do)

    def _do(self, run: cr.callbacks.Run) -> None:
        if self.epoch in (None, run.epoch):
            self.what(run)


class DoesPerBatch(Does):
    """The same, and the fit goes batch by batch, whatever the hook."""

    def on_batch_begin(self, run: cr.callbacks.Run) -> None:
        """Be there."""


class Script(cr.Callback):
    """Makes ``loss`` what the test wants, in front of the callbacks that read it."""

    def __init__(self, values: list[float]) -> None:
        self.values = values
        self.states: list[bytes] = []

    def on_epoch_end(self, run: cr.callbacks.Run) -> None:
        run.logs["loss"] = self.values[run.epoch - 1]
        self.states.append(state_bytes(run.network))
