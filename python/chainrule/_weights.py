"""How much does an example count? Weights of classes, and targets that are not known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._checks import as_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chainrule._arrays import Array

# A target of each kind, in the place of one that is not known: its weight is 0.
_PLACEHOLDERS = {"positive": 1.0, "signs": 1.0}


def shares_of_classes(y: Array, kind: str, n_outputs: int) -> NDArray[np.float64]:
    """Return how much of each target belongs to each class, (d, k)."""
    if kind == "classes" and y.ndim == 1:
        return np.asarray(y[:, None] == np.arange(n_outputs), np.float64)
    if kind in ("classes", "probabilities"):
        return y.astype(np.float64)
    if kind not in ("shares", "signs") or y.shape[1] != 1:
        what = "several outputs that are each a decision" if kind in ("shares", "signs") else kind
        raise ValueError(f"class_weight: expected targets that are classes, got {what}")
    ones = (y + 1) / 2 if kind == "signs" else y
    return np.hstack([1 - ones, ones]).astype(np.float64)


def _balanced(shares: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return d / (k count) for each of the k classes that are there."""
    # Exact sums, so that every machine has the same bits.
    counts = np.array([math.fsum(column) for column in shares[rows].T.tolist()])
    present = counts > 0
    return np.where(present, rows.sum() / (present.sum() * np.where(present, counts, 1.0)), 1.0)


def _given(weights: Mapping[Any, Any], n_classes: int) -> NDArray[np.float64]:
    """Return the weights of a dict, 1 for classes that are not in it."""
    found = np.ones(n_classes)
    for key, value in weights.items():
        if isinstance(key, bool) or not isinstance(key, int | np.integer):
            raise TypeError(f"class_weight: expected class numbers as keys, got {key!r}")
        if not 0 <= key < n_classes:
            raise ValueError(f"class_weight: expected classes 0..{n_classes - 1}, got {key}")
        found[key] = as_number(f"class_weight[{key}]", value)
    return found


def weights_by_class(
    given: object, y: Array, kind: str, n_outputs: int, rows: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the weight of each row by its class, (d,); those of `rows` count."""
    if not (isinstance(given, Mapping) or (isinstance(given, str) and given == "balanced")):
        kind_of_error = ValueError if isinstance(given, str) else TypeError
        raise kind_of_error(
            f"class_weight: expected 'balanced' or a dict of weights by class, got {given!r}"
        )
    shares = shares_of_classes(y, kind, n_outputs)
    if isinstance(given, Mapping):
        weights = _given(given, shares.shape[1])
    else:
        weights = _balanced(shares, rows)
    total = np.zeros(len(shares))
    for share, weight in zip(shares.T, weights, strict=True):
        total += share * weight
    return total


def without_nan(name: str, y: Array, kind: str, *, by_row: bool) -> tuple[Array, Array | None]:
    """Return targets with placeholders for NaN, and where they are: (d, k) or, by row, (d,)."""
    if y.dtype.kind == "f" and y.ndim > 2 and y.size and by_row:
        filled, of_rows = without_nan(name, y.reshape(len(y), -1), kind, by_row=True)
        return filled.reshape(y.shape), of_rows
    if y.dtype.kind != "f" or y.ndim not in (1, 2) or not y.size:
        return y, None
    missing: Array = np.isnan(y)
    if not missing.any():
        return y, None
    if missing.all():
        raise ValueError(f"{name}: expected at least one target that is not NaN")
    filled = np.where(missing, _PLACEHOLDERS.get(kind, 0.0), y)
    if by_row and y.ndim == 2 and y.shape[1] > 1:
        rows: Array = np.asarray(missing.all(axis=1))
        partly = np.flatnonzero(missing.any(axis=1) & ~rows)
        if partly.size:
            raise ValueError(
                f"{name}: expected rows with all targets or none, since this loss is one number "
                f"per example, got some NaN in row {int(partly[0])}"
            )
        if kind in ("classes", "probabilities"):
            filled[rows, 0] = 1.0
        return filled, rows
    return filled, missing.reshape(-1) if y.size == len(y) else missing


def of_known(weights: NDArray[np.float64] | None, missing: Array) -> NDArray[np.float64]:
    """Return weights that are 0 where the target is missing."""
    known = (~missing).astype(np.float64)
    if weights is None:
        return known
    if weights.ndim < known.ndim:
        weights = weights[:, None]
    elif known.ndim < weights.ndim:
        known = known[:, None]
    product = weights * known
    if not product.any():
        raise ValueError("sample_weight: every target with a weight above 0 is NaN")
    return product
