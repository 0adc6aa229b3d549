"""What should activations be? A = f(Z) and f'(Z) in NumPy float64, one line per equation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]


@dataclass(frozen=True)
class Elementwise:
    """A = f(Z) and f'(Z), entry by entry."""

    f: Callable[[Array], Array]
    slope: Callable[[Array], Array]

    def backward(self, Z: Array, dA: Array) -> Array:
        return dA * self.slope(Z)


@dataclass(frozen=True)
class RowWise:
    """A = f(Z) of each row, and the Jacobians ∂A_j/∂Z_k of all rows (d, m, m)."""

    f: Callable[[Array], Array]
    jacobian: Callable[[Array], Array]

    def backward(self, Z: Array, dA: Array) -> Array:
        return np.einsum("ij,ijk->ik", dA, self.jacobian(Z))


def sigmoid(Z: Array) -> Array:
    e = np.exp(-abs(Z))
    return np.where(Z < 0, e, 1) / (1 + e)


def log_sum_exp(Z: Array) -> Array:
    top = Z.max(axis=1, keepdims=True)
    return top + np.log(np.exp(Z - top).sum(axis=1, keepdims=True))


def softmax(Z: Array) -> Array:
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_jacobian(Z: Array) -> Array:
    A = softmax(Z)
    return A[:, :, None] * (np.eye(Z.shape[1]) - A[:, None, :])


def leaky_relu(negative_slope: float = 0.01) -> Elementwise:
    c = negative_slope
    return Elementwise(lambda Z: np.where(Z < 0, c * Z, Z), lambda Z: np.where(Z > 0, 1.0, c))


def prelu(slope: Array | float = 0.25) -> Elementwise:
    return Elementwise(
        lambda Z: np.where(Z < 0, slope * Z, Z), lambda Z: np.where(Z > 0, 1.0, slope)
    )


def line_between(low: float, high: float) -> Elementwise:
    return Elementwise(
        lambda Z: np.clip(Z, low, high), lambda Z: np.where((low < Z) & (high > Z), 1.0, 0.0)
    )


def hard_tanh(min_val: float = -1.0, max_val: float = 1.0) -> Elementwise:
    return line_between(min_val, max_val)


def hard_sigmoid() -> Elementwise:
    line = line_between(0, 6)
    return Elementwise(lambda Z: line.f(Z + 3) / 6, lambda Z: line.slope(Z + 3) / 6)


def hard_swish() -> Elementwise:
    return Elementwise(
        lambda Z: Z * np.clip((Z + 3) / 6, 0, 1),
        lambda Z: np.where(Z <= -3, 0.0, np.where(Z >= 3, 1.0, Z / 3 + 0.5)),
    )


def silu() -> Elementwise:
    return Elementwise(
        lambda Z: Z * sigmoid(Z), lambda Z: sigmoid(Z) + Z * sigmoid(Z) * sigmoid(-Z)
    )


def elu(alpha: float = 1.0) -> Elementwise:
    return Elementwise(
        lambda Z: np.where(Z > 0, Z, alpha * np.expm1(np.minimum(Z, 0))),
        lambda Z: np.where(Z > 0, 1.0, alpha * np.exp(np.minimum(Z, 0))),
    )


def selu() -> Elementwise:
    scale, unit = 1.0507009873554805, elu(1.6732632423543772)
    return Elementwise(lambda Z: scale * unit.f(Z), lambda Z: scale * unit.slope(Z))


def celu(alpha: float = 1.0) -> Elementwise:
    unit = elu()
    return Elementwise(lambda Z: alpha * unit.f(Z / alpha), lambda Z: unit.slope(Z / alpha))


def normal_distribution(Z: Array) -> Array:
    return np.vectorize(lambda z: math.erfc(-z / math.sqrt(2)) / 2)(Z)


def gelu(approximate: str = "none") -> Elementwise:
    if approximate == "none":
        Phi = normal_distribution
        return Elementwise(
            lambda Z: Z * Phi(Z),
            lambda Z: Phi(Z) + Z * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi),
        )
    c = np.sqrt(2 / np.pi)

    def t(Z: Array) -> Array:
        return np.tanh(c * (Z + 0.044715 * Z**3))

    return Elementwise(
        lambda Z: Z / 2 * (1 + t(Z)),
        lambda Z: (1 + t(Z)) / 2 + Z / 2 * (1 - t(Z) ** 2) * c * (1 + 3 * 0.044715 * Z**2),
    )


def softplus(beta: float = 1.0) -> Elementwise:
    return Elementwise(lambda Z: np.logaddexp(0, beta * Z) / beta, lambda Z: sigmoid(beta * Z))


def mish() -> Elementwise:
    def t(Z: Array) -> Array:
        return np.tanh(np.logaddexp(0, Z))

    return Elementwise(lambda Z: Z * t(Z), lambda Z: t(Z) + Z * (1 - t(Z) ** 2) * sigmoid(Z))


ACTIVATIONS: dict[str, Callable[..., Elementwise | RowWise]] = {
    "identity": lambda: Elementwise(lambda Z: Z, np.ones_like),
    "sigmoid": lambda: Elementwise(sigmoid, lambda Z: sigmoid(Z) * sigmoid(-Z)),
    "tanh": lambda: Elementwise(np.tanh, lambda Z: 1 - np.tanh(Z) ** 2),
    "softsign": lambda: Elementwise(lambda Z: Z / (1 + abs(Z)), lambda Z: (1 + abs(Z)) ** -2.0),
    "relu": lambda: Elementwise(lambda Z: np.maximum(Z, 0), lambda Z: np.where(Z > 0, 1.0, 0.0)),
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "relu6": lambda: line_between(0, 6),
    "hard_tanh": hard_tanh,
    "hard_sigmoid": hard_sigmoid,
    "hard_swish": hard_swish,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "silu": silu,
    "mish": mish,
    "softplus": softplus,
    "exponential": lambda: Elementwise(np.exp, np.exp),
    "softmax": lambda: RowWise(softmax, softmax_jacobian),
    "log_softmax": lambda: RowWise(
        lambda Z: Z - log_sum_exp(Z), lambda Z: np.eye(Z.shape[1]) - softmax(Z)[:, None, :]
    ),
}


def activation(description: dict[str, Any]) -> Elementwise | RowWise:
    """Return the activation of a name and its fields."""
    fields = {key: value for key, value in description.items() if key != "name"}
    return ACTIVATIONS[description["name"]](**fields)
