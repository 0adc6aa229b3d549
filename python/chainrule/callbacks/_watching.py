"""Has a value become better? What the callbacks share that watch one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chainrule import metrics
from chainrule._checks import as_number, as_word
from chainrule.callbacks._base import Callback

if TYPE_CHECKING:
    from chainrule.callbacks._base import Run

__all__ = ["Watching"]


class Watching(Callback):
    """A callback that watches a value, and knows the best one so far and its epoch."""

    def __init__(self, monitor: str | None, *, min_delta: float, mode: str) -> None:
        if monitor is not None and not isinstance(monitor, str):
            raise TypeError(f"monitor: expected a key of the history or None, got {monitor!r}")
        self.monitor = monitor
        self.min_delta = as_number("min_delta", min_delta)
        self.mode = as_word("mode", mode, ("auto", "min", "max"))
        self.best_epoch = 0
        self.best = math.nan

    def on_train_begin(self, run: Run) -> None:
        """Choose what is watched, and forget earlier trainings."""
        validation = "val_loss" if "val_loss" in run.keys else "loss"
        self._watched = validation if self.monitor is None else self.monitor
        if self._watched not in run.keys:
            remedy = ""
            if self._watched.startswith("val_") and "val_loss" not in run.keys:
                remedy = "; give validation_data or validation_split"
            raise ValueError(
                f"monitor: {self._watched!r} is not recorded in this fit; expected one of "
                f"{', '.join(run.keys)}{remedy}"
            )
        more = (
            metrics.is_more_better(self._watched.removeprefix("val_"))
            if self.mode == "auto"
            else self.mode == "max"
        )
        self._sign = -1.0 if more else 1.0
        self.best = self._sign * math.inf
        self.best_epoch = 0

    def _is_best(self, run: Run) -> bool:
        """Return whether this epoch is better than all before, and remember it if so."""
        value = run.logs[self._watched]
        better = self._sign * value < self._sign * self.best - self.min_delta
        if better:
            self.best = value
            self.best_epoch = run.epoch
        return better
