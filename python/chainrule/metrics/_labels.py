"""How well is a class found? Metrics that count decisions for a class and against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.metrics._base import Targets, mean
from chainrule.metrics._decisions import Decision

if TYPE_CHECKING:
    from chainrule.metrics._base import Array, Floats


@dataclass(frozen=True)
class _Counts:
    """Weights of labels (n,): of those predicted and right, of those predicted, and of all."""

    hits: Floats
    predicted: Floats
    actual: Floats


def _counts(predictions: Array, targets: Targets) -> _Counts:
    """Count the labels that are averaged over: the positive one, or the classes that are there."""
    if not targets.by_class:
        weights, *found = targets.sums(
            lambda rows: (predictions[rows] > 0.5) & (targets.y[rows] == 1),
            lambda rows: predictions[rows] > 0.5,
            lambda rows: targets.y[rows] == 1,
        )
        labels = weights > 0
    else:
        weights, actual, m = targets.row_weights(), targets.classes(), targets.n_outputs
        predicted = predictions.argmax(axis=1)
        own = np.take_along_axis(predictions, actual[:, None], axis=1)[:, 0]
        right = np.where((predicted == actual) & ~np.isnan(own), weights, 0.0)
        # It adds one after the other.
        found = [
            np.bincount(of, added, m).astype(np.float64, copy=False)
            for of, added in ((actual, right), (predicted, weights), (actual, weights))
        ]
        labels = np.arange(m) == 1 if m == 2 else (found[1] > 0) | (found[2] > 0)
    return _Counts(*(count[labels] for count in found))


def _share(part: Floats, whole: Floats) -> float:
    """Return the mean over labels of part / whole, where 0 / 0 is 0."""
    return mean(part / np.where(whole > 0, whole, 1.0))


class _Labels(Decision):
    """Counts labels one by one, so that targets are to be yes or no."""

    def _check(self, targets: Targets) -> None:
        super()._check(targets)
        if not targets.by_class and not targets.are_binary():
            raise ValueError(
                f"metrics: {self.name} expects targets of 0 or 1, got others; use 'mse' or "
                "'log_loss'"
            )


@dataclass(frozen=True)
class Precision(_Labels):
    r"""The share of what was predicted to be positive that is.

    .. math:: \frac{\sum_i w_i \, [\hat c_i = 1] [c_i = 1]}{\sum_i w_i \, [\hat c_i = 1]}

    For more than two classes, and for several sigmoid outputs, the mean over them, each against the
    rest; classes that are neither among targets nor predictions are left out. 0/0 is 0.

    References
    ----------
    scikit-learn's ``precision_score`` with ``average="macro"``, ``zero_division=0``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Precision()(np.array([[0.9], [0.8], [0.3]]), np.array([1, 0, 1]))
    0.5
    """

    name = "precision"
    more_is_better = True

    def _value(self, predictions: Array, targets: Targets) -> float:
        counts = _counts(predictions, targets)
        return _share(counts.hits, counts.predicted)


@dataclass(frozen=True)
class Recall(_Labels):
    r"""The share of the positives that was predicted to be so.

    .. math:: \frac{\sum_i w_i \, [\hat c_i = 1] [c_i = 1]}{\sum_i w_i \, [c_i = 1]}

    For more than two classes, and for several sigmoid outputs, the mean over them, each against the
    rest; classes that are neither among targets nor predictions are left out. 0/0 is 0.

    References
    ----------
    scikit-learn's ``recall_score`` with ``average="macro"``, ``zero_division=0``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Recall()(np.array([[0.9], [0.8], [0.3]]), np.array([1, 0, 1]))
    0.5
    """

    name = "recall"
    more_is_better = True

    def _value(self, predictions: Array, targets: Targets) -> float:
        counts = _counts(predictions, targets)
        return _share(counts.hits, counts.actual)


@dataclass(frozen=True)
class F1(_Labels):
    r"""The harmonic mean of precision and recall.

    .. math:: \frac{2 \sum_i w_i \, [\hat c_i = 1] [c_i = 1]}
              {\sum_i w_i \, ([\hat c_i = 1] + [c_i = 1])}

    For more than two classes, and for several sigmoid outputs, the mean over them, each against the
    rest; classes that are neither among targets nor predictions are left out. 0/0 is 0.

    References
    ----------
    scikit-learn's ``f1_score`` with ``average="macro"``, ``zero_division=0``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.F1()(np.array([[0.9], [0.8], [0.3]]), np.array([1, 0, 1]))
    0.5
    """

    name = "f1"
    more_is_better = True

    def _value(self, predictions: Array, targets: Targets) -> float:
        counts = _counts(predictions, targets)
        return _share(2.0 * counts.hits, counts.predicted + counts.actual)
