"""What should every number be? The whole network in NumPy float64, one line per equation.

Written from the equations and not from the code: it knows nothing of the core. Examples are rows,
so Z = A_prev Wᵀ + b. ACTIVATIONS stand in oracle_activations.py, LOSSES in oracle_losses.py,
norms in oracle_norms.py, OPTIMIZERS in oracle_optimizers.py, INITIALIZERS in oracle_random.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from oracle_activations import ACTIVATIONS, RowWise, activation
from oracle_losses import LOSSES, Loss, loss_form
from oracle_norms import BatchNorm, LayerNorm, Rescale, Scale

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ACTIVATIONS", "LOSSES", "Dense", "Network", "Noise", "Residual", "Step", "Training"]
__all__ += ["BatchNorm", "LayerNorm", "Rescale", "Scale"]
__all__ += ["averaged", "depth_first", "loss_form", "one_hot", "shares"]

Array = NDArray[Any]

# ---- The network -------------------------------------------------------------------------------


@dataclass
class Dense:
    """Z = A_prev Wᵀ + b; no b where there is none. How it is trained."""

    W: Array
    b: Array | None = None
    trainable: bool = True
    rate: float = 1.0
    l1: float = 0.0
    l2: float = 0.0
    max_norm: float | None = None

    @property
    def parameters(self) -> list[Array]:
        return [self.W] if self.b is None else [self.W, self.b]

    @parameters.setter
    def parameters(self, values: list[Array]) -> None:
        self.W, self.b = values[0], values[1] if self.b is not None else None


@dataclass
class Noise:
    """A = scale A_prev + shift, entry by entry."""

    scale: Array
    shift: Array


@dataclass
class Residual:
    """A = A_prev + block(A_prev)."""

    block: list[Any]


@dataclass
class Step:
    """Everything that one batch says, magnitudes being upper bounds of the sums behind each."""

    J: float
    losses: Array
    Y_hat: Array
    dX: Array
    gradients: list[Array]  # dW and db of each Dense layer, dw and db of each norm, depth first
    magnitudes: list[Array]


def depth_first(layers: list[Any]) -> list[Any]:
    """The layers, each block behind its Residual."""
    inside = ((depth_first(x.block) if isinstance(x, Residual) else []) for x in layers)
    return [y for x, block in zip(layers, inside, strict=True) for y in (x, *block)]


def forward(layers: list[Any], X: Array) -> list[Array]:
    """X and what each layer makes of it."""
    values = [X]
    for layer in layers:
        A = values[-1]
        if isinstance(layer, Dense):
            values.append(A @ layer.W.T + (0 if layer.b is None else layer.b))
        elif isinstance(layer, Noise):
            values.append(layer.scale * A + layer.shift)
        elif isinstance(layer, Scale | Rescale):
            values.append(layer.forward(A))
        elif isinstance(layer, Residual):
            values.append(A + forward(layer.block, A)[-1])
        else:
            values.append(activation(layer).f(A))
    return values


def backward(
    layers: list[Any], values: list[Array], back: Array, bound: Array
) -> tuple[Array, Array, list[tuple[Array, Array]]]:
    """∂J/∂X of ∂J/∂A with its magnitude, and the gradients of the parameters with theirs."""
    found: list[tuple[Array, Array]] = []
    for layer, A in reversed(list(zip(layers, values, strict=False))):
        if isinstance(layer, Dense):
            bias = [] if layer.b is None else [(back.sum(axis=0), bound.sum(axis=0))]
            found[:0] = [(back.T @ A, bound.T @ (abs(A) + 1)), *bias]
            back, bound = back @ layer.W, bound @ abs(layer.W)
        elif isinstance(layer, Noise):
            back, bound = back * layer.scale, bound * layer.scale
        elif isinstance(layer, Rescale):
            back, bound = back * layer.factor, bound * abs(layer.factor)
        elif isinstance(layer, Scale):
            (back, own), (bound, of_own) = layer.backward(A, back), layer.bounds(A, bound)
            found[:0] = zip(own, of_own, strict=True)
        elif isinstance(layer, Residual):
            inside = backward(layer.block, forward(layer.block, A), back, bound)
            back, bound, found[:0] = back + inside[0], bound + inside[1], inside[2]
        else:
            f = activation(layer)
            back = f.backward(A, back)
            bound = bound + abs(bound).sum(axis=1, keepdims=True) * isinstance(f, RowWise)
    return back, bound, found


def follow(layers: list[Any], X: Array) -> None:
    """Let running statistics follow this batch."""
    for layer, A in zip(layers, forward(layers, X), strict=False):
        if isinstance(layer, BatchNorm):
            layer.follow(A)
        elif isinstance(layer, Residual):
            follow(layer.block, A)


@dataclass
class Network:
    """Dense layers, noise, norms, activations (name and fields); `parameters` is [W1, b1, ...]."""

    layers: list[Any]

    def __post_init__(self) -> None:
        self.layers = [layer for layer in self.layers if layer != {"name": "identity"}]

    @property
    def learning(self) -> list[Dense | Scale]:
        return [layer for layer in depth_first(self.layers) if isinstance(layer, Dense | Scale)]

    @property
    def parameters(self) -> list[Array]:
        return [p for layer in self.learning for p in layer.parameters]

    @parameters.setter
    def parameters(self, values: list[Array]) -> None:
        left = iter(values)
        for layer in self.learning:
            layer.parameters = [next(left) for _ in layer.parameters]

    def forward(self, X: Array) -> list[Array]:
        return forward(self.layers, X)

    def follow(self, X: Array) -> None:
        follow(self.layers, X)

    def step(
        self, X: Array, Y: Array, loss: str, share: Array | float | None = None, **fields: Any
    ) -> Step:
        """J = Σ share ℓ with gradients; without shares the mean over examples (and outputs)."""
        values, members = self.forward(X), list(self.layers)
        outputs = [layer for layer in members if isinstance(layer, dict | Residual)]
        output = outputs[-1]["name"] if outputs and isinstance(outputs[-1], dict) else "identity"
        form = loss_form(loss, output)
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
        back, _, found = backward(
            members, values, by_output * gradient, by_output * (gradient**2 + 1)
        )
        losses = form.of_example(elements)
        J = float((share * elements).sum())
        return Step(J, losses, values[-1], back, [g for g, _ in found], [m for _, m in found])


@dataclass
class Training:
    """Updates of a network; `rule` makes an optimiser of a factor of its learning rate."""

    network: Network
    rule: Callable[[float], Any]

    def __post_init__(self) -> None:
        self.dense = [layer for layer in self.network.learning if isinstance(layer, Dense)]
        self.rules = [self.rule(layer.rate) for layer in self.network.learning]

    def penalty(self, l1: float = 0.0, l2: float = 0.0) -> float:
        """λ1 Σ|W| + λ2/2 ΣW² over the Dense layers."""
        return sum(
            (l1 + layer.l1) * abs(layer.W).sum() + (l2 + layer.l2) / 2 * (layer.W**2).sum()
            for layer in self.dense
        )

    def update(
        self,
        gradients: list[Array],
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        clip_value: float = np.inf,
        clip_norm: float = np.inf,
    ) -> None:
        left, found = iter(gradients), []
        for layer in self.network.learning:
            own = [next(left) for _ in layer.parameters]
            if isinstance(layer, Dense):
                own[0] = own[0] + (l1 + layer.l1) * np.sign(layer.W) + (l2 + layer.l2) * layer.W
            found.append([np.clip(g, -clip_value, clip_value) * layer.trainable for g in own])
        norm = np.sqrt(sum((g**2).sum() for own in found for g in own))
        factor, values = min(1.0, clip_norm / max(norm, 1e-300)), []
        for layer, rule, own in zip(self.network.learning, self.rules, found, strict=True):
            after = rule.update(layer.parameters, [factor * g for g in own])
            if isinstance(layer, Dense):
                after[0] = shortened(after[0], layer.max_norm)
            values += after if layer.trainable else layer.parameters
        self.network.parameters = values


def shortened(W: Array, most: float | None) -> Array:
    """Rows w longer than c are c w / ‖w‖."""
    if most is None:
        return W
    norms = np.sqrt((W**2).sum(axis=1, keepdims=True))
    return np.where(norms > most, W * (most / np.maximum(norms, 1e-300)), W)


def averaged(e: list[Array], w: list[Array], beta: float) -> list[Array]:
    """Averages after an update: β e + (1 − β) w."""
    return [beta * a + (1 - beta) * b for a, b in zip(e, w, strict=True)]


def shares(w: Array, shape: tuple[int, ...], loss: Loss, mean: float | None = None) -> Array:
    """The factor of each ℓ_ij in J: w/Σw, in a fit w/(mean of all weights · rows of the batch)."""
    w = np.broadcast_to(w if w.ndim == 2 else w[:, None], shape)
    mean = w.mean() if mean is None else mean
    return w / (mean * shape[0] * (shape[1] if loss.averages else 1))


def one_hot(classes: Array, m: int) -> Array:
    return np.eye(m)[classes]
