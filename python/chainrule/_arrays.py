"""What may be given as data? The only place that accepts array-likes.

Everything is turned into an aligned, C-ordered array of the network's dtype, without a copy where
it is one already; whatever would silently lose information is refused with words.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import _core
from chainrule._warnings import warn

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]

_NUMERIC_KINDS = "fiub"
_PLAIN = frozenset({float, int, bool})
_NUMBERS = (float, int, np.number, np.bool_)
# What targets of each kind have to be; those of another kind are any numbers.
_KINDS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "not_negative": (lambda y: y >= 0, "numbers of at least 0"),
    "positive": (lambda y: y > 0, "numbers above 0"),
    "shares": (lambda y: (y >= 0) & (y <= 1), "numbers in [0, 1]"),
    "signs": (lambda y: abs(y) == 1, "-1 or 1, or only 0 or 1"),
}
_EXACT_INTEGERS = {np.dtype("float32"): 2**24, np.dtype("float64"): 2**53}


def _numeric(name: str, value: ArrayLike | None) -> Array:
    """Return `value` as an array of real numbers, or raise ``TypeError`` in the user's words."""
    if value is None:
        raise TypeError(f"{name}: expected an array of numbers, got None")
    try:
        # A masked array stays one here, even if an object of another class makes it.
        array = value if _has_masked(value) else np.asanyarray(value)
    except ValueError as error:
        rows = " with rows of equal length" if isinstance(value, list | tuple) else ""
        raise ValueError(f"{name}: expected an array of numbers{rows} ({error})") from None
    if _has_masked(array):
        raise TypeError(
            f"{name}: masked arrays are not accepted; fill or drop the masked entries first"
        )
    array = np.asarray(array)
    if array.dtype.kind not in _NUMERIC_KINDS:
        raise TypeError(
            f"{name}: expected real numbers, got dtype {array.dtype}; {_remedy(value, array)}"
        )
    return array


def _has_masked(value: object, depth: int = 2) -> bool:
    """Return whether a masked array is there, in nested lists (as deep as rows go) too."""
    if depth and isinstance(value, list | tuple):
        return not _PLAIN.issuperset(map(type, value)) and any(
            _has_masked(part, depth - 1) for part in value
        )
    # Nobody has a masked array before this module is there; importing it takes 20 ms.
    return isinstance(value, getattr(sys.modules.get("numpy.ma"), "MaskedArray", ()))


def _remedy(value: object, array: Array) -> str:
    """Return what to do with data that are no real numbers."""
    kind = array.dtype.kind
    if kind in "SUT" or (kind == "O" and any(isinstance(part, str) for part in array.flat)):
        how = "; np.unique(y, return_inverse=True) numbers classes" if array.ndim == 1 else ""
        return (
            f"encode text as numbers first (chainrule.sklearn and Preprocessor will do that){how}"
        )
    if hasattr(value, "toarray"):
        return "call its method toarray() first"
    if isinstance(value, Iterator):
        return "give arrays, or call train_step for each batch"
    if kind == "O" and array.ndim and all(isinstance(part, _NUMBERS) for part in array.flat):
        return "call its method astype(float) first"  # of a table with columns of several types
    return "convert it to real numbers first"


def _converted(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    """Return a C-ordered, aligned array of `dtype` with finite values."""
    if array.dtype.kind in "iu" and array.size:
        limit = _EXACT_INTEGERS[dtype]
        if max(abs(int(array.min())), abs(int(array.max()))) > limit:
            warn(
                f"{name}: integers above {limit} are rounded to {dtype.name}; scale them first, "
                "or use float64",
                UserWarning,
            )
    with np.errstate(all="ignore"):
        result = np.require(array, dtype=dtype.newbyteorder("="), requirements=["C", "A"])
    if not _core.all_finite(result):
        _refuse(name, result, array, dtype)
    return result


def _refuse(name: str, result: Array, array: Array, dtype: np.dtype[Any]) -> None:
    """Raise ``ValueError`` for the first number that is not finite after conversion to `dtype`."""
    found = np.argwhere(~np.isfinite(result))
    if not len(found):
        raise ValueError(f"{name}: another thread has changed it while it was read; give a copy")
    position = tuple(int(i) for i in found[0])
    where = ", ".join(f"{axis} {i}" for axis, i in zip(("row", "column"), position, strict=False))
    given = array[position]
    if array.dtype.kind == "f" and np.isfinite(given):
        raise ValueError(
            f"{name}: {given!s} in {where} is too large for {dtype.name}; "
            "scale the data, or use a float64 network"
        )
    raise ValueError(f"{name}: expected finite numbers, got {given!s} in {where}")


def as_inputs(name: str, value: ArrayLike | None, n_features: int, dtype: np.dtype[Any]) -> Array:
    """Return examples as (d, n_features)."""
    array = _numeric(name, value)
    if array.ndim == 1:
        raise ValueError(
            f"{name}: expected a 2-D array (examples, {n_features}), got 1-D of length "
            f"{array.shape[0]}; use reshape(1, -1) for one example, reshape(-1, 1) for one feature"
        )
    if array.ndim != 2:
        is_flat = array.ndim and math.prod(array.shape[1:]) == n_features
        hint = "; use reshape(len(x), -1)" if is_flat else ""
        raise ValueError(
            f"{name}: expected a 2-D array (examples, {n_features}), got {array.ndim} dimensions"
            f"{hint}"
        )
    if array.shape[1] != n_features:
        hint = (
            "; one row is one example, so pass the transpose"
            if array.shape[0] == n_features
            else ""
        )
        raise ValueError(f"{name}: expected {n_features} features, got {array.shape[1]}{hint}")
    return _converted(name, array, dtype)


def at_least_one(name: str, array: Array) -> Array:
    """Return `array`, or raise ``ValueError`` if there is no row to learn from."""
    if array.shape[0] == 0:
        raise ValueError(f"{name}: expected at least one example, got none")
    return array


def as_numbers(name: str, value: ArrayLike | None) -> Array:
    """Return an array of real numbers, finite or not, of any shape and dtype."""
    return _numeric(name, value)


def as_tensor(name: str, value: ArrayLike | None) -> Array:
    """Return finite numbers in C order; shape and dtype stay as they are."""
    array = np.require(_numeric(name, value), requirements=["C", "A"])
    if not np.isfinite(array).all():
        _refuse(name, array, array, array.dtype)
    return array


def as_matrix(
    name: str, value: ArrayLike | None, shape: tuple[int | None, int], dtype: np.dtype[Any]
) -> Array:
    """Return an array of exactly `shape`, None being any length; (d,) is taken for (d, 1)."""
    array = _numeric(name, value)
    given = array.shape
    if shape[0] is None:
        shape = (array.shape[0] if array.ndim else 0, shape[1])
    if array.ndim == 1 and shape[1] == 1:
        array = array.reshape(-1, 1)
    if array.shape != shape:
        hint = "pass the transpose" if array.shape == shape[::-1] else "nothing is broadcast"
        raise ValueError(f"{name}: expected shape {shape}, got {given}; {hint}")
    return _converted(name, array, dtype)


def as_vector(name: str, value: ArrayLike | None, length: int, dtype: np.dtype[Any]) -> Array:
    """Return an array of exactly `length` numbers."""
    array = _numeric(name, value)
    if array.shape != (length,):
        raise ValueError(
            f"{name}: expected shape ({length},), got {array.shape}; nothing is broadcast"
        )
    return _converted(name, array, dtype)


def as_classes(name: str, array: Array, n_examples: int, n_classes: int) -> NDArray[np.int64]:
    """Return class numbers as int64 (d,)."""
    flat = array.reshape(-1)
    if flat.shape[0] != n_examples:
        raise ValueError(
            f"{name}: expected {n_examples} classes, one per row of x, got {flat.shape[0]}"
        )
    if flat.dtype.kind == "f":
        wrong = np.flatnonzero(~(np.isfinite(flat) & (flat == np.floor(flat))))
        if wrong.size:
            raise ValueError(
                f"{name}: expected whole class numbers, got {flat[wrong[0]]} in row {int(wrong[0])}"
            )
    outside = np.flatnonzero((flat < 0) | (flat >= n_classes))
    if outside.size:
        row = int(outside[0])
        hint = "; for one output take binary_cross_entropy" if n_classes == 1 else ""
        raise ValueError(
            f"{name}: expected classes 0..{n_classes - 1}, got {flat[row]} in row {row}{hint}"
        )
    return np.ascontiguousarray(flat, dtype=np.int64)


def _check_probabilities(name: str, array: Array) -> None:
    """Raise ``ValueError`` unless rows are non-negative and sum to 1 within 1e-4."""
    negative = np.argwhere(array < 0)
    if negative.size:
        row, column = (int(i) for i in negative[0])
        raise ValueError(
            f"{name}: expected probabilities, got {array[row, column]} in row {row}, "
            f"column {column}"
        )
    with np.errstate(all="ignore"):
        sums = array.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(np.abs(sums - 1) > 1e-4)
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(f"{name}: expected rows that sum to 1, got {sums[row]:g} in row {row}")


def as_targets(
    name: str,
    value: ArrayLike | None,
    n_examples: int,
    n_outputs: int,
    dtype: np.dtype[Any],
    *,
    kind: str,
) -> Array:
    """Return targets of a kind as (d, m) of `dtype`, or as int64 classes (d,) where it is that."""
    array = _numeric(name, value)
    if kind == "classes":
        if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1 and n_outputs > 1):
            return as_classes(name, array, n_examples, n_outputs)
        rows = as_matrix(name, array, (n_examples, n_outputs), dtype)
        _check_probabilities(name, rows)
        return rows
    if array.ndim == 1 and n_outputs > 1:
        raise ValueError(
            f"{name}: expected shape {(n_examples, n_outputs)}, got {array.shape}; nothing is "
            "broadcast, and class numbers are for cross_entropy, the loss of a softmax output"
        )
    targets = as_matrix(name, array, (n_examples, n_outputs), dtype)
    if kind == "probabilities":
        _check_probabilities(name, targets)
    if kind == "signs" and np.isin(targets, (0, 1)).all():
        targets = 2 * targets - 1  # 0 and 1 are classes where there is no -1
    if kind in _KINDS:
        is_right, words = _KINDS[kind]
        wrong = np.argwhere(~is_right(targets))
        if wrong.size:
            row, column = (int(i) for i in wrong[0])
            raise ValueError(
                f"{name}: expected {words}, got {targets[row, column]} in row {row}, "
                f"column {column}"
            )
    return targets


def as_own_targets(
    name: str, value: ArrayLike | None, n_examples: int, dtype: np.dtype[Any]
) -> Array:
    """Return targets of any shape (d, ...): floats as `dtype`, whole numbers as they are."""
    array = _numeric(name, value)
    if array.ndim == 0 or array.shape[0] != n_examples:
        raise ValueError(
            f"{name}: expected targets for {n_examples} examples, got shape {array.shape}"
        )
    if array.dtype.kind == "f":
        return _converted(name, array, dtype)
    return np.require(array, array.dtype.newbyteorder("="), ["C", "A"])


def as_weights(
    name: str, value: ArrayLike | None, n_examples: int, n_outputs: int, *, per_output: bool
) -> NDArray[np.float64] | None:
    """Return sample weights as float64 (d,) or (d, m), or None."""
    if value is None:
        return None
    array = _numeric(name, value)
    if array.ndim == 2 and not per_output:
        raise ValueError(
            f"{name}: this loss is one number per example, and so are weights: expected shape "
            f"({n_examples},), got {array.shape}"
        )
    shape = (n_examples, n_outputs) if array.ndim == 2 else (n_examples,)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    weights = _converted(name, array, np.dtype(np.float64))
    if (weights < 0).any():
        position = tuple(int(i) for i in np.argwhere(weights < 0)[0])
        raise ValueError(
            f"{name}: expected weights of at least 0, got {weights[position]} in row {position[0]}"
        )
    if not (weights > 0).any():
        raise ValueError(f"{name}: expected at least one weight above 0, got only zeros")
    check_mean(name, weights)
    return weights


def check_mean(name: str, weights: NDArray[np.float64]) -> None:
    """Raise ``ValueError`` unless weights can be divided by their mean."""
    with np.errstate(all="ignore"):
        mean = float(weights.mean())
    if not np.finfo(np.float64).tiny <= mean < np.inf:
        raise ValueError(f"{name}: expected a mean that float64 can hold, got {mean}; scale them")


def as_output(
    name: str, out: object, shape: tuple[int, ...], dtype: np.dtype[Any], *inputs: object
) -> Array:
    """Check an array that the caller gives for the result, or make a new one.

    `inputs` are those that the caller gave and what they were converted to.
    """
    if out is None:
        return np.empty(shape, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name}: expected a NumPy array, got {type(out).__name__}")
    if out.dtype != dtype or out.shape != shape:
        raise ValueError(
            f"{name}: expected {dtype.name} of shape {shape}, got {out.dtype} of shape {out.shape}"
        )
    if not (out.flags.c_contiguous and out.flags.aligned and out.flags.writeable):
        raise ValueError(f"{name}: expected a C-ordered, aligned, writeable array")
    if any(isinstance(x, np.ndarray) and np.shares_memory(out, x) for x in inputs):
        raise ValueError(f"{name}: must not share memory with the input")
    return out
