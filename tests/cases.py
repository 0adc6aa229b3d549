"""Which networks and data do the tests of numbers use, and how far off may a result be?"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
import oracle
import oracle_random

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Array = NDArray[Any]

FAMILIES = {
    "activations": cr.activations,
    "losses": cr.losses,
    "optimizers": cr.optimizers,
    "initializers": cr.initializers,
}
# The classes of each list by the names of their members.
CLASSES: dict[str, dict[str, Any]] = {
    family: {getattr(module, cls)().name: getattr(module, cls) for cls in module.__all__[:-1]}
    for family, module in FAMILIES.items()
}


# Optimisers of which an update is one of each element by itself: all but those that search along a
# line.
ELEMENTWISE = [name for name, cls in CLASSES["optimizers"].items() if not cls.full_batch]


def fields(cls: Any) -> dict[str, Any]:
    """The fields of a class with their defaults, in the order of its signature."""
    return {key: value for key, value in cls().describe().items() if key != "name"}


def ranges(cls: Any) -> dict[str, tuple[str, float, float, str]]:
    """The range of each number as documented: ``{"beta_1": ("[", 0.0, 1.0, ")")}``."""
    kind = r"(?:int|(?:sequence of )?float(?: or None)?)"
    numbers = rf"^(\w+) : {kind} in ([\[(])(\S+), (\S+)([\])])"
    found = re.findall(numbers, cls.__doc__, re.MULTILINE)
    return {name: (a, float(low), float(high), b) for name, a, low, high, b in found}


def choices(cls: Any) -> dict[str, list[str]]:
    """The words of each field that is one of a few: ``{"approximate": ["none", "tanh"]}``."""
    found = re.findall(r"^(\w+) : ('.+'), default", cls.__doc__, re.MULTILINE)
    return {name: re.findall(r"'(\w+)'", words) for name, words in found}


def other_value(cls: Any, name: str, default: Any) -> Any:
    """A value that a field may have, clearly not its default."""
    if isinstance(default, bool):
        return not default
    if isinstance(default, str):
        return next(word for word in choices(cls)[name] if word != default)
    if isinstance(default, tuple):
        return (0.25, 0.75) if len(default) == 1 else tuple(0.9 * x for x in default)
    if isinstance(default, int):
        return default // 2
    default = 0.75 if default is None else default
    _, low, high, _ = ranges(cls)[name]
    if np.isinf(low):
        return default - 0.1
    value = 0.5 if high == 1 else 0.1
    assert low < value < high
    return value if value != default else value / 2


def made(cls: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The objects of all settings that go together, with their fields."""
    found = []
    for setting in settings(cls):
        with contextlib.suppress(ValueError):
            found.append((cls(**setting), setting))
    return found


def settings(cls: Any) -> list[dict[str, Any]]:
    """All combinations of default and other values of all fields."""
    names = list(fields(cls).items())
    options = [
        ((name, default), (name, other_value(cls, name, default))) for name, default in names
    ]
    return [dict(chosen) for chosen in itertools.product(*options)]


def activations() -> list[Any]:
    """Every activation with every setting of its fields."""
    return [cls(**setting) for cls in CLASSES["activations"].values() for setting in settings(cls)]


def pairs(loss: str) -> list[tuple[str, str]]:
    """Every activation inside with the output of the loss, and the other way round."""
    matching = oracle.LOSSES[loss].output
    names = cr.activations.names()
    inside = [(name, matching) for name in names]
    return inside + [(matching, name) for name in names if name != matching]


PAIRINGS = [(*pair, loss) for loss in oracle.LOSSES for pair in pairs(loss)]


def twin(net: cr.Network, rows: int | None = None) -> oracle.Network:
    """Return the oracle's network with the parameters of `net`.

    With `rows`, as it is in its next training forward of so many examples.
    """
    step = json.loads(str(net.get_state()["chainrule"]))["training_forwards"]
    numbers = itertools.count()
    width = net.n_features

    def twins(layers: Iterable[cr.layers.NetworkLayer]) -> Iterator[Any]:
        nonlocal width
        for layer in layers:
            number = next(numbers)
            if isinstance(layer.description, cr.layers.Noise):
                if rows is not None:
                    fields = layer.describe()
                    purpose, noise = oracle_random.NOISES[fields.pop("type")]
                    draw = oracle_random.Draw(net.seed, purpose, number, (rows, width), step)
                    yield oracle.Noise(*noise(draw, **fields))
            elif isinstance(layer.description, cr.layers.Norm):
                yield norm_twin(layer, training=rows is not None)
            elif isinstance(layer.description, cr.Residual):
                yield oracle.Residual(list(twins(layer.block)))
            else:
                if isinstance(layer.description, cr.Dense):
                    width = layer.units
                    yield dense_twin(layer)
                learned = {} if layer.slope is None else {"slope": layer.slope.astype(np.float64)}
                yield {**layer.activation.describe(), **learned}

    return oracle.Network(list(twins(net.layers)))


def dense_twin(layer: cr.layers.NetworkLayer) -> oracle.Dense:
    """Return the oracle's layer with the weights and settings of a Dense layer."""
    assert layer.weight is not None
    bias = None if layer.bias is None else layer.bias.astype(np.float64)
    settings = {
        "trainable": layer.trainable,
        "rate": layer.learning_rate_multiplier,
        **{name: getattr(layer, name) for name in ("l1", "l2", "max_norm")},
    }
    return oracle.Dense(layer.weight.astype(np.float64), bias, **settings)


def norm_twin(layer: cr.layers.NetworkLayer, *, training: bool) -> Any:
    """Return the oracle's layer with the numbers of a norm or scale."""
    fields = layer.describe()
    kind = fields.pop("type")
    if kind == "rescale":
        return oracle.Rescale(**fields)
    w, b, mean, variance = (
        None if tensor is None else tensor.astype(np.float64)
        for tensor in (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    )
    if kind == "scale":
        return oracle.Scale(w)
    if kind == "layer_norm":
        return oracle.LayerNorm(w, b, **fields)
    return oracle.BatchNorm(w, b, **fields, mean=mean, variance=variance, training=training)


def parameters(net: cr.Network) -> list[Array]:
    """Return W1, b1, W2, b2, ... as far as there are biases."""
    pairs = zip(net.weights, net.biases, strict=True)
    return [p for pair in pairs for p in pair if p is not None]


def gradients(g: cr.Gradients) -> list[Array]:
    """Return dW1, db1, dW2, db2, ... as far as there are biases."""
    pairs = zip(g.weights, g.biases, strict=True)
    return [p for pair in pairs for p in pair if p is not None]


def bits(net: cr.Network) -> bytes:
    """Return all parameters as bytes."""
    return b"".join(p.tobytes() for p in parameters(net))


def state(net: cr.Network) -> bytes:
    """Return everything that the network knows, optimiser state and counters too."""
    return net.to_bytes(optimizer=True)


def inputs(rng: np.random.Generator, d: int, n: int, dtype: str) -> Array:
    return rng.standard_normal((d, n)).astype(dtype)


def targets(
    rng: np.random.Generator,
    d: int,
    m: int,
    loss: str,
    dtype: str,
    output: str = "identity",
    **fields: Any,
) -> Array:
    """Return targets as the loss takes them, never at a kink for predictions in 0.2 to 0.7."""
    form = oracle.loss_form(loss, output)
    kind, k = form.targets, m // form.outputs_per_target(**fields)
    y = rng.uniform(0.85, 0.95, (d, k))
    if kind == "signs":
        y = np.sign(rng.standard_normal((d, k)))
    elif kind == "numbers":
        y *= np.sign(rng.standard_normal((d, k)))
    elif kind in ("classes", "probabilities"):
        y = rng.uniform(0.1, 1.0, (d, k))
        y /= y.sum(axis=1, keepdims=True)
    return y.astype(dtype)


def every_loss(net: cr.Network, x: Array) -> cr.Network:
    """Bring the Z of the outputs for x to 0.3 to 0.7, or below 0 if only then f(Z) is below 1."""
    weights, biases = net.weights, net.biases
    layers = twin(net).layers
    last = max(i for i, layer in enumerate(layers) if isinstance(layer, oracle.Dense))
    below = oracle.Network(layers[:last])
    Z = below.forward(x.astype(np.float64))[-1] @ weights[-1].astype(np.float64).T
    scaled = weights[-1] * min(1.0, 0.2 / abs(Z).max())
    outputs = oracle.Network(layers[last + 1 :]).forward(np.full((1, net.n_outputs), 0.7))[-1]
    centre = 0.5 if outputs.max() < 1 else -0.5
    net.set_weights([*weights[:-1], scaled], [*biases[:-1], np.full(net.n_outputs, centre)])
    return net


def takes(net: cr.Network, x: Array, y: Array, loss: Any) -> bool:
    """Whether the loss takes the predictions; it refuses only those outside its range."""
    try:
        net.evaluate(x, y, loss=loss, metrics=())
    except ValueError as error:
        said = str(error)
    else:
        return True
    p = net.predict(x)
    assert "needs predictions in [0, " in said
    assert ((p < 0) | (p > 1)).any()
    return False


def unit(dtype: str) -> float:
    """Return the unit roundoff u."""
    return float(np.finfo(dtype).eps) / 2


def k_of(net: cr.Network, d: int) -> int:
    """Return the length of the longest chain of operations of a step with d examples.

    Forward and back through each layer once, a sum over examples, and 30 for the functions.
    """
    widths = [net.n_features, *(w.shape[0] for w in net.weights)]
    return 2 * sum(widths) + d + 30 * len(widths)


def close(found: Any, expected: Any, tolerance: Any, what: str = "") -> None:
    """Assert |found - expected| <= tolerance, and that there is something to compare."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape, what
    assert np.isfinite(found).all(), what
    excess = abs(found - expected) - tolerance
    assert excess.size > 0, what
    worst = np.unravel_index(np.argmax(excess), excess.shape)
    assert excess[worst] <= 0, (
        f"{what}{list(worst)}: {found[worst]!r}, expected {expected[worst]!r}"
    )


def all_close(found: list[Array], expected: list[Array], tolerances: list[Any]) -> None:
    for i, (a, b, tolerance) in enumerate(zip(found, expected, tolerances, strict=True)):
        close(a, b, tolerance, f"parameter {i}")
