"""What does a step cost in JAX? One jitted function, whose parameters are donated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import opponent
from problem import LEARNING_RATE, Problem

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def mean_loss(parameters: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return the cross-entropy of a batch."""
    *hidden, (w_last, b_last) = parameters
    for w, b in hidden:
        x = jax.nn.relu(x @ w.T + b)
    log_probabilities = jax.nn.log_softmax(x @ w_last.T + b_last)
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()


def step(state: Any, batch: Any) -> Any:
    """Return the state after an update by Adam, and the loss before it."""
    parameters, m, v, t = state
    loss, gradient = jax.value_and_grad(mean_loss)(parameters, *batch)
    t = t + 1
    m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, gradient)
    v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, gradient)
    rate = LEARNING_RATE / (1 - BETA_1**t)
    scale = 1 / jnp.sqrt(1 - BETA_2**t)
    parameters = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) * scale + EPSILON), parameters, m, v
    )
    return (parameters, m, v, t), loss


class Opponent(opponent.Opponent):
    """A call of the jitted function per batch."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        jax.config.update("jax_enable_x64", problem.dtype == "float64")
        x, classes = problem.data()
        shape = (problem.n_batches, problem.batch)
        self.data = (jnp.asarray(x.reshape(*shape, -1)), jnp.asarray(classes.reshape(shape)))
        self.batches = [(self.data[0][i], self.data[1][i]) for i in range(problem.n_batches)]
        self.jitted_step = jax.jit(step, donate_argnums=0)
        self.reset()

    def reset(self) -> None:  # noqa: D102
        parameters = [
            tuple(map(jnp.array, p)) for p in zip(*self.problem.parameters(), strict=True)
        ]
        m, v = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
        self.state = (parameters, m, v, jnp.zeros((), self.problem.dtype))

    def step(self, i: int) -> float:  # noqa: D102
        self.state, loss = self.jitted_step(self.state, self.batches[i])
        return float(np.asarray(loss))

    def epochs(self, n: int) -> None:  # noqa: D102
        for _ in range(n):
            for batch in self.batches:
                self.state, loss = self.jitted_step(self.state, batch)
        loss.block_until_ready()
