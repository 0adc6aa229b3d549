"""What does the user see while a network learns? Lines or a bar, or nothing."""

from __future__ import annotations

import sys

import numpy as np

from chainrule.callbacks import Callback, ProgressBar, Run
from chainrule.callbacks._progress_bar import values_text

__all__ = ["progress_callback"]


class _Lines(Callback):
    """A line per epoch."""

    def on_epoch_end(self, run: Run) -> None:
        width = len(str(run.epochs))
        seconds = run.logs["seconds"]
        print(
            f"epoch {run.epoch:>{width}}/{run.epochs}  {values_text(run)}  {seconds:.2f} s",
            flush=True,
        )

    def on_train_end(self, run: Run) -> None:
        if run.stop_reason:
            print(f"stopped: {run.stop_reason}", flush=True)


def _is_watched() -> bool:
    """Return whether somebody sees what is printed; a program may have no output at all."""
    if "ipykernel" in sys.modules:
        return True
    try:
        return bool(sys.stdout.isatty())
    except (AttributeError, ValueError):  # None, no stream, or a closed one
        return False


def progress_callback(verbose: int | str) -> Callback | None:
    """Return what shows progress for ``fit(verbose=...)``: None for nothing."""
    if isinstance(verbose, str) and verbose == "auto":
        return _Lines() if _is_watched() else None
    if (
        isinstance(verbose, bool)
        or not isinstance(verbose, int | np.integer)
        or verbose not in (0, 1, 2)
    ):
        raise ValueError(f"verbose: expected 'auto', 0, 1 or 2, got {verbose!r}")
    return {0: None, 1: ProgressBar(), 2: _Lines()}[int(verbose)]
