"""Do positives come before negatives? Metrics of the order of outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.metrics._base import Metric, Targets, mean, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.metrics._base import Array, Floats


def _labels(predictions: Array, targets: Targets) -> Iterator[tuple[Array, Array, Floats]]:
    """Return scores, whether they are of positives, and weights above 0, label by label."""
    if targets.by_class:
        classes, weights = targets.classes(), targets.row_weights()
        labels = [1] if targets.n_outputs == 2 else range(targets.n_outputs)
        members = ((predictions[:, j], classes == j, weights) for j in labels)
    else:
        columns = targets.column_weights(slice(None))
        members = (
            (predictions[:, j], targets.y[:, j] == 1, columns[:, j])
            for j in range(targets.n_outputs)
        )
    for scores, positive, weight in members:
        there = weight > 0
        if there.any():
            yield scores[there], positive[there], weight[there]


def _curve(scores: Array, positive: Array, weights: Floats) -> tuple[Floats, Floats]:
    """Return weights of true and of false positives above each threshold, from the highest.

    Equal scores share a threshold.
    """
    order = np.argsort(-scores, kind="stable")
    scores, positive, weights = scores[order], positive[order], weights[order]
    last = np.append(scores[1:] != scores[:-1], True)
    true = np.add.accumulate(np.where(positive, weights, 0.0))[last]
    false = np.add.accumulate(np.where(positive, 0.0, weights))[last]
    return true, false


class _Ranking(Metric):
    """The mean over labels of a number that follows from the order of their scores."""

    def _check(self, targets: Targets) -> None:
        if not targets.by_class and not targets.are_binary():
            raise ValueError(
                f"metrics: {self.name} expects classes, or targets of 0 or 1, got others; use a "
                "metric of numbers like 'mse'"
            )

    def _value(self, predictions: Array, targets: Targets) -> float:
        values = [
            np.nan if np.isnan(scores).any() else self._area(*_curve(scores, positive, weights))
            for scores, positive, weights in _labels(predictions, targets)
        ]
        return mean(np.array(values))

    def _area(self, true: Floats, false: Floats) -> float:
        raise NotImplementedError


@dataclass(frozen=True)
class RocAuc(_Ranking):
    r"""The area under the receiver operating characteristic.

    .. math:: \frac{\sum_{i \in P} \sum_{k \in N} w_i w_k \, ([\hat y_i > \hat y_k]
              + \tfrac{1}{2} [\hat y_i = \hat y_k])}{\sum_{i \in P} w_i \sum_{k \in N} w_k}

    with positives P and negatives N: how probably a positive has the larger output. For more than
    two classes, and for several outputs of yes or no, the mean over them, each against the rest.
    NaN where one of them has no positives or no negatives.

    References
    ----------
    scikit-learn's ``roc_auc_score`` with ``average="macro"``, ``multi_class="ovr"``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.RocAuc()(np.array([[0.1], [0.4], [0.35], [0.8]]), np.array([0, 0, 1, 1]))
    0.75
    """

    name = "roc_auc"
    more_is_better = True

    def _area(self, true: Floats, false: Floats) -> float:
        if true[-1] == 0 or false[-1] == 0:
            return np.nan
        before = np.append(0.0, true[:-1])
        steps = np.diff(false, prepend=0.0)
        pairs = float(true[-1] * false[-1])
        return min(1.0, total(steps * (before + true)) / (2.0 * pairs))


@dataclass(frozen=True)
class AveragePrecision(_Ranking):
    r"""The mean of the precision over the positives, each at its own output as threshold.

    .. math:: \sum_k (R_k - R_{k-1}) P_k

    with precision :math:`P_k` and recall :math:`R_k` at the k-th largest output. For more than two
    classes, and for several outputs of yes or no, the mean over them, each against the rest. 0 for
    one without positives.

    References
    ----------
    scikit-learn's ``average_precision_score`` with ``average="macro"``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> scores, y = np.array([[0.1], [0.4], [0.35], [0.8]]), np.array([0, 0, 1, 1])
    >>> round(cr.metrics.AveragePrecision()(scores, y), 4)
    0.8333
    """

    name = "average_precision"
    more_is_better = True

    def _area(self, true: Floats, false: Floats) -> float:
        if true[-1] == 0:
            return 0.0
        steps = np.diff(true, prepend=0.0)
        return min(1.0, total(steps * (true / (true + false))) / float(true[-1]))
