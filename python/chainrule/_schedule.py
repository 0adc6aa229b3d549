"""What do schedules have in common? A factor of the learning rate for a step, or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._checks import as_count, as_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Factors = NDArray[np.float64]

__all__ = ["MOST_STEPS", "Schedule", "factors"]

# As many steps as a double can count.
MOST_STEPS = 2**53


class Schedule:
    """What schedules have in common: immutable descriptions, compared by value.

    A class of one's own has its factor in ``__call__``.

    Examples
    --------
    >>> import chainrule as cr
    >>> isinstance(cr.schedules.Cosine(), cr.schedules.Schedule)
    True
    """

    def __call__(self, step: int, total_steps: int) -> float:
        """Return the factor of the learning rate at a step.

        Parameters
        ----------
        step : int
            The step, from 0.
        total_steps : int
            The number of all steps.

        Returns
        -------
        float
            The factor, at least 0.

        Raises
        ------
        TypeError
            If a number is not whole.
        ValueError
            If `step` is below 0 or `total_steps` below 1.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.schedules.Polynomial()(25, 100)
        0.75
        """
        t = as_count("step", step, least=0, most=MOST_STEPS)
        total = as_count("total_steps", total_steps, most=MOST_STEPS)
        return float(self._factors(t, 1, total)[0])

    def _factors(self, first: int, count: int, _total: int) -> Factors:
        """Return the factors of `count` steps from `first` on."""
        raise NotImplementedError(f"{type(self).__name__}: give it __call__(step, total_steps)")

    def _set(self, **values: Any) -> None:
        """Put checked values in the place of those given."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


def factors(schedule: Callable[[int, int], float], first: int, count: int, total: int) -> Factors:
    """Return the factors of `count` steps from `first` on, whatever the schedule is."""
    if isinstance(schedule, Schedule) and type(schedule).__call__ is Schedule.__call__:
        return schedule._factors(first, count, total)
    found = [as_number("schedule", schedule(t, total)) for t in range(first, first + count)]
    return np.array(found, np.float64)
