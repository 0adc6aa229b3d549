"""How long does training take? A clock, and a limit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chainrule._checks import as_number
from chainrule.callbacks._base import Callback

if TYPE_CHECKING:
    from chainrule.callbacks._base import Run

__all__ = ["Timer"]


class Timer(Callback):
    """Measure the time of a training, and stop it after a limit.

    Parameters
    ----------
    seconds : float, optional
        Stop at the end of the epoch in which so many seconds have passed, at least 0; by default
        there is no limit.

    Raises
    ------
    TypeError
        If `seconds` is no number.
    ValueError
        If it is out of range.

    Notes
    -----
    The epoch is finished, so that the network is one that the history tells of. Where training
    stops depends on the machine; what it has computed until then does not.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> timer = cr.Timer(seconds=0)
    >>> net = cr.mlp([2, 1], seed=0)
    >>> h = net.fit(np.ones((8, 2)), np.ones(8), epochs=99, callbacks=[timer])
    >>> len(h["loss"]), timer.elapsed >= h["seconds"][0]
    (1, True)
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = None if seconds is None else as_number("seconds", seconds)
        self._start: float | None = None
        self._end: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the fit began, or that it took; 0.0 before the first."""
        if self._start is None:
            return 0.0
        return (time.perf_counter() if self._end is None else self._end) - self._start

    def on_train_begin(self, run: Run) -> None:  # noqa: ARG002
        """Start the clock."""
        self._start, self._end = time.perf_counter(), None

    def on_epoch_end(self, run: Run) -> None:
        """Stop if it is time."""
        if self.seconds is not None and self.elapsed >= self.seconds:
            run.stop(f"{self.seconds:g} seconds have passed")

    def on_train_end(self, run: Run) -> None:  # noqa: ARG002
        """Stop the clock."""
        self._end = time.perf_counter()
