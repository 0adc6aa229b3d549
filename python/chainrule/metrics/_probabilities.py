"""How probable were the targets? The logarithmic loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule import _core
from chainrule.layers import Dense
from chainrule.metrics._base import Metric, Targets, blocks, total

if TYPE_CHECKING:
    from chainrule.metrics._base import Array, Floats


@dataclass(frozen=True)
class LogLoss(Metric):
    r"""The mean of the negative logarithm of the probabilities of the targets.

    .. math:: \frac{\sum_i w_i \sum_j -y_{ij} \log \hat y_{ij}}{\sum_i w_i}
              \quad \text{or} \quad
              \frac{\sum_{ij} w_{ij} \, (-y_{ij} \log \hat y_{ij}
              - (1 - y_{ij}) \log(1 - \hat y_{ij}))}{\sum_{ij} w_{ij}}

    The first for classes, the second for sigmoid outputs. Probabilities are clipped to
    :math:`[\varepsilon, 1 - \varepsilon]` with the machine precision of their dtype; outputs of
    log_softmax are logarithms and taken as they are. Targets may be probabilities, too.

    References
    ----------
    scikit-learn's ``log_loss``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> round(cr.metrics.LogLoss()(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])), 4)
    0.4904
    """

    name = "log_loss"
    more_is_better = False

    def _check(self, targets: Targets) -> None:
        if targets.output not in ("sigmoid", "softmax", "log_softmax"):
            raise ValueError(
                "metrics: log_loss expects probabilities, outputs of sigmoid, softmax or "
                f"log_softmax, got outputs of {targets.output}; use a metric of numbers like 'mse'"
            )
        if targets.y.ndim == 2 and not targets.are_all(lambda y: (y >= 0) & (y <= 1)):
            raise ValueError("metrics: log_loss expects targets in [0, 1]")

    def _value(self, predictions: Array, targets: Targets) -> float:
        if targets.output != "log_softmax" and ((predictions < 0) | (predictions > 1)).any():
            raise ValueError("predictions: expected probabilities, numbers in [0, 1]")
        if targets.by_class:
            return _mean_of_rows(predictions, targets)

        def entries(rows: slice) -> Floats:
            y, p = targets.y[rows], _clipped(predictions[rows])
            return y * _negative_log(p) + (1.0 - y) * _negative_log(1.0 - p)

        weights, losses = targets.sums(entries)
        return total(losses) / total(weights)


def _mean_of_rows(predictions: Array, targets: Targets) -> float:
    """Return the mean loss of rows that are one decision each."""

    def costs(outputs: Array) -> Floats:
        if targets.output == "log_softmax":
            return -outputs.astype(np.float64)
        return _negative_log(_clipped(outputs))

    weights = targets.row_weights()
    added = 0.0
    for rows in blocks(*predictions.shape):
        y, outputs = targets.y[rows], predictions[rows]
        if y.ndim == 1:
            losses = costs(outputs[np.arange(len(y)), y])
        else:
            each = np.where(y > 0, y * costs(outputs), 0.0)
            losses = np.add.accumulate(each, axis=1)[:, -1]
        added += total(np.where(weights[rows] > 0, weights[rows] * losses, 0.0))
    return added / total(weights)


def _clipped(probabilities: Array) -> Floats:
    """Return probabilities in float64 away from 0 and 1 by the precision that they had."""
    epsilon = float(np.finfo(probabilities.dtype).eps)
    return np.clip(probabilities.astype(np.float64), epsilon, 1.0 - epsilon)


def _negative_log(p: Floats) -> Floats:
    """Return -log p by the core, whose logarithm has the same bits on every processor.

    It is the cross entropy of a network that gives back its input; clamping begins at exp(-100).
    """
    layer = Dense(1, bias=False, initializer="ones").describe()
    description = {"dtype": "float64", "n_features": 1, "seed": 0, "layers": [layer], "loss": None}
    network: _core.Network = _core.Network.__new__(_core.Network)  # type: ignore[no-untyped-call]
    network._build(description, {})
    column = np.ascontiguousarray(p).reshape(-1, 1)
    loss = _core.losses.get("cross_entropy")
    return network._example_losses(column, np.ones_like(column), loss).reshape(p.shape)
