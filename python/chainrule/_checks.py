"""Is an argument of the right kind and range? The checks that several modules share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np

_T = TypeVar("_T")

# As many features and units, and Residuals in each other, as a model file can tell of.
MOST_UNITS = 2**32
MOST_NESTED = 5


def as_count(name: str, value: object, *, least: int = 1, most: int | None = None) -> int:
    """Return a whole number of at least `least` and at most `most`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected at least {least}, got {value}")
    if most is not None and value > most:
        raise ValueError(f"{name}: expected at most {most}, got {value}")
    return int(value)


def as_number(name: str, value: object, *, below: float = math.inf) -> float:
    """Return a number in [0, below)."""
    return _number(name, value, f"[0, {below})", lambda x: 0 <= x < below)


def as_share(name: str, value: object) -> float:
    """Return a number in [0, 1]."""
    return _number(name, value, "[0, 1]", lambda x: 0 <= x <= 1)


def as_positive(name: str, value: object) -> float:
    """Return a number in (0, inf)."""
    return _number(name, value, "(0, inf)", lambda x: 0 < x < math.inf)


def as_finite(name: str, value: object) -> float:
    """Return a finite number."""
    return _number(name, value, "(-inf, inf)", math.isfinite)


def as_limit(name: str, value: object, dtype: str) -> float:
    """Return a number in (0, inf) that `dtype` does not take for 0; None is no limit."""
    if value is None:
        return math.inf
    limit, least = as_positive(name, value), float(np.finfo(dtype).tiny)
    if limit < least:
        raise ValueError(
            f"{name}: expected at least {least:.2g}, the least number of {dtype}, got {value!r}; "
            "gradients would be 0"
        )
    return limit


def _number(name: str, value: object, span: str, contains: Callable[[float], bool]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: expected a number in {span}, got {value!r}")
    try:
        number = float(value)
    except OverflowError:  # a whole number with more than 300 digits
        number = math.inf
    if not contains(number):
        raise ValueError(f"{name}: expected a number in {span}, got {value!r}")
    return number


def as_word(name: str, value: object, words: tuple[str, ...]) -> str:
    """Return one of some words."""
    expected = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")
    if value not in words:
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
    return value


def as_list(name: str, value: Iterable[_T]) -> list[_T]:
    """Return the members of what can be iterated over; text, a dict, a single thing are no list."""
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise TypeError(f"{name}: expected a list, got {value!r}")
    return list(value)


def shown(value: object) -> str:
    """Return what was given, for messages; in place of a class its object is meant."""
    return f"a class; give {value.__name__}(...)" if isinstance(value, type) else repr(value)


def as_path(path: str | bytes | os.PathLike[str]) -> str:
    """Return a path as text."""
    try:
        text = os.fsdecode(path)
        os.fsencode(text)
    except TypeError:
        raise TypeError(f"path: expected text, bytes or a path, got {path!r}") from None
    except UnicodeError:
        raise ValueError(f"path: expected text that a file name can hold, got {path!r}") from None
    if "\0" in text:
        raise ValueError(f"path: expected one without NUL characters, got {text!r}")
    return text


def as_seed(seed: object) -> int:
    """Return a seed in [0, 2**64)."""
    whole = as_count("seed", seed, least=0)
    if whole >= 2**64:
        raise ValueError(f"seed: expected a whole number in [0, 2**64), got {whole}")
    return whole


def as_flag(name: str, value: object) -> bool:
    """Return True or False; nothing else is taken for them."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def not_in_this_version(**arguments: tuple[object, object]) -> None:
    """Refuse arguments of a later version: ``name=(given, default)``, where they differ."""
    for name, (given, default) in arguments.items():
        if given is not default and not (
            isinstance(given, bool | int | float | str) and given == default
        ):
            raise NotImplementedError(
                f"{name}: not in this version of chainrule; leave it at {default!r}"
            )
