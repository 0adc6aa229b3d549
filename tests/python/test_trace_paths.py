"""Are the equations of networks with blocks true? They are worked out as they are printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._trace_paths import Path, kinds_in_front, kinds_in_order, paths, split_forks

if TYPE_CHECKING:
    from chainrule.layers import Layer

FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "σ": lambda z: 1 / (1 + np.exp(-z)),
    "rescale": lambda z: 2 * z + 1,
    "dropout": lambda z: z,  # outside training
}
RELU, TANH, RESCALE = cr.Activation("relu"), cr.Activation("tanh"), cr.Rescale(2.0, offset=1.0)
STACKS: dict[str, list[Layer]] = {
    "at_the_end": [cr.Dense(3, "relu"), cr.Residual([cr.Dense(4, "tanh"), cr.Dense(3)])],
    "of_the_inputs": [cr.Residual([cr.Dense(3, "sigmoid")]), cr.Dense(2)],
    "behind_what_is_in_front": [RESCALE, cr.Residual([cr.Dense(3, "relu")]), cr.Dense(2)],
    "begun_in_front": [cr.Residual([RESCALE, cr.Dense(3, "tanh")]), cr.Dense(2)],
    "all_in_front": [cr.Residual([cr.Residual([TANH]), RESCALE]), cr.Dense(2)],
    "without_weights": [cr.Dense(3), cr.Residual([TANH, cr.Dropout(0.5)]), RELU, cr.Dense(2)],
    "activation_behind": [cr.Dense(3), cr.Residual([cr.Dense(3, "tanh")]), RELU, cr.Dense(2)],
    "one_after_another": [
        *(cr.Dense(3), cr.Residual([RELU, cr.Dense(4), cr.Dense(3)])),
        *(cr.Residual([TANH, cr.Dense(3)]), TANH, cr.Dense(2)),
    ],
    "in_each_other": [
        cr.Residual([cr.Residual([cr.Dense(3, "relu"), cr.Residual([cr.Dense(3)])])]),
        cr.Residual([cr.Residual([TANH]), cr.Dense(3, "sigmoid")]),
    ],
}


def numbers(text: str, t: cr.Trace) -> Any:
    """The value of a right side, its names being those of the trace."""
    names: dict[str, Any] = {"X": t.X, **FUNCTIONS}
    for quantity in ("A", "Z", "W", "b", "dA", "dZ"):
        values = getattr(t, quantity)
        first = 0 if quantity == "A" else 1
        names |= {f"{quantity}{layer}": value for layer, value in enumerate(values, start=first)}
    return eval(re.sub(r"(W\d+)ᵀ (dZ\d+)", r"\1.T @ \2", text), names)


@pytest.fixture(params=STACKS)
def trace(request: pytest.FixtureRequest, rng: np.random.Generator) -> cr.Trace:
    net = cr.Network(3, STACKS[request.param], dtype="float64", seed=1)
    y = rng.standard_normal((5, net.n_outputs))
    return net.trace(rng.standard_normal((5, 3)), y)


def found(t: cr.Trace) -> list[Path]:
    return paths([t.in_front, *(names.split(", ") for names in t.activations)])


def test_activations_are_what_is_printed(trace: cr.Trace) -> None:
    for layer, path in enumerate(found(trace)):
        assert path.name == (f"A{layer}" if layer or path.kinds else "X")
        assert np.allclose(numbers(path.value, trace), trace.A[layer], rtol=1e-13, atol=1e-15)


def test_gradients_are_what_is_printed(trace: cr.Trace) -> None:
    every = found(trace)
    gradients = [trace.dX, *list(trace.dA)[:-1]]
    for layer, (path, gradient) in enumerate(zip(every, gradients, strict=False)):
        back = " + ".join([f"W{layer + 1}ᵀ dZ{layer + 1}", *path.skips])
        said = f"d{path.name} = {back}" if path.name != "A0" else "dX = ∂J/∂X"
        assert re.search(rf"^  {re.escape(said)} +=", str(trace), re.MULTILINE)
        if path.name != "A0" and "∂" not in back:
            assert np.allclose(numbers(back, trace), gradient, rtol=1e-12, atol=1e-14)


def test_a_sum_that_something_follows_is_written_out() -> None:
    net = cr.Network(3, STACKS["activation_behind"], seed=0)
    t = net.trace(np.ones((1, 3)), np.ones((1, 2)))
    assert [path.value for path in found(t)] == ["X", "Z1", "relu(tanh(Z2) + A1)", "Z3"]
    assert "  dA1 = W2ᵀ dZ2 + ∂J/∂(tanh(Z2) + A1) = " in str(t)


def test_forks_and_identities_at_the_end_are_told_apart() -> None:
    assert split_forks(["identity"]) == ([], 0)
    assert split_forks(["relu", "fork", "fork"]) == (["relu"], 2)
    assert split_forks(["fork", "tanh", "identity"]) == (["fork", "tanh"], 0)


def test_kinds_are_those_of_all_layers_in_order() -> None:
    block = [cr.LayerNorm(), cr.Dense(3), RELU]
    described = [layer.describe() for layer in (cr.Rescale(2.0), cr.Residual(block), TANH)]
    assert " ".join(kinds_in_order(described)) == "rescale fork layer_norm dense relu sum tanh"
    assert " ".join(kinds_in_front(described)) == "rescale fork layer_norm"
