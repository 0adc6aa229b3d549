"""How is a function a metric? It has a name, and may take weights."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.metrics._base import Array, Targets

# Other keys of the history, and what it adds.
_TAKEN = ("loss", "penalty", "learning_rate", "seconds", "epoch")


class OwnMetric:
    """A function of predictions (d, m), targets and, if it takes them, ``sample_weight``."""

    more_is_better = False

    def __init__(self, function: Callable[..., Any]) -> None:
        name = getattr(function, "__name__", None)
        if isinstance(function, type) or not isinstance(name, str):
            raise TypeError(
                f"metrics: expected names, metrics or functions with a __name__, got {function!r}"
            )
        if name in _TAKEN or name.startswith("val_"):
            raise ValueError(
                f"metrics: a function cannot be called {name!r}, which the history uses; give it "
                "another __name__"
            )
        self.name = name
        self._function = function
        self._takes_weights = _takes_weights(function)

    def _check(self, targets: Targets) -> None:
        if targets.weights is not None and not self._takes_weights:
            raise ValueError(
                f"metrics: {self.name} is given weights, which it does not take; add the parameter "
                "sample_weight=None"
            )

    def _measure(self, predictions: Array, targets: Targets) -> float:
        # What the function keeps or writes into is its own, and the targets are the caller's.
        arrays = [np.array(predictions), _read_only(targets.y)]
        named = {"sample_weight": _read_only(targets.weights)} if self._takes_weights else {}
        value = self._function(*arrays, **named)
        number = np.asarray(value)
        if number.shape != () or number.dtype.kind not in "fiub":
            raise TypeError(f"metrics: expected a number from {self.name}, got {value!r}")
        return float(number)


def _takes_weights(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # compiled functions need not have one
        return False
    return "sample_weight" in parameters


def _read_only(array: Array | None) -> Array | None:
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view
