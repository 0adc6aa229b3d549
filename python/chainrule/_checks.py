"""Is an argument of the right kind and range? The checks that several modules share."""

from __future__ import annotations

import numpy as np


def as_count(name: str, value: object, *, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected at least {least}, got {value}")
    return int(value)


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
