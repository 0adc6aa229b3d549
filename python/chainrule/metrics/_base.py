"""What do all metrics share? Targets with their weights, and sums whose order is fixed.

A metric can decide when training stops, so its bits must not depend on the processor: NumPy's own
sums do, its elementwise arithmetic and its accumulations, one element after the other, do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chainrule import _core
from chainrule._arrays import as_classes, as_numbers, as_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Floats = NDArray[np.float64]

# Entries that are worked on at a time: few enough for the cache, and part of the order of sums.
_BLOCK = 65536


@dataclass(frozen=True)
class Targets:
    """What predictions of (d, m) should have been, and which activation makes them.

    y is int64 classes (d,) or (d, m), weights are None, (d,) or (d, m). An entry of weight 0 is not
    there: neither its target, which may be NaN, nor its prediction is looked at.
    """

    y: Array
    weights: Floats | None
    n_outputs: int
    output: str

    @property
    def by_class(self) -> bool:
        """Whether a row is one decision among classes, rather than m of yes or no."""
        return self.y.ndim == 1 or self.output in ("softmax", "log_softmax")

    def classes(self) -> NDArray[np.int64]:
        """Return the class (d,) of each row: of rows (d, m), the first of the largest."""
        return self.y if self.y.ndim == 1 else self.y.argmax(axis=1)

    def row_weights(self) -> Floats:
        """Return weights (d,) of the rows, the mean over outputs if each has its own."""
        if self.weights is None:
            return np.ones(self.y.shape[0])
        if self.weights.ndim == 1:
            return self.weights
        added: Floats = np.add.accumulate(self.weights, axis=1)[:, -1]
        return added / self.n_outputs

    def column_weights(self, rows: slice) -> Floats:
        """Return weights of some rows, (rows, m)."""
        weights = np.ones(1) if self.weights is None else self.weights[rows]
        column = weights[:, None] if weights.ndim == 1 else weights
        return np.broadcast_to(column, (len(range(*rows.indices(len(self.y)))), self.n_outputs))

    def are_all(self, allowed: Callable[[Array], Array]) -> bool:
        """Return whether targets (d, m) with weight are of a kind."""
        right = allowed(self.y)
        if self.weights is None:
            return bool(right.all())
        absent = self.weights == 0
        return bool((right | (absent[:, None] if absent.ndim == 1 else absent)).all())

    def are_binary(self) -> bool:
        """Return whether targets (d, m) are 0 or 1."""
        return self.are_all(lambda y: (y == 0) | (y == 1))

    def sums(self, *terms: Callable[[slice], Array]) -> list[Floats]:
        """Return sums of weighted terms over the examples, (m,) each; all weights for no term.

        A term is a function of a block of rows that returns (rows, m).
        """
        totals = [np.zeros(self.n_outputs) for _ in range(len(terms) + 1)]
        for rows in blocks(len(self.y), self.n_outputs):
            weights = self.column_weights(rows)
            parts = [weights, *(np.where(weights > 0, weights * term(rows), 0.0) for term in terms)]
            for added, part in zip(totals, parts, strict=True):
                np.add(added, np.add.accumulate(part, axis=0)[-1], out=added)
        return totals


def blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Return the rows of a matrix in blocks of a fixed size."""
    size = max(1, _BLOCK // n_columns)
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def total(values: Array) -> float:
    """Return the sum, one element after the other."""
    return float(np.add.accumulate(values, dtype=np.float64)[-1]) if len(values) else 0.0


def mean(values: Array) -> float:
    """Return the mean of values which all count the same."""
    return total(values) / len(values)


class Metric:
    """The base of metrics: checks what it is given, then asks the class for the value."""

    name: ClassVar[str]
    more_is_better: ClassVar[bool]

    def __call__(
        self,
        predictions: Array,
        y: Array,
        weights: Array | None = None,
        *,
        output: str | _core.Formula | None = None,
    ) -> float:
        """Return the metric of predictions.

        Parameters
        ----------
        predictions : ndarray, shape (d, m)
            Predictions of a network.
        y : ndarray, shape (d,) of classes, or (d, m)
            Targets; (d,) stands for (d, 1) if there is one output.
        weights : ndarray, shape (d,) or (d, m), optional
            Weights of examples or of single entries, at least 0; an entry of weight 0 is not there.
        output : str or Formula, optional
            The activation which made the predictions; by default "softmax", for one output
            "sigmoid".

        Returns
        -------
        float
            NaN where the metric is not defined.

        Raises
        ------
        TypeError
            If an argument does not hold real numbers.
        ValueError
            If a shape or value is wrong, or the metric cannot be used with such outputs or targets.
        """
        predictions = as_numbers("predictions", predictions)
        if predictions.ndim != 2 or not predictions.size:
            raise ValueError(f"predictions: expected shape (d, m), got {predictions.shape}")
        if predictions.dtype not in (np.dtype("float32"), np.dtype("float64")):
            predictions = predictions.astype(np.float64)
        targets = _targets(predictions.shape, as_numbers("y", y), weights, output)
        self._check(targets)
        return self._measure(predictions, targets)

    def _check(self, targets: Targets) -> None:
        """Raise ``ValueError`` if the metric cannot be used with such outputs or targets."""

    def _measure(self, predictions: Array, targets: Targets) -> float:
        """Return the metric of data that have been checked."""
        with np.errstate(all="ignore"):
            return float(self._value(predictions, targets))

    def _value(self, predictions: Array, targets: Targets) -> float:
        raise NotImplementedError


def _targets(
    shape: tuple[int, ...], y: Array, weights: Array | None, output: str | _core.Formula | None
) -> Targets:
    d, m = shape
    name = _core.activations.get(output or ("sigmoid" if m == 1 else "softmax")).name
    if y.shape == (d,) and m == 1 and name != "softmax":
        y = y[:, None]
    if y.shape not in ((d,), (d, m)):
        raise ValueError(f"y: expected shape {(d,)} or {(d, m)}, got {y.shape}")
    if y.ndim == 1:
        y = as_classes("y", y, d, m)
    return Targets(y, as_weights("weights", weights, d, m, per_output=True), m, name)
