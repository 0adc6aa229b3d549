"""What does a call of chainrule's predictor cost? With ``out``, one row as a vector."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from opponents import chainrule_network

if TYPE_CHECKING:
    from collections.abc import Callable


class Opponent(chainrule_network.Opponent):
    """``net.predictor()`` of the network."""

    def call(self) -> Callable[[], object]:  # noqa: D102
        predictor = self.net.predictor()
        if self.problem.rows == 1:
            return functools.partial(predictor.predict_one, self.x[0], self.out[0])
        return functools.partial(predictor.predict, self.x, out=self.out)
