"""What does a step cost in JAX without Python? A scan over all batches in one jitted function."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import jax
from opponents import jax_jit

if TYPE_CHECKING:
    from problem import Problem


class Opponent(jax_jit.Opponent):
    """The jitted step, an epoch of which is one call."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        self.jitted_epoch = jax.jit(functools.partial(jax.lax.scan, jax_jit.step), donate_argnums=0)

    def epochs(self, n: int) -> None:  # noqa: D102
        for _ in range(n):
            self.state, losses = self.jitted_epoch(self.state, self.data)
        losses.block_until_ready()
