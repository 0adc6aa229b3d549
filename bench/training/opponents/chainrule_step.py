"""What does a step of chainrule cost when Python calls it? One call per batch."""

from __future__ import annotations

import opponent
from problem import LEARNING_RATE, Problem

import chainrule as cr


class Opponent(opponent.Opponent):
    """``net.train_step`` in a Python loop."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        cr.set_num_threads(n_threads)
        self.net = cr.mlp(
            problem.sizes, activation="relu", output="softmax", dtype=problem.dtype, seed=0
        )
        self.adam = cr.Adam(LEARNING_RATE)
        self.x, self.y = problem.data()
        d = problem.batch
        self.batches = [
            (self.x[i * d : (i + 1) * d], self.y[i * d : (i + 1) * d])
            for i in range(problem.n_batches)
        ]

    def reset(self) -> None:  # noqa: D102
        self.net.set_weights(*self.problem.parameters())
        self.net.reset_optimizer()

    def step(self, i: int) -> float:  # noqa: D102
        return self.net.train_step(*self.batches[i], optimizer=self.adam)
