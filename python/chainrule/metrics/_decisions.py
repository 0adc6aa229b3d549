"""How often is a network right? Decisions are a class per row, or yes or no per entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule import _core
from chainrule._checks import as_count
from chainrule.metrics._base import Metric, Targets, total

if TYPE_CHECKING:
    from chainrule.metrics._base import Array


class Decision(Metric):
    """Needs outputs that can be taken for decisions."""

    def _check(self, targets: Targets) -> None:
        if not targets.by_class and targets.output != "sigmoid":
            raise ValueError(
                f"metrics: {self.name} expects decisions, outputs of sigmoid, softmax or "
                f"log_softmax, got outputs of {targets.output}; use a metric of numbers like 'mse'"
            )


@dataclass(frozen=True)
class Accuracy(Decision):
    r"""The share of right predictions, weighted by the examples.

    .. math:: \frac{\sum_i w_i \, [\arg\max_j \hat y_{ij} = c_i]}{\sum_i w_i}

    A single output counts as right where :math:`\hat y > 0.5` exactly when :math:`y > 0.5`; several
    sigmoid outputs count entry by entry. Ties go to the lowest class.

    References
    ----------
    scikit-learn's ``accuracy_score``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Accuracy()(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
    0.5
    """

    name = "accuracy"
    more_is_better = True

    def _value(self, predictions: Array, targets: Targets) -> float:
        y, weights = targets.y, targets.weights
        if targets.by_class:
            weights = None if weights is None else targets.row_weights()
        elif weights is not None and weights.ndim == 2:
            predictions, y, weights = predictions.reshape(-1, 1), y.reshape(-1, 1), weights.ravel()
        predictions, y = (np.require(array, requirements=["C", "A"]) for array in (predictions, y))
        if y.ndim == 2:
            y = y.astype(predictions.dtype, copy=False)
        return _core.metric_accuracy(predictions, y, weights, not targets.by_class)


@dataclass(frozen=True)
class TopK(Decision):
    r"""The share of examples whose class has one of the `k` largest outputs.

    .. math:: \frac{\sum_i w_i \, [\mathrm{rank}_i(c_i) \le k]}{\sum_i w_i}

    Of equal outputs the one of the highest class ranks first. With no more than `k` classes every
    example counts as right.

    Parameters
    ----------
    k : int, default 5
        How many outputs count, at least 1.

    Raises
    ------
    TypeError, ValueError
        If `k` is no whole number, or less than 1.

    References
    ----------
    scikit-learn's ``top_k_accuracy_score``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.TopK(2)(np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]), np.array([1, 2]))
    0.5
    """

    k: int = 5

    name = "top_k"
    more_is_better = True

    def __post_init__(self) -> None:
        as_count("TopK: k", self.k)

    def _check(self, targets: Targets) -> None:
        if not targets.by_class:
            raise ValueError(
                f"metrics: top_k expects one class per example, got targets for each of the "
                f"outputs of {targets.output}; use 'accuracy', or outputs of softmax"
            )

    def _value(self, predictions: Array, targets: Targets) -> float:
        classes = targets.classes()[:, None]
        own = np.take_along_axis(predictions, classes, axis=1)
        later = np.arange(targets.n_outputs) > classes
        before = np.count_nonzero((predictions > own) | ((predictions == own) & later), axis=1)
        right = (before < self.k) & (own[:, 0] == own[:, 0])
        weights = targets.row_weights()
        return total(np.where(right, weights, 0.0)) / total(weights)
