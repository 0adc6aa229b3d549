"""How is a step set out on paper? Each quantity behind its equation, with four decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import _core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.trace import Trace

_EQUATION_WIDTH = 30


def _numbers(value: Any) -> list[str]:
    """Return a matrix as lines; large ones are shortened in the middle."""
    text = np.array2string(
        np.asarray(value),
        formatter={"float_kind": lambda x: f"{x:.4f}"},
        threshold=64,
        edgeitems=3,
        max_line_width=100,
    )
    return text.splitlines()


def _line(equation: str, value: Any) -> str:
    """Return ``equation = value``, further lines of the value under its first."""
    first, *rest = _numbers(value)
    start = f"  {equation:<{_EQUATION_WIDTH}} = "
    return "\n".join([start + first, *(" " * len(start) + line for line in rest)])


def _function(name: str) -> str:
    """Return f of a layer, σ for sigmoid; forks at its end are none of it."""
    names = name.split(", ")
    while names and names[-1] == "fork":
        names.pop()
    shown = ", ".join(names) or "identity"
    return "σ" if shown == "sigmoid" else shown


def _forks_behind(name: str) -> bool:
    """Whether the activation of a layer is added behind the block that it goes into, too."""
    return name.endswith("fork")


def _forward(t: Trace) -> Iterator[str]:
    last = len(t.W)
    for layer, name in enumerate(t.activations, start=1):
        below = "X" if layer == 1 else f"A{layer - 1}"
        yield _line(f"Z{layer} = W{layer} {below} + b{layer}", t.Z[layer])
        f = _function(name)
        value = f"{f}(Z{layer})" if f != "identity" else f"Z{layer}"
        yield _line(
            f"Ŷ = A{layer} = {value}" if layer == last else f"A{layer} = {value}", t.A[layer]
        )


def _output_gradient(t: Trace) -> str:
    """Return the equation of dZ(L): the short form for a loss behind its matching activation."""
    last = len(t.W)
    if t.loss_name not in _core.losses.names():  # a function of the caller's
        return _hidden_gradient(t, last)
    loss: Any = _core.losses.get(t.loss_name)
    if loss.matching_activation != t.activations[-1] or not loss.has_plain_gradient:
        return _hidden_gradient(t, last)
    d, m = t.losses.shape[0], t.Y.shape[0]
    factor = "2 " if loss.gradient_factor == 2 else ""
    divisors = [str(d)] if d > 1 else []
    if loss.averages_outputs and m > 1:
        divisors.append(str(m))
    return f"dZ{last} = {factor}(Ŷ - Y)" + "".join(f" / {divisor}" for divisor in divisors)


def _hidden_gradient(t: Trace, layer: int) -> str:
    f = _function(t.activations[layer - 1])
    if f == "identity":
        return f"dZ{layer} = dA{layer}"
    if "fork" in f.split(", "):
        return f"dZ{layer} = ∂J/∂Z{layer}"
    if t.slope[layer] is None:
        return f"dZ{layer} = (∂A{layer}/∂Z{layer})ᵀ dA{layer}"
    return f"dZ{layer} = dA{layer} ⊙ {f}'(Z{layer})"


def _backward(t: Trace) -> Iterator[str]:
    last = len(t.W)
    yield _line(f"dA{last} = ∂J/∂Ŷ", t.dA[last])
    for layer in range(last, 0, -1):
        below = "X" if layer == 1 else f"A{layer - 1}"
        name = t.activations[layer - 1]
        if layer < last:
            skip = " + skip" if _forks_behind(name) else ""
            yield _line(f"dA{layer} = W{layer + 1}ᵀ dZ{layer + 1}{skip}", t.dA[layer])
        if t.slope[layer] is not None and _function(name) != "identity":
            yield _line(f"{_function(name)}'(Z{layer})", t.slope[layer])
        yield _line(
            _output_gradient(t) if layer == last else _hidden_gradient(t, layer), t.dZ[layer]
        )
        yield _line(f"dW{layer} = dZ{layer} {below}ᵀ", t.dW[layer])
        yield _line(f"db{layer} = dZ{layer} 1", t.db[layer])
    yield _line("dX = W1ᵀ dZ1", t.dX)


def _update(t: Trace) -> Iterator[str]:
    for layer in range(1, len(t.W) + 1):
        of_weights, of_biases = t.updates[layer - 1]
        yield _line(f"W{layer} ← {of_weights}", t.new_W[layer])
        yield _line(f"b{layer} ← {of_biases}", t.new_b[layer])
    yield _line("J", t.new_loss)


def step_text(t: Trace) -> str:
    """Return the whole step as text."""
    examples = (
        "1 example" if t.losses.shape[0] == 1 else f"{t.losses.shape[0]} examples, one per column"
    )
    lines = [
        f"One step of gradient descent, {examples}, learning rate η = {t.learning_rate:g}",
        "",
        "Forward pass",
        _line("X", t.A[0]),
        *_forward(t),
        "",
        "Loss",
        _line("Y", t.Y),
        _line(f"J = {t.loss_name}(Ŷ, Y)", t.loss),
        "",
        "Backward pass",
        *_backward(t),
        "",
        "Update",
        *_update(t),
    ]
    return "\n".join(lines)
