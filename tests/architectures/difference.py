"""What is the derivative of a function at a point? A central difference, unless a kink is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 1e-5
MEDIAN, LARGEST, FLOOR = 1e-8, 1e-5, 1e-8  # of the relative errors of derivatives
ROUNDINGS = 16  # units in the last place by which a value may be off
BEND = 1e-6  # of a quotient: more than those of h and 2h differ by where a function is smooth
BLUR = 2e-8  # of a quotient: rounding, or bending, by which it no longer tells the median


class Difference(NamedTuple):
    """A difference quotient, how far rounding may have moved it, and how far the step has."""

    quotient: float
    rounding: float
    bending: float

    @property
    def is_sharp(self) -> bool:
        """Whether rounding and bending are far below the quotient."""
        return max(self.rounding, self.bending) <= BLUR * abs(self.quotient)

    def error(self, derivative: float) -> float:
        """The relative error of a derivative."""
        return abs(derivative - self.quotient) / self._size(derivative)

    def confirms(self, derivative: float) -> bool:
        off = abs(derivative - self.quotient)
        return off <= LARGEST * self._size(derivative) + 4 * self.rounding

    def _size(self, derivative: float) -> float:
        return max(abs(derivative), abs(self.quotient), FLOOR)


def difference(f: Callable[[float], float]) -> Difference | None:
    """D(h) = (f(h) − f(−h))/2h; None if f has a kink within 2h of 0.

    Where f is smooth, D(2h) = D(h) and S(2h) = 4 S(h) with S(h) = f(h) − 2 f(0) + f(−h), but for
    terms that are far smaller. Where its slope jumps by s at a, 0 ≤ a < h, D(2h) − D(h) = s a/4h
    and S(2h) − 4 S(h) = s (3a − 2h): one of both shows whenever D(h), off by s (h − a)/2h, is of no
    use. The derivative that is to be checked has no part in this.
    """
    values = [f(k * STEP) for k in (-2, -1, 0, 1, 2)]
    far_below, below, here, above, far_above = values
    quotient, far = (above - below) / (2 * STEP), (far_above - far_below) / (4 * STEP)
    bend, far_bend = above - 2 * here + below, far_above - 2 * here + far_below
    rounding = ROUNDINGS * 2.0**-53 * max(map(abs, values)) / STEP
    most = BEND * abs(quotient) + rounding
    if abs(far - quotient) > most or abs(far_bend - 4 * bend) / STEP > 8 * most:
        return None
    return Difference(quotient, rounding, abs(far - quotient) / 3)
