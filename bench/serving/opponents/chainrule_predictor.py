"""What does a call of chainrule's predictor cost? With ``out``, one row as a vector."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import opponent

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Callable

    from problem import Array, Problem


class Opponent(opponent.Opponent):
    """``net.predictor()``."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        cr.set_num_threads(n_threads)
        net = cr.mlp(problem.sizes, output="softmax", dtype=problem.dtype, seed=0)
        weights, biases = zip(*problem.parameters(), strict=True)
        net.set_weights(weights, biases)
        self.predictor = net.predictor()
        self.x = problem.inputs()
        self.out = np.empty((problem.rows, problem.sizes[-1]), problem.dtype)

    def call(self) -> Callable[[], object]:  # noqa: D102
        if self.problem.rows == 1:
            return functools.partial(self.predictor.predict_one, self.x[0], self.out[0])
        return functools.partial(self.predictor.predict, self.x, out=self.out)

    def outputs(self) -> Array:  # noqa: D102
        return self.out
