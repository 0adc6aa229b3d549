"""What is the architecture of a number? Layers, loss and training, all drawn from it.

Only what users have is used, and layers come from one list.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

Array = NDArray[Any]
Rng = np.random.Generator

# ---- What there is to draw from ------------------------------------------------------------------


def one_of(rng: Rng, options: Iterable[Any]) -> Any:
    options = list(options)
    return options[rng.integers(len(options))]


def sometimes(rng: Rng, probability: float) -> bool:
    return bool(rng.random() < probability)


def classes(family: ModuleType) -> dict[str, Any]:
    """The classes of a list by the names of their members."""
    found = [getattr(family, name) for name in family.__all__ if name != "names"]
    return {cls().name: cls for cls in found}


ACTIVATIONS, LOSSES = classes(cr.activations), classes(cr.losses)

# Fields of formulas: a number between two, or one of a few values.
FIELDS: dict[str, dict[str, tuple[float, float] | list[Any]]] = {
    "leaky_relu": {"negative_slope": (0.01, 0.5)},
    "elu": {"alpha": (0.5, 2.0)},
    "celu": {"alpha": (0.5, 2.0)},
    "gelu": {"approximate": ["none", "tanh"]},
    "softplus": {"beta": (0.5, 2.0)},
    "hard_tanh": {"min_val": (-1.5, -0.5), "max_val": (0.5, 1.5)},
    "huber": {"delta": (0.3, 2.0)},
    "tweedie": {"power": [0.0, 1.0, 1.5, 2.0, 3.0]},
    "quantile": {"quantiles": [(0.5,), (0.1, 0.9), (0.2, 0.5, 0.7)]},
    "binary_cross_entropy": {"label_smoothing": (0.0, 0.3)},
    "cross_entropy": {"label_smoothing": (0.0, 0.3)},
    "focal": {"gamma": (0.0, 3.0), "alpha": [None, 0.3]},
}


def formula(cls: Any, rng: Rng) -> Any:
    """A member of a list, its fields at random."""
    values = {
        name: rng.uniform(*span) if isinstance(span, tuple) else one_of(rng, span)
        for name, span in FIELDS.get(cls().name, {}).items()
    }
    return cls(**values)


def any_activation(rng: Rng) -> Any:
    return formula(one_of(rng, ACTIVATIONS.values()), rng)


def penalties(rng: Rng) -> dict[str, float]:
    """None, one of both, or the elastic net."""
    return {name: rng.uniform(0, 0.02) for name in ("l1", "l2") if sometimes(rng, 0.5)}


def dense(rng: Rng, units: int, f: Any = "identity") -> cr.Dense:
    return cr.Dense(units, f, bias=sometimes(rng, 0.8), **penalties(rng))


def any_units(rng: Rng) -> int:
    return int(rng.integers(3, 20))


def stacked(
    rng: Rng, draws: Iterable[Callable[[Rng, int], Any]], units: int
) -> tuple[list[Any], int]:
    """Layers one behind the other, the first behind so many units, and the units of the last."""
    layers = []
    for drawn in draws:
        layer = drawn(rng, units)
        if isinstance(layer, cr.Dense):
            layer, units = replace(layer, trainable=sometimes(rng, 0.9)), layer.units
        layers.append(layer)
    return layers, units


def residual(rng: Rng, units: int, depth: int = 1) -> cr.Residual:
    """A block of any layers, perhaps with another inside; its last has the units of the first."""
    kinds = LAYERS[:-1]
    if depth < 3:
        kinds.append(lambda rng, units: residual(rng, units, depth + 1))
    block, outputs = stacked(rng, [one_of(rng, kinds) for _ in range(rng.integers(1, 4))], units)
    return cr.Residual(block if outputs == units else [*block, dense(rng, units)])


# How each layer is drawn behind one of so many units.
LAYERS: list[Callable[[Rng, int], Any]] = [
    lambda rng, _: dense(rng, any_units(rng), any_activation(rng)),
    lambda rng, _: cr.Activation(any_activation(rng)),
    lambda rng, _: cr.Dropout(rng.uniform(0.1, 0.4)),
    lambda rng, _: cr.AlphaDropout(rng.uniform(0.1, 0.4)),
    lambda rng, _: cr.GaussianNoise(rng.uniform(0.1, 0.5)),
    lambda rng, _: cr.LayerNorm(rng.uniform(0.01, 0.1)),
    lambda rng, _: cr.BatchNorm(epsilon=rng.uniform(0.01, 0.1)),
    lambda rng, _: cr.Scale(rng.uniform(0.5, 1.5)),
    lambda rng, _: cr.Rescale(rng.uniform(0.5, 1.5), offset=rng.uniform(-0.5, 0.5)),
    residual,
]


def numbers(rng: Rng, d: int, k: int) -> Array:
    return rng.standard_normal((d, k))


def above_0(rng: Rng, d: int, k: int) -> Array:
    return rng.uniform(0.2, 3.0, (d, k))


def fractions(rng: Rng, d: int, k: int) -> Array:
    return rng.uniform(0.0, 1.0, (d, k))


def signs(rng: Rng, d: int, k: int) -> Array:
    return rng.choice([-1.0, 1.0], (d, k))


def shares(rng: Rng, d: int, k: int) -> Array:
    return rng.dirichlet(np.ones(k), d)


def classes_or_shares(rng: Rng, d: int, k: int) -> Array:
    return rng.integers(0, k, d).astype(float) if sometimes(rng, 0.5) else shares(rng, d, k)


class Form(NamedTuple):
    """What a loss takes: targets (d, k), outputs of these activations, between two numbers."""

    targets: Callable[[Rng, int, int], Array]
    outputs: Sequence[str] = ()  # by default of any, and any layer behind them
    span: tuple[float, float] = (-np.inf, np.inf)
    by_row: bool = False  # one weight for a row, and all of its targets known or none


OF_ROWS = ("softmax", "log_softmax")  # which make 1 or 0 of a single unit
POSITIVE = Form(above_0, ("softplus", "exponential", "sigmoid", "softmax"), (0.0, np.inf))
BINARY = Form(fractions, ("sigmoid", "softmax"), (0.0, 1.0))
OF_CLASSES = Form(classes_or_shares, ("softmax", "sigmoid"), (0.0, 1.0), by_row=True)
FORMS: dict[str, list[Form]] = {
    "mse": [Form(numbers)],
    "mae": [Form(numbers)],
    "huber": [Form(numbers)],
    "log_cosh": [Form(numbers)],
    "quantile": [Form(numbers)],
    "gaussian_nll": [Form(numbers)],
    "cosine": [Form(numbers, by_row=True)],
    "hinge": [Form(signs)],
    "squared_hinge": [Form(signs)],
    "poisson": [POSITIVE],
    "gamma": [POSITIVE],
    "tweedie": [POSITIVE],
    "binary_cross_entropy": [BINARY],
    "cross_entropy": [OF_CLASSES, Form(classes_or_shares, OF_ROWS, by_row=True)],
    "kl_divergence": [OF_CLASSES._replace(targets=shares)],
    "focal": [BINARY._replace(outputs=("sigmoid",)), OF_CLASSES._replace(outputs=("softmax",))],
}


def outputs_per_target(loss: Any) -> int:
    """How many outputs belong to each target."""
    if loss.name == "gaussian_nll":
        return 2
    return len(loss.quantiles) if loss.name == "quantile" else 1


# ---- One architecture ----------------------------------------------------------------------------


def in_turn(members: Iterable[Any], number: int) -> Any:
    """A member of a list, so that numbers in a row have all of them."""
    members = list(members)
    return members[number % len(members)]


class Architecture:
    """Layers and loss, and how they are trained: one of many draws of a number."""

    def __init__(self, number: int, draw: int = 0) -> None:
        rng = self.rng = np.random.default_rng((number, draw))
        self.number = number
        self.loss = formula(in_turn(LOSSES.values(), number), rng)
        self.form: Form = one_of(rng, FORMS[self.loss.name])
        self.n_features = int(rng.integers(1, 7))
        self.n_targets = int(rng.integers(1, 4)) + self.form.by_row
        self.n_rows = int(rng.integers(257, 300) if sometimes(rng, 0.1) else rng.integers(5, 16))
        self.layers, _ = stacked(rng, self._draws(rng), self.n_features)
        self.penalties = penalties(rng)
        # Gradients are stored if they may have to be clipped, which these never have.
        self.clipping = {"clip_norm": 1e12} if sometimes(rng, 0.5) else {}
        self.training = sometimes(rng, 0.75)

    def _draws(self, rng: Rng) -> list[Callable[[Rng, int], Any]]:
        """How layers are drawn: one, an activation, up to three more, outputs, perhaps another."""
        f = formula(in_turn(ACTIVATIONS.values(), self.number), rng)
        draws = [in_turn(LAYERS, self.number), *with_activation(rng, any_units(rng), f)]
        draws += [one_of(rng, LAYERS) for _ in range(rng.integers(0, 4))]
        n = self.n_targets * outputs_per_target(self.loss)
        outputs = [
            name for name in self.form.outputs or ACTIVATIONS if n > 1 or name not in OF_ROWS
        ]
        draws += with_activation(rng, n, formula(ACTIVATIONS[one_of(rng, outputs)], rng))
        if n > 1 and not self.form.outputs and sometimes(rng, 0.3):
            draws.append(one_of(rng, LAYERS[1:]))
        return draws

    def members(self) -> set[str]:
        """Which layers, activations and losses there are."""
        found = {self.loss.name}
        for _, layer in named(self.layers):
            found.add(type(layer).__name__)
            if isinstance(layer, cr.Dense | cr.Activation):
                found.add(layer.activation.name)
        return found

    def __str__(self) -> str:
        sizes = f"{self.n_features} features, {self.n_rows} rows, training={self.training}"
        call = ", ".join(f"{name}={x:g}" for name, x in (self.penalties | self.clipping).items())
        return "\n".join([sizes, *map(repr, self.layers), repr(self.loss), f"fit({call})"])


def with_activation(rng: Rng, units: int, f: Any) -> list[Callable[[Rng, int], Any]]:
    """How a Dense layer is drawn, its activation in it or behind it."""
    if sometimes(rng, 0.5):
        return [lambda rng, _: dense(rng, units, f)]
    return [lambda rng, _: dense(rng, units), lambda *_: cr.Activation(f)]


def named(layers: Iterable[Any], prefix: str = "layers") -> Iterator[tuple[str, Any]]:
    """Each layer, those inside another too, with its name in files."""
    for i, layer in enumerate(layers):
        yield f"{prefix}.{i}", layer
        yield from named(getattr(layer, "block", ()), f"{prefix}.{i}.block")
