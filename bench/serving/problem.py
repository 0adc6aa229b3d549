"""What is served? Networks and batches, and the same weights and inputs for every library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Problem:
    """A network with relu inside and softmax behind, asked for the outputs of some rows.

    Parameters
    ----------
    sizes : tuple of int
        Features, units of each hidden layer, outputs.
    rows : int
        Examples per call.
    dtype : str
        "float32" or "float64".
    """

    sizes: tuple[int, ...]
    rows: int
    dtype: str = "float32"

    @property
    def name(self) -> str:
        """The sizes with dashes."""
        return "-".join(map(str, self.sizes))

    @property
    def examples(self) -> int:
        """Examples per call."""
        return self.rows

    @property
    def flops(self) -> int:
        """Operations of the products of one call."""
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return 2 * self.rows * sum(n_in * n_out for n_in, n_out in pairs)

    def inputs(self) -> Array:
        """Return x (rows, n)."""
        return np.random.default_rng(1).random((self.rows, self.sizes[0])).astype(self.dtype)

    def parameters(self) -> list[tuple[Array, Array]]:
        """Return W (n_out, n_in) of variance 2 / n_in and b (n_out,) of each layer."""
        random = np.random.default_rng(2)
        return [
            (
                (random.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)).astype(self.dtype),
                (random.standard_normal(n_out) * 0.1).astype(self.dtype),
            )
            for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False)
        ]


PROBLEMS = (
    Problem((8, 64, 64, 2), 1),
    Problem((784, 256, 128, 10), 1),
    Problem((8, 64, 64, 2), 32),
    Problem((784, 512, 256, 10), 256),
    Problem((8, 64, 64, 2), 8192),
)


def spaced_problems() -> tuple[Problem, ...]:
    """Return 30 networks of log-spaced widths."""
    return tuple(Problem((n, n, n, 10), 64) for n in map(round, np.geomspace(8, 1024, 30)))
