"""What should losses be? ℓ and ∂ℓ/∂ŷ in NumPy float64, one line per equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from oracle_activations import log_sum_exp, sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]


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
    ),
    ("cross_entropy", "log_softmax"): Loss(
        averages=False,
        targets="classes",
        matching="log_softmax",
        value=with_smoothing(lambda P, Y: -Y * P),
        gradient=with_smoothing(lambda P, Y: -Y + 0 * P),
        fused_value=LOSSES["cross_entropy"].fused_value,
        fused_gradient=LOSSES["cross_entropy"].fused_gradient,
    ),
}


def loss_form(loss: str, output: str) -> Loss:
    return OTHER_FORMS.get((loss, output), LOSSES[loss])
