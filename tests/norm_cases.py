"""Which networks of norms and scales do the tests of them use?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cases
import chainrule as cr
import oracle

if TYPE_CHECKING:
    import numpy as np

NORMS = [
    cr.LayerNorm(),
    cr.LayerNorm(0.25),
    cr.BatchNorm(),
    cr.BatchNorm(0.5, epsilon=0.25),
    cr.Scale(0.75),
    cr.Rescale(0.5, offset=0.25),
]
STATISTICS = ("running_mean", "running_var")


def normed(
    norm: cr.layers.Norm, dtype: str = "float64", output: str = "identity", seed: int = 3
) -> cr.Network:
    """In front of all, behind a Dense layer, behind activations, two in a row."""
    layers = [
        norm,
        cr.Dense(18),
        norm,
        cr.Activation("tanh"),
        cr.Dense(6, "sigmoid"),
        norm,
        norm,
        cr.Dense(3, output),
    ]
    return cr.Network(5, layers, loss="mse", dtype=dtype, seed=seed)


def lively(norm: cr.layers.Norm) -> cr.Network:
    """Without a shift in front of a norm, whose gradient is 0: optimisers magnify its rounding."""
    layers = [
        cr.Dense(18, bias=False),
        norm,
        cr.Activation("tanh"),
        cr.Dense(6, "tanh"),
        norm,
        cr.Activation("tanh"),
        cr.Dense(3),
    ]
    return cr.Network(5, layers, dtype="float64", seed=3)


def data(rng: np.random.Generator, dtype: str = "float64", d: int = 12) -> tuple[Any, Any]:
    return cases.inputs(rng, d, 5, dtype), cases.inputs(rng, d, 3, dtype)


def statistics(net: cr.Network) -> list[Any]:
    return [array for name, array in net.get_state().items() if name.endswith(STATISTICS)]


def of_twin(twin: oracle.Network) -> list[Any]:
    layers = oracle.depth_first(twin.layers)
    norms = [layer for layer in layers if isinstance(layer, oracle.BatchNorm)]
    return [array for layer in norms for array in (layer.mean, layer.variance)]


def learned(net: cr.Network) -> list[Any]:
    """All parameters in order."""
    names = [n for n in net.get_state() if n.startswith("layers.") and not n.endswith(STATISTICS)]
    return [net.get_state()[name] for name in names]
