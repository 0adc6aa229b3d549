"""What has happened in training? A record, one value per epoch."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["History"]


class History(Mapping[str, list[float]]):
    """The values of each epoch, by name.

    Keys are ``loss``, the names of metrics, ``val_`` and each of these, ``penalty`` where weights
    are penalised, ``learning_rate`` and ``seconds``. ``history`` is the same as a dict of lists,
    for what takes one, such as ``pandas.DataFrame``; ``plt.plot(h["loss"])`` draws a curve.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> h = cr.mlp([2, 3, 1], seed=0).fit(np.ones((8, 2)), np.ones(8), epochs=2)
    >>> list(h), len(h["loss"]), h.best["epoch"]
    (['loss', 'learning_rate', 'seconds'], 2, 2)
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}

    def __getitem__(self, key: str) -> list[float]:
        return self.history[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.history)

    def __len__(self) -> int:
        return len(self.history)

    def __repr__(self) -> str:
        return f"History({self.n_epochs} epochs: {', '.join(self.history)})"

    @property
    def n_epochs(self) -> int:
        """Number of epochs recorded."""
        return len(self.history.get("loss", []))

    @property
    def best(self) -> dict[str, float]:
        """The values of the epoch with the least ``val_loss``, else ``loss``, and its ``epoch``."""
        watched = self.history.get("val_loss", self.history.get("loss", []))
        known = [(value, i) for i, value in enumerate(watched) if not math.isnan(value)]
        if not known:
            raise RuntimeError("history: there is no epoch yet; call fit first")
        index = min(known)[1]
        return {key: values[index] for key, values in self.history.items()} | {"epoch": index + 1}

    def add(self, values: Mapping[str, float]) -> None:
        """Record an epoch; a value that was not there before is NaN for the epochs before.

        Parameters
        ----------
        values : mapping of str to float
            The values of the epoch.

        Examples
        --------
        >>> import chainrule as cr
        >>> h = cr.History()
        >>> h.add({"loss": 0.5})
        >>> h["loss"]
        [0.5]
        """
        at_once(self._additions(values))

    def _additions(self, values: Mapping[str, float]) -> list[Callable[[], object]]:
        """Return the calls which together record an epoch."""
        n = self.n_epochs
        for key in values:
            self.history.setdefault(key, [math.nan] * n)
        return [
            functools.partial(column.append, values.get(key, math.nan))
            for key, column in self.history.items()
        ]


def at_once(calls: Iterable[Callable[[], object]]) -> None:
    """Make calls into compiled code, which return None, all of them or none.

    Python looks at signals between its own instructions only, and here is one.
    """
    any(map(operator.call, calls))
