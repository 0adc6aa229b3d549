"""How far is training, and when will it end? A bar over the epochs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from chainrule.callbacks._base import Callback

if TYPE_CHECKING:
    from types import ModuleType

    from chainrule.callbacks._base import Run

__all__ = ["ProgressBar", "values_text"]

_CELLS = 30

# Nobody reads faster, and printing takes longer than an epoch of a tiny network.
_SECONDS_BETWEEN = 0.1


def _import_tqdm() -> ModuleType | None:
    try:
        import tqdm.auto
    except ImportError:
        return None
    module: ModuleType = tqdm.auto
    return module


def values_text(run: Run) -> str:
    """Return the values of an epoch for people."""
    shown = (
        f"{key} {value:.4f}"
        for key, value in run.logs.items()
        if key not in ("learning_rate", "seconds")
    )
    return "  ".join(shown)


class ProgressBar(Callback):
    """Show a bar over the epochs with the values of the last and the time that is left.

    Notes
    -----
    The bar is tqdm's where tqdm is installed, one line of text on the standard output otherwise.
    ``fit(verbose=1)`` shows the same.

    Examples
    --------
    >>> import chainrule as cr
    >>> isinstance(cr.ProgressBar(), cr.Callback)
    True
    """

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, run: Run) -> None:
        """Begin a bar."""
        tqdm = _import_tqdm()
        bar = tqdm.tqdm if tqdm else _TextBar
        self._bar = bar(total=run.epochs, unit="epoch")

    def on_epoch_end(self, run: Run) -> None:
        """Make the bar longer."""
        self._bar.set_postfix_str(values_text(run), refresh=False)
        self._bar.update()

    def on_train_end(self, run: Run) -> None:  # noqa: ARG002
        """Leave the bar as it is."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _TextBar:
    """What is needed of tqdm's bar, as one line of text that is written over."""

    def __init__(self, total: int, unit: str) -> None:
        self._total, self._unit = total, unit
        self._done, self._shown, self._width = 0, 0, 0
        self._postfix = ""
        self._start = time.perf_counter()
        self._next = self._start

    def set_postfix_str(self, text: str, *, refresh: bool) -> None:  # noqa: ARG002
        self._postfix = text

    def update(self) -> None:
        self._done += 1
        if time.perf_counter() >= self._next:
            self._show()

    def _show(self) -> None:
        now = time.perf_counter()
        self._shown, self._next = self._done, now + _SECONDS_BETWEEN
        cells, left = round(_CELLS * self._done / self._total), self._total - self._done
        spent = now - self._start
        clock = f"ETA {_clock(spent / self._done * left)}" if left else _clock(spent)
        line = (
            f"[{'=' * cells}{' ' * (_CELLS - cells)}] {self._unit} {self._done}/{self._total}  "
            f"{clock}  {self._postfix}"
        )
        print(f"\r{line:<{self._width}}", end="", flush=True)
        self._width = len(line)

    def close(self) -> None:
        if self._shown < self._done:
            self._show()
        if self._shown:
            print(flush=True)
