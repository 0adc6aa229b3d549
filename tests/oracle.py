"""What should every number be? The whole network in NumPy float64, one line per equation.

Written from the equations and not from the code: it knows nothing of the core. Examples are rows,
so Z = A_prev Wᵀ + b. Members of each list stand under their names in ACTIVATIONS (of their fields)
and LOSSES; oracle_optimizers.py has OPTIMIZERS, oracle_random.py INITIALIZERS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]

# ---- Activations -------------------------------------------------------------------------------


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


# ---- Losses ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loss:
    """ℓ and ∂ℓ/∂ŷ of each output, and both from Z behind the matching activation."""

    averages: bool  # over the outputs; otherwise it adds them
    matching: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    fused_value: Callable[[Array, Array], Array]
    fused_gradient: Callable[[Array, Array], Array]

    def of_example(self, elements: Array) -> Array:
        return elements.mean(axis=1) if self.averages else elements.sum(axis=1)


def clamped_log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100)


LOSSES = {
    "mse": Loss(
        averages=True,
        matching="identity",
        value=lambda P, Y: (P - Y) ** 2,
        gradient=lambda P, Y: 2 * (P - Y),
        fused_value=lambda Z, Y: (Z - Y) ** 2,
        fused_gradient=lambda Z, Y: 2 * (Z - Y),
    ),
    "binary_cross_entropy": Loss(
        averages=True,
        matching="sigmoid",
        value=lambda P, Y: -(Y * clamped_log(P) + (1 - Y) * clamped_log(1 - P)),
        gradient=lambda P, Y: (P - Y) / np.maximum(P * (1 - P), 1e-12),
        fused_value=lambda Z, Y: np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-abs(Z))),
        fused_gradient=lambda Z, Y: sigmoid(Z) - Y,
    ),
    "cross_entropy": Loss(
        averages=False,
        matching="softmax",
        value=lambda P, Y: -Y * clamped_log(P),
        gradient=lambda P, Y: -Y / np.maximum(P, 1e-12),
        fused_value=lambda Z, Y: Y * (log_sum_exp(Z) - Z),
        fused_gradient=lambda Z, Y: softmax(Z) - Y,
    ),
}

# ---- The network -------------------------------------------------------------------------------


@dataclass
class Dense:
    """Z = A_prev Wᵀ + b; no b where there is none."""

    W: Array
    b: Array | None = None


@dataclass
class Noise:
    """A = scale A_prev + shift, entry by entry."""

    scale: Array
    shift: Array


@dataclass
class Step:
    """Everything that one batch says, magnitudes being upper bounds of the sums behind each."""

    J: float
    losses: Array
    Y_hat: Array
    dX: Array
    gradients: list[Array]  # dW and db of each Dense layer in order
    magnitudes: list[Array]


@dataclass
class Network:
    """Dense layers, noise, activations (name and fields); `parameters` is [W1, b1, W2, b2, ...]."""

    layers: list[Dense | Noise | dict[str, Any]]

    def __post_init__(self) -> None:
        self.layers = [layer for layer in self.layers if layer != {"name": "identity"}]

    @property
    def parameters(self) -> list[Array]:
        dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        return [p for layer in dense for p in (layer.W, layer.b) if p is not None]

    @parameters.setter
    def parameters(self, values: list[Array]) -> None:
        left = iter(values)
        for layer in self.layers:
            if isinstance(layer, Dense):
                layer.W = next(left)
                layer.b = None if layer.b is None else next(left)

    def forward(self, X: Array) -> list[Array]:
        """X and what each layer makes of it."""
        values = [X]
        for layer in self.layers:
            A = values[-1]
            if isinstance(layer, Dense):
                values.append(A @ layer.W.T + (0 if layer.b is None else layer.b))
            elif isinstance(layer, Noise):
                values.append(layer.scale * A + layer.shift)
            else:
                values.append(activation(layer).f(A))
        return values

    def step(self, X: Array, Y: Array, loss: str, share: Array | float | None = None) -> Step:
        """J = Σ share ℓ with gradients; without shares the mean over examples (and outputs)."""
        values, members = self.forward(X), list(self.layers)
        form = LOSSES[loss]
        if share is None:
            share = shares(np.ones(len(X)), Y.shape, form)
        last = members[-1]
        if isinstance(last, dict) and last["name"] == form.matching:
            elements, gradient = form.fused_value(values[-2], Y), form.fused_gradient(values[-2], Y)
            members.pop()
        else:
            elements, gradient = form.value(values[-1], Y), form.gradient(values[-1], Y)
        back, bound, found = share * gradient, share * (gradient**2 + 1), []
        for layer, A in reversed(list(zip(members, values, strict=False))):
            if isinstance(layer, Dense):
                bias = [] if layer.b is None else [(back.sum(axis=0), bound.sum(axis=0))]
                found[:0] = [(back.T @ A, bound.T @ (abs(A) + 1)), *bias]
                back, bound = back @ layer.W, bound @ abs(layer.W)
            elif isinstance(layer, Noise):
                back, bound = back * layer.scale, bound * layer.scale
            else:
                f = activation(layer)
                back = f.backward(A, back)
                bound = bound + abs(bound).sum(axis=1, keepdims=True) * isinstance(f, RowWise)
        losses = form.of_example(elements)
        J = float((share * elements).sum())
        return Step(J, losses, values[-1], back, [g for g, _ in found], [m for _, m in found])


def shares(w: Array, shape: tuple[int, ...], loss: Loss, mean: float | None = None) -> Array:
    """The factor of each ℓ_ij in J: w/Σw, in a fit w/(mean of all weights · rows of the batch)."""
    w = np.broadcast_to(w if w.ndim == 2 else w[:, None], shape)
    mean = w.mean() if mean is None else mean
    return w / (mean * shape[0] * (shape[1] if loss.averages else 1))


def one_hot(classes: Array, m: int) -> Array:
    return np.eye(m)[classes]
