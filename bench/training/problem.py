"""What is trained? Five networks or random ones, with the same data and weights for everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Small enough for the widest network: in a run that explodes, rounding errors explode as well.
LEARNING_RATE = 1e-4


@dataclass(frozen=True)
class Problem:
    """A network with relu inside and softmax behind, trained by Adam on cross-entropy.

    Parameters
    ----------
    sizes : tuple of int
        Features, units of each hidden layer, classes.
    batch : int
        Examples per step.
    n_batches : int
        Batches per epoch. All libraries go through the same ones in the same order.
    dtype : str
        "float32" or "float64".
    """

    sizes: tuple[int, ...]
    batch: int
    n_batches: int
    dtype: str = "float32"

    @property
    def name(self) -> str:
        """The sizes with dashes."""
        return "-".join(map(str, self.sizes))

    @property
    def examples(self) -> int:
        """Examples per step."""
        return self.batch

    @property
    def flops(self) -> int:
        """Operations of the products of one step; there is no input gradient of the first layer."""
        products = [n_in * n_out for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False)]
        return 2 * self.batch * (3 * sum(products) - products[0])

    def data(self) -> tuple[Array, NDArray[np.int64]]:
        """Return x (n_batches * batch, n) and classes that a network can partly learn from x."""
        random = np.random.default_rng(1)
        n_examples = self.n_batches * self.batch
        x = random.random((n_examples, self.sizes[0]), np.float32).astype(self.dtype)
        scores = (x - 0.5) @ random.standard_normal((self.sizes[0], self.sizes[-1]))
        scores += 0.5 * scores.std() * random.gumbel(size=scores.shape)
        return x, np.argmax(scores, axis=1)

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Return weights (n_out, n_in) of variance 2 / n_in, and biases (n_out,), zero."""
        random = np.random.default_rng(2)
        weights = [
            (random.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(self.dtype)
            for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False)
        ]
        return weights, [np.zeros(n_out, self.dtype) for n_out in self.sizes[1:]]


# An epoch takes some ten milliseconds, of the largest a second: rounds are short, and what `fit`
# does once per epoch weighs no more than in real use.
EPOCH_FLOPS = 3e8
PROBLEMS = (
    Problem((8, 32, 32, 2), 32, 512),
    Problem((64, 128, 64, 10), 64, 256),
    Problem((784, 256, 128, 10), 128, 64),
    Problem((784, 512, 256, 10), 256, 32),
    Problem((784, 2048, 2048, 10), 1024, 4),
)


def with_epoch(sizes: tuple[int, ...], batch: int) -> Problem:
    """Return a problem whose epoch has about EPOCH_FLOPS operations."""
    step = Problem(sizes, batch, 1)
    return replace(step, n_batches=int(np.clip(EPOCH_FLOPS / step.flops, 4, 512)))


def random_problems(n: int, seed: int) -> tuple[Problem, ...]:
    """Return n networks of 1 to 4 hidden layers; widths and batches are log-uniform."""
    random = np.random.default_rng(seed)

    def log_uniform(low: int, high: int) -> int:
        return round(float(np.exp(random.uniform(np.log(low), np.log(high)))))

    problems = []
    for _ in range(n):
        hidden = [log_uniform(8, 1024) for _ in range(random.integers(1, 4, endpoint=True))]
        sizes = (log_uniform(4, 1024), *hidden, log_uniform(2, 100))
        problems.append(with_epoch(sizes, log_uniform(8, 512)))
    return tuple(problems)


def spaced_problems() -> tuple[Problem, ...]:
    """Return 30 networks of log-spaced widths."""
    return tuple(with_epoch((n, n, n, 10), 64) for n in map(round, np.geomspace(8, 1024, 30)))
