"""Which learning rate? Rates from tiny to large, tried in one sweep over a copy of the network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._checks import as_count, as_number
from chainrule._saving import Saving
from chainrule._steps import optimizer_or_none
from chainrule.callbacks import Callback
from chainrule.errors import DivergenceError
from chainrule.schedules import Exponential, Inverse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from chainrule import _core
    from chainrule._own_loss import LossLike
    from chainrule.callbacks import Run

__all__ = ["LearningRateCurve", "RateFinding"]

# Slopes are those of straight lines through so many steps to either side.
_REACH = 5

# A sweep ends when the running mean of the losses is so many first losses above its least.
_MOST_RISE = 3.0
_MEMORY = 0.9


@dataclass(frozen=True, eq=False)
class LearningRateCurve:
    """The losses of a sweep over learning rates.

    ``plt.semilogx(curve.learning_rates, curve.losses)`` draws it.

    Parameters
    ----------
    learning_rates : ndarray, shape (k,)
        The rates that were tried, rising; those behind the end of the sweep are left out.
    losses : ndarray, shape (k,)
        The loss J of each batch before the update with that rate.
    suggestion : float or None
        The rate in the middle of the 11 steps through which a straight line falls steepest, up to
        the least running mean of the losses; a start for experiments, None if none falls.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.mlp([1, 1], seed=0)
    >>> curve = net.find_learning_rate(np.ones((8, 1)), np.ones(8), optimizer="sgd")
    >>> 1e-3 < curve.suggestion < 1
    True
    """

    learning_rates: NDArray[np.float64] = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    suggestion: float | None


class _Sweep(Callback):
    """Sets the rate of each update, notes the losses, and ends where they have exploded."""

    def __init__(self, rates: NDArray[np.float64]) -> None:
        self.rates = rates
        self.losses: list[float] = []
        self._mean, self._least, self._lowest = 0.0, math.inf, 0

    def on_batch_begin(self, run: Run) -> None:
        run.learning_rate = float(self.rates[run.step - 1])

    def on_batch_end(self, run: Run) -> None:
        loss = run.logs["loss"]
        self.losses.append(loss)
        self._mean = loss if run.step == 1 else _MEMORY * self._mean + (1 - _MEMORY) * loss
        if self._mean < self._least:
            self._least, self._lowest = self._mean, len(self.losses) - 1
        if run.step == len(self.rates):
            run.stop("all rates were tried")
        elif self._mean - self._least > _MOST_RISE * abs(self.losses[0]):
            run.stop("the loss has exploded")

    def curve(self) -> LearningRateCurve:
        """Return what was seen."""
        rates, losses = self.rates[: len(self.losses)].copy(), np.array(self.losses)
        steps = range(-_REACH, _REACH + 1)
        # The slope of a least-squares line is a positive multiple of this sum. Behind the least
        # running mean losses jump, and what falls there has been too high.
        slopes = [
            math.fsum(k * self.losses[middle + k] for k in steps)
            for middle in range(_REACH, min(len(losses) - _REACH, self._lowest + 1))
        ]
        steepest = min(slopes, default=0.0)
        suggestion = float(rates[slopes.index(steepest) + _REACH]) if steepest < 0 else None
        for array in (rates, losses):
            array.flags.writeable = False
        return LearningRateCurve(rates, losses, suggestion)


def _rates(minimum: float, maximum: float, steps: int) -> NDArray[np.float64]:
    """Return rates that rise from minimum to maximum by one factor, with the core's own powers."""
    shrinking = Inverse(maximum / minimum - 1, power=1 / (steps - 1))(1, steps)
    return maximum * Exponential(shrinking)._factors(0, steps, steps)[::-1]


class RateFinding(Saving):
    """A network that can look for its learning rate."""

    def find_learning_rate(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        *,
        minimum: float = 1e-7,
        maximum: float = 10.0,
        steps: int = 100,
        batch_size: int | None = None,
        optimizer: str | _core.Formula | None = None,
        loss: LossLike | None = None,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[int, float] | str | None = None,
        ignore_nan_targets: bool = False,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> LearningRateCurve:
        r"""Try learning rates from tiny to large, one update with each, on a copy of the network.

        .. math:: \eta_i = \eta_{min} \left( \frac{\eta_{max}}{\eta_{min}} \right)^{i / (k - 1)},
                  \qquad i = 0, \ldots, k - 1

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row, at least one.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets, as in :meth:`fit`.
        minimum, maximum : float in (0, inf), default 1e-7 and 10
            The first and the last rate.
        steps : int, default 100
            The number k of rates, at least 11; there are as many epochs as that takes.
        batch_size, optimizer, loss, sample_weight, class_weight : optional
            As in :meth:`fit`.
        ignore_nan_targets, clip_norm, clip_value, l1, l2 : optional
            As in :meth:`fit`; the losses of the curve are J alone, without the penalty.

        Returns
        -------
        LearningRateCurve
            The rates, their losses and a suggestion. The sweep ends early where the loss has
            exploded.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong, or the optimiser is :class:`LBFGS`, whose line search
            finds the size of each step.
        DivergenceError
            If not even the first loss is finite.

        Notes
        -----
        Nothing in the network changes: neither parameters nor optimiser state nor counters. Where
        losses of single batches differ more than they fall, larger batches give a clearer curve.

        References
        ----------
        Smith (2017), Cyclical learning rates for training neural networks, section 3.3.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 8, 1], seed=0)
        >>> x = np.random.default_rng(0).standard_normal((64, 2))
        >>> curve = net.find_learning_rate(x, x[:, 0] * x[:, 1], optimizer=cr.SGD())
        >>> net.fit(x, x[:, 0] * x[:, 1], optimizer=cr.SGD(curve.suggestion)).n_epochs
        1
        """
        searching: Any = optimizer_or_none(optimizer) or self.optimizer
        if searching is not None and searching.full_batch:
            raise ValueError(
                "optimizer: LBFGS finds the size of each step by a line search, so that there is "
                "no rate to look for; call fit with it, or give another optimizer here"
            )
        low, high = as_number("minimum", minimum), as_number("maximum", maximum)
        if not 0 < low < high:
            raise ValueError(f"minimum: expected a number in (0, maximum = {high}), got {low}")
        n_steps = as_count("steps", steps, least=2 * _REACH + 1)
        sweep = _Sweep(_rates(low, high, n_steps))
        fitting: dict[str, Any] = {
            "epochs": n_steps,
            "batch_size": batch_size,
            "optimizer": optimizer,
            "loss": loss,
            "metrics": (),
            "sample_weight": sample_weight,
            "class_weight": class_weight,
            "ignore_nan_targets": ignore_nan_targets,
            "clip_norm": clip_norm,
            "clip_value": clip_value,
            "l1": l1,
            "l2": l2,
            "callbacks": [sweep],
            "verbose": 0,
        }
        try:
            self.copy().fit(x, y, **fitting)
        except DivergenceError:
            if not sweep.losses:
                raise
        return sweep.curve()
