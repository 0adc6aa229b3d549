"""What should norms and scales give? In NumPy float64, one line per equation.

Written from the equations and not from the code: what oracle.py is for networks. Derivatives of a
normalisation are those of its whole Jacobian matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def normal(A: Array, epsilon: float) -> Array:
    """Rows with mean 0 and variance 1."""
    mean, variance = A.mean(axis=1, keepdims=True), A.var(axis=1, keepdims=True)
    return (A - mean) / np.sqrt(variance + epsilon)


def jacobians(A: Array, epsilon: float) -> Array:
    """∂n_j/∂a_k = (δ_jk - 1/n - n_j n_k/n) / √(variance + ε), a matrix for each row."""
    n, N = A.shape[1], normal(A, epsilon)
    deviation = np.sqrt(A.var(axis=1) + epsilon)[:, None, None]
    return (np.eye(n) - 1 / n - N[:, :, None] * N[:, None, :] / n) / deviation


def through(back: Array, matrices: Array) -> Array:
    return np.einsum("ij,ijk->ik", back, matrices)


@dataclass
class Scale:
    """A = w N + b with one w and b for each feature, where N is what it makes of A_prev."""

    w: Array
    b: Array | None = None
    trainable: bool = True
    rate: float = 1.0

    @property
    def parameters(self) -> list[Array]:
        return [self.w] if self.b is None else [self.w, self.b]

    @parameters.setter
    def parameters(self, values: list[Array]) -> None:
        self.w, self.b = values[0], values[1] if self.b is not None else None

    def normal(self, A: Array) -> Array:
        return A

    def jacobian_times(self, A: Array, back: Array, absolute: bool = False) -> Array:
        return back

    def forward(self, A: Array) -> Array:
        return self.w * self.normal(A) + (0 if self.b is None else self.b)

    def backward(self, A: Array, back: Array) -> tuple[Array, list[Array]]:
        """∂J/∂A_prev and the gradients of w and b."""
        gradients = [(back * self.normal(A)).sum(axis=0), back.sum(axis=0)]
        return self.jacobian_times(A, back * self.w), gradients[: len(self.parameters)]

    def bounds(self, A: Array, bound: Array) -> tuple[Array, list[Array]]:
        """The same of magnitudes."""
        found = [(bound * (abs(self.normal(A)) + 1)).sum(axis=0), bound.sum(axis=0)]
        back = self.jacobian_times(A, bound * abs(self.w), absolute=True)
        return back, found[: len(self.parameters)]


@dataclass
class LayerNorm(Scale):
    epsilon: float = 1e-5

    def normal(self, A: Array) -> Array:
        return normal(A, self.epsilon)

    def jacobian_times(self, A: Array, back: Array, absolute: bool = False) -> Array:
        matrices = jacobians(A, self.epsilon)
        return through(back, abs(matrices) if absolute else matrices)


@dataclass
class BatchNorm(Scale):
    """Columns with mean 0 and variance 1 in training, else by running statistics."""

    epsilon: float = 1e-5
    momentum: float = 0.1
    mean: Any = 0.0
    variance: Any = 1.0
    training: bool = False

    def normal(self, A: Array) -> Array:
        if self.training:
            return normal(A.T, self.epsilon).T
        return (A - self.mean) / np.sqrt(self.variance + self.epsilon)

    def jacobian_times(self, A: Array, back: Array, absolute: bool = False) -> Array:
        if not self.training:
            return back / np.sqrt(self.variance + self.epsilon)
        matrices = jacobians(A.T, self.epsilon)
        return through(back.T, abs(matrices) if absolute else matrices).T

    def follow(self, A: Array) -> None:
        share = self.momentum
        self.mean = (1 - share) * self.mean + share * A.mean(axis=0)
        self.variance = (1 - share) * self.variance + share * A.var(axis=0, ddof=1)


@dataclass
class Rescale:
    factor: float
    offset: float

    def forward(self, A: Array) -> Array:
        return self.factor * A + self.offset
