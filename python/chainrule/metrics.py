"""How good is a network? Metrics of predictions, by name or as objects."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule import _core
from chainrule._checks import as_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["Accuracy", "names"]


class Metric(Protocol):
    """What training needs of a metric."""

    name: str

    def __call__(
        self,
        predictions: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        *,
        by_entry: bool,
    ) -> float:
        """Return the metric of predictions (d, m)."""


@dataclass(frozen=True)
class Accuracy:
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

    def __call__(
        self,
        predictions: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None = None,
        *,
        by_entry: bool = False,
    ) -> float:
        """Return the accuracy.

        Parameters
        ----------
        predictions : ndarray, shape (d, m)
            Predictions of a network.
        y : ndarray, shape (d,) of int64 classes, or (d, m)
            Targets.
        weights : ndarray, shape (d,), float64, optional
            Weights of the examples.
        by_entry : bool, default False
            Whether every output is a decision of its own.

        Returns
        -------
        float
            In [0, 1].

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> cr.metrics.Accuracy()(np.array([[0.7]]), np.array([[1.0]]))
        1.0
        """
        if weights is not None and weights.ndim == 2:
            weights = weights.mean(axis=1)
        predictions, y = (np.require(array, requirements=["C", "A"]) for array in (predictions, y))
        y = y.astype(
            np.int64 if y.ndim == 1 else predictions.dtype, casting="same_kind", copy=False
        )
        return float(_core.metric_accuracy(predictions, y, weights, by_entry))


_ALL: dict[str, type[Accuracy]] = {Accuracy.name: Accuracy}


def names() -> list[str]:
    """Return the names that are accepted as metrics.

    Returns
    -------
    list of str
        In the order of the documentation.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.metrics.names()
    ['accuracy']
    """
    return list(_ALL)


def get_all(metrics: Iterable[object]) -> list[Metric]:
    """Return metric objects for names and objects; a repeated name is an error."""
    chosen: list[Metric] = []
    for metric in as_list("metrics", metrics):
        if isinstance(metric, str):
            if metric not in _ALL:
                near = difflib.get_close_matches(metric, _ALL)
                hint = f"did you mean {near[0]}? " if near else ""
                raise ValueError(
                    f"metrics: unknown name {metric!r}; {hint}Known: {', '.join(_ALL)}"
                )
            chosen.append(_ALL[metric]())
        elif isinstance(metric, Accuracy):
            chosen.append(metric)
        elif callable(metric):
            raise NotImplementedError("metrics: own functions are not in this version of chainrule")
        else:
            raise TypeError(f"metrics: expected names or metrics, got {metric!r}")
    repeated = {m.name for m in chosen if sum(m.name == other.name for other in chosen) > 1}
    if repeated:
        raise ValueError(f"metrics: {', '.join(sorted(repeated))} given more than once")
    return chosen
