"""How does the library warn? At the line that called it."""

from __future__ import annotations

import functools
import sys
import warnings

from chainrule import _core


def _levels_to_the_caller() -> int:
    """Return the ``stacklevel`` that names, in ``warn``, the line which called the library."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame, level = frame.f_back, level + 1
    return level


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line which called the library."""
    warnings.warn(message, category, stacklevel=_levels_to_the_caller())


def notices() -> list[str]:
    """Return what could not be done as asked: environment variables refused, kernels at fault."""
    return [n for n in (_core.thread_notice(), _core.isa_notice()) if n is not None]


@functools.cache
def warn_of_notices() -> None:
    """Warn of every notice, at the first use of threads or kernels."""
    for notice in notices():
        warn(notice, RuntimeWarning)
