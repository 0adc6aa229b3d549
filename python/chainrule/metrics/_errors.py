"""How far off are numbers? Metrics of regression, of any outputs that targets are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.metrics._base import Metric, Targets, mean, total

if TYPE_CHECKING:
    from chainrule.metrics._base import Array, Floats


def _residuals(predictions: Array, targets: Targets, rows: slice) -> Floats:
    """Return predictions less targets of some rows in float64."""
    difference: Floats = predictions[rows].astype(np.float64) - targets.y[rows]
    return difference


class _Regression(Metric):
    """Compares outputs with targets of their own, number by number."""

    def _check(self, targets: Targets) -> None:
        if targets.output == "log_softmax":
            raise ValueError(
                f"metrics: {self.name} compares outputs with targets, and those of log_softmax are "
                "logarithms; use 'log_loss' or outputs of softmax"
            )
        if targets.y.ndim == 1:
            raise ValueError(
                f"metrics: {self.name} expects a target for each of the {targets.n_outputs} "
                "outputs, got class numbers; use 'log_loss', or give y as rows: "
                f"numpy.eye({targets.n_outputs})[y]"
            )


@dataclass(frozen=True)
class Mse(_Regression):
    r"""The mean squared error over examples and outputs.

    .. math:: \frac{\sum_{ij} w_{ij} \, (\hat y_{ij} - y_{ij})^2}{\sum_{ij} w_{ij}}

    References
    ----------
    scikit-learn's ``mean_squared_error``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Mse()(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    2.0
    """

    name = "mse"
    more_is_better = False

    def _value(self, predictions: Array, targets: Targets) -> float:
        weights, squares = targets.sums(lambda rows: _residuals(predictions, targets, rows) ** 2)
        return total(squares) / total(weights)


@dataclass(frozen=True)
class Mae(_Regression):
    r"""The mean absolute error over examples and outputs.

    .. math:: \frac{\sum_{ij} w_{ij} \, |\hat y_{ij} - y_{ij}|}{\sum_{ij} w_{ij}}

    References
    ----------
    scikit-learn's ``mean_absolute_error``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Mae()(np.array([[1.0], [4.0]]), np.array([[1.0], [2.0]]))
    1.0
    """

    name = "mae"
    more_is_better = False

    def _value(self, predictions: Array, targets: Targets) -> float:
        weights, sizes = targets.sums(lambda rows: np.abs(_residuals(predictions, targets, rows)))
        return total(sizes) / total(weights)


@dataclass(frozen=True)
class Rmse(_Regression):
    r"""The root of the mean squared error, averaged over outputs.

    .. math:: \frac{1}{m} \sum_j
              \sqrt{\frac{\sum_i w_{ij} \, (\hat y_{ij} - y_{ij})^2}{\sum_i w_{ij}}}

    The root is taken for each output, in the unit of its target, and outputs count the same.

    References
    ----------
    scikit-learn's ``root_mean_squared_error``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.Rmse()(np.array([[1.0], [5.0]]), np.array([[2.0], [4.0]]))
    1.0
    """

    name = "rmse"
    more_is_better = False

    def _value(self, predictions: Array, targets: Targets) -> float:
        weights, squares = targets.sums(lambda rows: _residuals(predictions, targets, rows) ** 2)
        there = weights > 0
        return mean(np.sqrt(squares[there] / weights[there]))


@dataclass(frozen=True)
class R2(_Regression):
    r"""The share of the variance that is explained, averaged over outputs.

    .. math:: \frac{1}{m} \sum_j \left( 1 - \frac{\sum_i w_{ij} \, (\hat y_{ij} - y_{ij})^2}
              {\sum_i w_{ij} \, (y_{ij} - \bar y_j)^2} \right)

    with the weighted mean :math:`\bar y_j` of a target. An output whose targets are all the same
    counts 1 if it is exact, else 0; for a single example the value is NaN.

    References
    ----------
    scikit-learn's ``r2_score``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.metrics.R2()(np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [3.0]]))
    0.5
    """

    name = "r2"
    more_is_better = True

    def _value(self, predictions: Array, targets: Targets) -> float:
        if len(targets.y) < 2:
            return np.nan
        # Deviations from one of the targets: so those of equal targets are exactly 0.
        origin = _first_targets(targets)

        def deviations(rows: slice) -> Floats:
            return targets.y[rows].astype(np.float64) - origin

        weights, residual, shift = targets.sums(
            lambda rows: _residuals(predictions, targets, rows) ** 2, deviations
        )
        there = weights > 0
        centre = shift / weights
        _, spread = targets.sums(lambda rows: (deviations(rows) - centre) ** 2)
        residual, spread = residual[there], spread[there]
        constant = np.where(residual == 0, 1.0, 0.0)
        return mean(np.where(spread == 0, constant, 1 - residual / spread))


def _first_targets(targets: Targets) -> Floats:
    """Return the first target of each output that has a weight, (m,)."""
    weights = targets.column_weights(slice(None))
    first: Floats = targets.y[(weights > 0).argmax(axis=0), np.arange(targets.n_outputs)]
    return first.astype(np.float64)
