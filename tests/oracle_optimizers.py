"""How should every optimiser change parameters? In NumPy float64, one line per equation.

Written from the equations and not from the code: what oracle.py is for networks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]


def quotient(a: Array, b: Array) -> Array:
    """a / b, and 0 where a is."""
    return np.divide(a, b, out=np.zeros_like(a), where=a != 0)


@dataclass
class Optimizer:
    """Parameters are matrices (weights) and vectors (biases); t counts updates from 1."""

    t: int = field(default=0, init=False)
    slots: dict[tuple[str, int], Array] = field(default_factory=dict, init=False)

    def update(self, parameters: list[Array], gradients: list[Array]) -> list[Array]:
        self.t += 1
        return [
            self.decayed(i, w, g)
            for i, (w, g) in enumerate(zip(parameters, gradients, strict=True))
        ]

    def decayed(self, i: int, w: Array, g: Array) -> Array:
        return self.one(i, w, g)

    def slot(self, name: str, i: int, like: Array) -> Array:
        return self.slots.setdefault((name, i), np.zeros_like(like))

    def mean(self, name: str, i: int, x: Array, beta: float) -> Array:
        """Let the slot be the running mean of x, and return it."""
        self.slots[name, i] = mean = beta * self.slot(name, i, x) + (1 - beta) * x
        return mean


@dataclass
class Coupled(Optimizer):
    """Weight decay is part of the gradient."""

    def decayed(self, i: int, w: Array, g: Array) -> Array:
        return self.one(i, w, g + self.weight_decay * w if decays(self, w) else g)


@dataclass
class Decoupled(Optimizer):
    """Weight decay acts on the parameter directly, at the learning rate."""

    def decayed(self, i: int, w: Array, g: Array) -> Array:
        kept = 1 - self.learning_rate * self.weight_decay if decays(self, w) else 1
        return self.one(i, kept * w, g)


def decays(optimizer: Any, w: Array) -> bool:
    return w.ndim == 2 or optimizer.decay_biases


@dataclass
class Sgd(Coupled):
    learning_rate: float = 0.01
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    decay_biases: bool = True

    def __post_init__(self) -> None:
        if self.nesterov and not (self.momentum > 0 and self.dampening == 0):
            raise ValueError("nesterov")

    def one(self, i: int, w: Array, g: Array) -> Array:
        if self.momentum:
            kept = self.momentum * self.slot("buf", i, w)
            self.slots["buf", i] = buf = g if self.t == 1 else kept + (1 - self.dampening) * g
            g = g + self.momentum * buf if self.nesterov else buf
        return w - self.learning_rate * g


@dataclass
class RmsProp(Coupled):
    learning_rate: float = 1e-2
    rho: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0
    centered: bool = False
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        v = self.mean("v", i, g**2, self.rho)
        if self.centered:
            v = np.maximum(v - self.mean("a", i, g, self.rho) ** 2, 0)
        step = quotient(g, np.sqrt(v) + self.epsilon)
        self.slots["b", i] = b = self.momentum * self.slot("b", i, w) + step
        return w - self.learning_rate * b


@dataclass
class Adagrad(Coupled):
    learning_rate: float = 1e-2
    epsilon: float = 1e-10
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        self.slots["s", i] = s = self.slot("s", i, w) + g**2
        return w - self.learning_rate * quotient(g, np.sqrt(s) + self.epsilon)


@dataclass
class Adadelta(Coupled):
    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        v = self.mean("v", i, g**2, self.rho)
        d = g * np.sqrt(self.slot("u", i, w) + self.epsilon) / np.sqrt(v + self.epsilon)
        self.mean("u", i, d**2, self.rho)
        return w - self.learning_rate * d


@dataclass
class Adam(Coupled):
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decay_biases: bool = True
    amsgrad: bool = False

    def one(self, i: int, w: Array, g: Array) -> Array:
        m, v = self.mean("m", i, g, self.beta_1), self.mean("v", i, g**2, self.beta_2)
        if self.amsgrad:
            self.slots["largest", i] = v = np.maximum(self.slot("largest", i, w), v)
        m_hat, v_hat = m / (1 - self.beta_1**self.t), v / (1 - self.beta_2**self.t)
        return w - self.learning_rate * quotient(m_hat, np.sqrt(v_hat) + self.epsilon)


@dataclass
class AdamW(Decoupled):
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    decay_biases: bool = True
    amsgrad: bool = False

    one = Adam.one


@dataclass
class Adamax(Coupled):
    learning_rate: float = 2e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        m = self.mean("m", i, g, self.beta_1)
        faded = self.beta_2 * self.slot("u", i, w)
        self.slots["u", i] = u = np.maximum(faded, abs(g) + self.epsilon)
        return w - self.learning_rate / (1 - self.beta_1**self.t) * quotient(m, u)


@dataclass
class NAdam(Coupled):
    learning_rate: float = 2e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 4e-3
    weight_decay: float = 0.0
    decay_biases: bool = True

    def mu(self, t: int) -> float:
        return self.beta_1 * (1 - 0.96 ** (t * self.momentum_decay) / 2)

    def one(self, i: int, w: Array, g: Array) -> Array:
        m, v = self.mean("m", i, g, self.beta_1), self.mean("v", i, g**2, self.beta_2)
        now, then = self.mu(self.t), self.mu(self.t + 1)
        product = math.prod(self.mu(t) for t in range(1, self.t + 1))
        ahead = (1 - now) / (1 - product) * g + then / (1 - product * then) * m
        v_hat = v / (1 - self.beta_2**self.t)
        return w - self.learning_rate * quotient(ahead, np.sqrt(v_hat) + self.epsilon)


@dataclass
class RAdam(Coupled):
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        m, v = self.mean("m", i, g, self.beta_1), self.mean("v", i, g**2, self.beta_2)
        m_hat, left = m / (1 - self.beta_1**self.t), 1 - self.beta_2**self.t
        limit = 2 / (1 - self.beta_2) - 1
        rho = limit - 2 * self.t * self.beta_2**self.t / left
        if rho <= 5:
            return w - self.learning_rate * m_hat
        r = math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        return w - self.learning_rate * r * quotient(
            m_hat * math.sqrt(left), np.sqrt(v) + self.epsilon
        )


@dataclass
class Lion(Decoupled):
    learning_rate: float = 1e-4
    beta_1: float = 0.9
    beta_2: float = 0.99
    weight_decay: float = 0.0
    decay_biases: bool = True

    def one(self, i: int, w: Array, g: Array) -> Array:
        direction = np.sign(self.beta_1 * self.slot("m", i, w) + (1 - self.beta_1) * g)
        self.mean("m", i, g, self.beta_2)
        return w - self.learning_rate * direction


@dataclass
class Rprop(Optimizer):
    learning_rate: float = 1e-2
    etas: tuple[float, float] = (0.5, 1.2)
    step_sizes: tuple[float, float] = (1e-6, 50.0)

    def one(self, i: int, w: Array, g: Array) -> Array:
        turned = np.sign(g) * np.sign(self.slot("g", i, w))
        s = self.slots.get(("s", i), np.full_like(w, self.learning_rate))
        s = s * np.select([turned < 0, turned > 0], self.etas, 1.0)
        self.slots["s", i] = s = np.clip(s, *self.step_sizes)
        self.slots["g", i] = g = np.where(turned < 0, 0.0, g)
        return w - s * np.sign(g)


# ---- L-BFGS --------------------------------------------------------------------------------------


@dataclass
class Trial:
    """J and its slope at a step t along a line."""

    t: float
    value: float
    slope: float


@dataclass
class Lbfgs:
    """H is worked out as a matrix, and the whole of it anew for every step."""

    learning_rate: float = 1.0
    history: int = 10
    pairs: list[tuple[Array, Array]] = field(default_factory=list, init=False)

    def inverse(self, n: int) -> Array:
        """H of the pairs, which are there."""
        s, y = self.pairs[-1]
        H = (s @ y) / (y @ y) * np.eye(n)
        for s, y in self.pairs:
            V = np.eye(n) - np.outer(y, s) / (s @ y)
            H = V.T @ H @ V + np.outer(s, s) / (s @ y)
        return H

    def update(
        self, parameters: list[Array], cost: Callable[[list[Array]], tuple[float, list[Array]]]
    ) -> list[Array]:
        def flat(arrays: list[Array]) -> Array:
            return np.concatenate([a.ravel() for a in arrays])

        def shaped(vector: Array) -> list[Array]:
            ends = np.cumsum([p.size for p in parameters])
            parts = zip(np.split(vector, ends[:-1]), parameters, strict=True)
            return [part.reshape(p.shape) for part, p in parts]

        def phi(t: float) -> Trial:
            J, gradients = cost(shaped(w + t * p))
            return Trial(t, J, float(flat(gradients) @ p))

        w, (J, gradients) = flat(parameters), cost(parameters)
        g = flat(gradients)
        p = -self.inverse(len(w)) @ g if self.pairs else -g
        first = self.learning_rate * (1 if self.pairs else min(1, 1 / abs(g).sum()))
        t = line_search(phi, Trial(0, J, float(g @ p)), first).t
        self.pairs.append((t * p, flat(cost(shaped(w + t * p))[1]) - g))
        self.pairs = self.pairs[-self.history :]
        return shaped(w + t * p)


def falls(start: Trial, trial: Trial) -> bool:
    return trial.value <= start.value + 1e-4 * trial.t * start.slope


def is_flat(start: Trial, trial: Trial) -> bool:
    return abs(trial.slope) <= 0.9 * abs(start.slope)


def cubic(a: Trial, b: Trial) -> float:
    """The minimum of the cubic polynomial through two trials, from its coefficients; NaN: none."""
    h = b.t - a.t
    third = (a.slope + b.slope - 2 * (b.value - a.value) / h) / h**2
    second = (b.slope - a.slope) / (2 * h) - 1.5 * third * h
    root = second**2 - 3 * third * a.slope
    if root < 0:
        return math.nan
    # Where third x^3 + second x^2 + slope x has slope 0 and turns up, without division by a third.
    turn = second + math.sqrt(root)
    return a.t - a.slope / turn if turn else math.nan


def line_search(phi: Callable[[float], Trial], start: Trial, t: float) -> Trial:
    """Nocedal and Wright's algorithms 3.5 and 3.6; it has to find a step."""
    before = start
    while True:
        trial = phi(t)
        if not falls(start, trial) or (before.t > 0 and trial.value >= before.value):
            return zoom(phi, start, before, trial)
        if is_flat(start, trial):
            return trial
        if trial.slope >= 0:
            return zoom(phi, start, trial, before)
        t = cubic(before, trial)
        most = 10 * trial.t
        t = min(max(t, trial.t + (trial.t - before.t) / 10), most) if t > trial.t else most
        before = trial


def zoom(phi: Callable[[float], Trial], start: Trial, low: Trial, high: Trial) -> Trial:
    halves = False
    while True:
        width, t = abs(high.t - low.t), cubic(low, high)
        inside = min(low.t, high.t) < t < max(low.t, high.t)
        trial = phi(t if inside and not halves else (low.t + high.t) / 2)
        if not falls(start, trial) or trial.value >= low.value:
            high = trial
        else:
            if is_flat(start, trial):
                return trial
            if trial.slope * (high.t - low.t) >= 0:
                high = low
            low = trial
        halves = abs(high.t - low.t) > 2 / 3 * width


OPTIMIZERS: dict[str, type[Any]] = {
    "sgd": Sgd,
    "rmsprop": RmsProp,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamw": AdamW,
    "adamax": Adamax,
    "nadam": NAdam,
    "radam": RAdam,
    "lion": Lion,
    "rprop": Rprop,
    "lbfgs": Lbfgs,
}
