"""How good is a network? Metrics of predictions, by name, as objects, or a caller's own functions.

A function ``f(y_pred, y_true)`` or ``f(y_pred, y_true, sample_weight=None)`` that returns a number
is a metric, too, with its ``__name__`` as key. `y_pred` is (d, m), `y_true` (d, m) or classes (d,),
weights are None, (d,) or (d, m).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._checks import as_list
from chainrule._names import check_name
from chainrule.metrics._base import Metric
from chainrule.metrics._decisions import Accuracy, TopK
from chainrule.metrics._errors import R2, Mae, Mse, Rmse
from chainrule.metrics._labels import F1, Precision, Recall
from chainrule.metrics._own import OwnMetric
from chainrule.metrics._probabilities import LogLoss
from chainrule.metrics._rankings import AveragePrecision, RocAuc

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALL: dict[str, type[Metric]] = {
    metric.name: metric
    for metric in (
        *(Accuracy, TopK, Precision, Recall, F1),
        *(RocAuc, AveragePrecision, LogLoss),
        *(Mse, Rmse, Mae, R2),
    )
}

__all__ = [
    "F1",
    "R2",
    "Accuracy",
    "AveragePrecision",
    "LogLoss",
    "Mae",
    "Mse",
    "Precision",
    "Recall",
    "Rmse",
    "RocAuc",
    "TopK",
    "names",
]

AnyMetric = Metric | OwnMetric


def names() -> list[str]:
    """Return the names that are accepted as metrics.

    Returns
    -------
    list of str
        In the order of the documentation.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.metrics.names()[:5]
    ['accuracy', 'top_k', 'precision', 'recall', 'f1']
    """
    return list(_ALL)


def is_more_better(name: str) -> bool:
    """Return whether more is better of what has this name; of unknown values less is."""
    return name in _ALL and _ALL[name].more_is_better


def get_all(metrics: Iterable[object]) -> list[AnyMetric]:
    """Return metric objects for names, objects and functions; a repeated name is an error."""
    chosen = [_get(metric) for metric in as_list("metrics", metrics)]
    found = [metric.name for metric in chosen]
    repeated = {name for name in found if found.count(name) > 1}
    if repeated:
        raise ValueError(
            f"metrics: {', '.join(sorted(repeated))} given more than once; a function can have "
            "another __name__"
        )
    return chosen


def _get(metric: object) -> AnyMetric:
    if isinstance(metric, str):
        check_name("metrics", metric, names())
        return _ALL[metric]()
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        raise TypeError(f"metrics: expected objects, got a class; give {metric.__name__}()")
    if callable(metric):
        return OwnMetric(metric)
    raise TypeError(f"metrics: expected names, metrics or functions, got {metric!r}")
