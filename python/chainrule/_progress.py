"""What does the user see while a network learns? Lines or a bar, or nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.callbacks import Callback, Run

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["progress_callback"]


def _import_tqdm() -> ModuleType | None:
    try:
        import tqdm.auto
    except ImportError:
        return None
    module: ModuleType = tqdm.auto
    return module


def _values(run: Run) -> str:
    shown = (
        f"{key} {value:.4f}"
        for key, value in run.logs.items()
        if key not in ("learning_rate", "seconds")
    )
    return "  ".join(shown)


class _Lines(Callback):
    """A line per epoch."""

    def on_epoch_end(self, run: Run) -> None:
        width = len(str(run.epochs))
        seconds = run.logs["seconds"]
        print(
            f"epoch {run.epoch:>{width}}/{run.epochs}  {_values(run)}  {seconds:.2f} s", flush=True
        )

    def on_train_end(self, run: Run) -> None:
        if run.stop_reason:
            print(f"stopped: {run.stop_reason}", flush=True)


class _Bar(Callback):
    """A bar over the epochs: tqdm's where it is installed, one line of text otherwise."""

    def on_train_begin(self, run: Run) -> None:
        tqdm = _import_tqdm()
        self._bar: Any = tqdm.tqdm(total=run.epochs, unit="epoch") if tqdm else None

    def on_epoch_end(self, run: Run) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(_values(run), refresh=False)
            self._bar.update()
            return
        done = round(30 * run.epoch / run.epochs)
        print(
            f"\r[{'=' * done}{' ' * (30 - done)}] {run.epoch}/{run.epochs}  {_values(run)}",
            end="",
            flush=True,
        )

    def on_train_end(self, run: Run) -> None:  # noqa: ARG002
        if self._bar is not None:
            self._bar.close()
        else:
            print(flush=True)


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
    return {0: None, 1: _Bar(), 2: _Lines()}[int(verbose)]
