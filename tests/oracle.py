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
    """ℓ and ∂ℓ/∂ŷ of each output, and both from Z behind the matching activation.

    Fields of the loss follow P and Y by their names.
    """

    averages: bool  # over the outputs; otherwise it adds them
    value: Callable[..., Array]
    gradient: Callable[..., Array]
    matching: str | None = None
    fused_value: Callable[..., Array] | None = None
    fused_gradient: Callable[..., Array] | None = None
    targets: str = "numbers"  # their kind
    # How many outputs belong to a target, and the shares of targets for all outputs.
    outputs_per_target: Callable[..., int] = lambda **_: 1
    of_outputs: Callable[[Array, int], Array] = lambda share, _: share

    @property
    def output(self) -> str:
        """An activation that suits the loss: the matching one, or one between 0 and 1."""
        return self.matching or "sigmoid"

    def of_example(self, elements: Array) -> Array:
        return elements.mean(axis=1) if self.averages else elements.sum(axis=1)


def clamped_log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100)


def cosine_loss(P: Array, Y: Array) -> Array:
    norms = np.linalg.norm(P, axis=1) * np.linalg.norm(Y, axis=1)
    elements = np.zeros_like(P)  # the loss of the row in its first column
    elements[:, 0] = 1 - (P * Y).sum(axis=1) / norms
    return elements


def cosine_gradient(P: Array, Y: Array) -> Array:
    length, target = (np.linalg.norm(A, axis=1, keepdims=True) for A in (P, Y))
    cosine = (P * Y).sum(axis=1, keepdims=True) / (length * target)
    return cosine * P / length**2 - Y / (length * target)


def errors_by_level(P: Array, Y: Array, quantiles: tuple[float, ...]) -> tuple[Array, Array]:
    """y - ŷ and the level of each, (d, k, q)."""
    e = Y[:, :, None] - P.reshape(*Y.shape, len(quantiles))
    return e, np.broadcast_to(quantiles, e.shape)


def quantile(P: Array, Y: Array, quantiles: tuple[float, ...] = (0.5,)) -> Array:
    e, level = errors_by_level(P, Y, quantiles)
    return np.maximum(level * e, (level - 1) * e).mean(axis=2)


def quantile_gradient(P: Array, Y: Array, quantiles: tuple[float, ...] = (0.5,)) -> Array:
    e, level = errors_by_level(P, Y, quantiles)
    slope = np.where(e > 0, -level, np.where(e < 0, 1 - level, 0))
    return slope.reshape(P.shape) / len(quantiles)


def gaussian_nll(P: Array, Y: Array) -> Array:
    mean, s = np.split(P, 2, axis=1)
    return (s + (Y - mean) ** 2 * np.exp(-s)) / 2


def gaussian_nll_gradient(P: Array, Y: Array) -> Array:
    mean, s = np.split(P, 2, axis=1)
    return np.hstack([(mean - Y) * np.exp(-s), (1 - (Y - mean) ** 2 * np.exp(-s)) / 2])


def smoothed(Y: Array, label_smoothing: float, n_classes: int) -> Array:
    return (1 - label_smoothing) * Y + label_smoothing / n_classes


def with_smoothing(f: Callable[[Array, Array], Array], n_classes: int | None = None) -> Any:
    """Of targets that are smoothed, by default over all outputs."""
    return lambda P, Y, label_smoothing=0.0: f(
        P, smoothed(Y, label_smoothing, n_classes or Y.shape[1])
    )


def focal(P: Array, Y: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    a, b = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    return -(a * Y * (1 - P) ** gamma * np.log(P) + b * (1 - Y) * P**gamma * np.log(1 - P))


def focal_gradient(P: Array, Y: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    a, b = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)

    def slope(p: Array) -> Array:  # of -(1 - p)^gamma log p
        return (1 - p) ** gamma * (gamma * np.log(p) / (1 - p) - 1 / p)

    return a * Y * slope(P) - b * (1 - Y) * slope(1 - P)


def class_focal(P: Array, Y: Array, gamma: float = 2.0, alpha: float | None = None) -> Array:
    return -(1.0 if alpha is None else alpha) * Y * (1 - P) ** gamma * np.log(P)


def class_focal_gradient(
    P: Array, Y: Array, gamma: float = 2.0, alpha: float | None = None
) -> Array:
    slope = (1 - P) ** gamma * (gamma * np.log(P) / (1 - P) - 1 / P)
    return (1.0 if alpha is None else alpha) * Y * slope


def huber(P: Array, Y: Array, delta: float = 1.0) -> Array:
    e = abs(P - Y)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2))


def tweedie(P: Array, Y: Array, power: float = 1.5) -> Array:
    if power in (0, 1, 2):
        return ((P - Y) ** 2 / 2, P - Y * clamped_log(P), Y / P + np.log(P))[int(power)]
    return P ** (2 - power) / (2 - power) - Y * P ** (1 - power) / (1 - power)


LOSSES = {
    "mse": Loss(
        averages=True,
        matching="identity",
        value=lambda P, Y: (P - Y) ** 2,
        gradient=lambda P, Y: 2 * (P - Y),
    ),
    "mae": Loss(
        averages=True,
        value=lambda P, Y: abs(P - Y),
        gradient=lambda P, Y: np.sign(P - Y),
    ),
    "huber": Loss(
        averages=True,
        value=huber,
        gradient=lambda P, Y, delta=1.0: np.clip(P - Y, -delta, delta),
    ),
    "log_cosh": Loss(
        averages=True,
        value=lambda P, Y: np.log(np.cosh(P - Y)),
        gradient=lambda P, Y: np.tanh(P - Y),
    ),
    "poisson": Loss(
        averages=True,
        targets="not_negative",
        value=lambda P, Y: P - Y * clamped_log(P),
        gradient=lambda P, Y: 1 - Y / P,
    ),
    "gamma": Loss(
        averages=True,
        targets="positive",
        value=lambda P, Y: Y / P + np.log(P),
        gradient=lambda P, Y: 1 / P - Y / P**2,
    ),
    "tweedie": Loss(
        averages=True,
        targets="not_negative",
        value=tweedie,
        gradient=lambda P, Y, power=1.5: P ** (1 - power) - Y * P**-power,
    ),
    "hinge": Loss(
        averages=True,
        targets="signs",
        value=lambda P, Y: np.maximum(0, 1 - Y * P),
        gradient=lambda P, Y: np.where(Y * P < 1, -Y, 0),
    ),
    "squared_hinge": Loss(
        averages=True,
        targets="signs",
        value=lambda P, Y: np.maximum(0, 1 - Y * P) ** 2,
        gradient=lambda P, Y: -2 * Y * np.maximum(0, 1 - Y * P),
    ),
    "binary_cross_entropy": Loss(
        averages=True,
        targets="shares",
        matching="sigmoid",
        value=with_smoothing(lambda P, Y: -(Y * clamped_log(P) + (1 - Y) * clamped_log(1 - P)), 2),
        gradient=with_smoothing(lambda P, Y: (P - Y) / np.maximum(P * (1 - P), 1e-12), 2),
        fused_value=with_smoothing(
            lambda Z, Y: np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-abs(Z))), 2
        ),
        fused_gradient=with_smoothing(lambda Z, Y: sigmoid(Z) - Y, 2),
    ),
    "cross_entropy": Loss(
        averages=False,
        targets="classes",
        matching="softmax",
        value=with_smoothing(lambda P, Y: -Y * clamped_log(P)),
        gradient=with_smoothing(lambda P, Y: -Y / np.maximum(P, 1e-12)),
        fused_value=with_smoothing(lambda Z, Y: Y * (log_sum_exp(Z) - Z)),
        fused_gradient=with_smoothing(lambda Z, Y: softmax(Z) - Y),
    ),
    "focal": Loss(
        averages=True,
        targets="shares",
        matching="sigmoid",
        value=focal,
        gradient=focal_gradient,
    ),
    "kl_divergence": Loss(
        averages=False,
        targets="probabilities",
        matching="softmax",
        value=lambda P, Y: Y * (clamped_log(Y) - clamped_log(P)),
        gradient=lambda P, Y: -Y / np.maximum(P, 1e-12),
        fused_value=lambda Z, Y: Y * (clamped_log(Y) + log_sum_exp(Z) - Z),
        fused_gradient=lambda Z, Y: softmax(Z) - Y,
    ),
    "quantile": Loss(
        averages=True,
        value=quantile,
        gradient=quantile_gradient,
        outputs_per_target=lambda quantiles=(0.5,): len(quantiles),
        of_outputs=lambda share, n: np.repeat(share, n, axis=1),
    ),
    "gaussian_nll": Loss(
        averages=True,
        value=gaussian_nll,
        gradient=gaussian_nll_gradient,
        outputs_per_target=lambda: 2,
        of_outputs=np.tile,
    ),
    "cosine": Loss(averages=False, value=cosine_loss, gradient=cosine_gradient),
}

# The forms of losses behind other activations than the one that they match.
OTHER_FORMS = {
    ("focal", "softmax"): Loss(
        averages=False,
        targets="classes",
        matching="softmax",
        value=class_focal,
        gradient=class_focal_gradient,
    )
}


def loss_form(loss: str, output: str) -> Loss:
    return OTHER_FORMS.get((loss, output), LOSSES[loss])


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

    def step(
        self, X: Array, Y: Array, loss: str, share: Array | float | None = None, **fields: Any
    ) -> Step:
        """J = Σ share ℓ with gradients; without shares the mean over examples (and outputs)."""
        values, members = self.forward(X), list(self.layers)
        outputs = [layer["name"] for layer in members if isinstance(layer, dict)]
        form = loss_form(loss, outputs[-1] if outputs else "identity")
        if share is None:
            share = shares(np.ones(len(X)), Y.shape, form)
        last = members[-1]
        value, slope, at = form.value, form.gradient, values[-1]
        is_matching = isinstance(last, dict) and last["name"] == form.matching
        if form.fused_value and form.fused_gradient and is_matching:
            value, slope, at = form.fused_value, form.fused_gradient, values[-2]
            members.pop()
        elements, gradient = value(at, Y, **fields), slope(at, Y, **fields)
        by_output = form.of_outputs(share, gradient.shape[1] // Y.shape[1])
        back, bound, found = by_output * gradient, by_output * (gradient**2 + 1), []
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
