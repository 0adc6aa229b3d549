"""What does a step cost in scikit-learn? ``MLPClassifier.partial_fit`` with one batch."""

from __future__ import annotations

import warnings

import numpy as np
import opponent
from problem import LEARNING_RATE, Problem
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

EPSILON = 1e-8


class Opponent(opponent.Opponent):
    """Without penalty, with its own Adam."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        if problem.sizes[-1] == 2:
            raise NotImplementedError("two classes have one output there")
        super().__init__(problem, n_threads)
        self.limits = threadpool_limits(n_threads, "blas")
        x, classes = problem.data()
        self.classes = np.arange(problem.sizes[-1])
        self.x, self.y = np.split(x, problem.n_batches), np.split(classes, problem.n_batches)
        self.reset()

    def reset(self) -> None:  # noqa: D102
        self.model = MLPClassifier(
            self.problem.sizes[1:-1],
            alpha=0.0,
            batch_size=self.problem.batch,
            learning_rate_init=LEARNING_RATE,
            shuffle=False,
        )
        # The first call makes the arrays, the optimiser and its state.
        with warnings.catch_warnings(action="ignore"):
            self.model.partial_fit(self.x[0], self.y[0], classes=self.classes)
        weights, biases = self.problem.parameters()
        for own, given in zip(self.model.coefs_, weights, strict=True):
            own[...] = given.T
        for own, given in zip(self.model.intercepts_, biases, strict=True):
            own[...] = given
        adam = self.model._optimizer
        adam.t = 0
        for moment in (*adam.ms, *adam.vs):
            moment[...] = 0

    def step(self, i: int) -> float:  # noqa: D102
        # It adds epsilon to the root of v before v is corrected for its beginning at zero.
        adam = self.model._optimizer
        adam.epsilon = EPSILON * (1 - adam.beta_2 ** (adam.t + 1)) ** 0.5
        self.model.partial_fit(self.x[i], self.y[i])
        return float(self.model.loss_)
