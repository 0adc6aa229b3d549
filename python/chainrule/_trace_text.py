"""How is a step set out on paper? Each quantity behind its equation, with four decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import _core
from chainrule._trace_paths import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule._trace_paths import Path
    from chainrule.trace import Trace

_EQUATION_WIDTH = 30


def _numbers(value: Any) -> list[str]:
    """Return a matrix as lines; large ones are shortened in the middle."""
    array = np.asarray(value)
    width = max(len(f"{x:z.4f}") for x in (array.min(), array.max()))
    text = np.array2string(
        array,
        formatter={"float_kind": lambda x: f"{x:z{width}.4f}"},
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


def _function(kinds: Sequence[str]) -> str:
    """Return f of a layer behind whose weights there is only an activation: σ for sigmoid."""
    name = kinds[0] if kinds else "identity"
    return "σ" if name == "sigmoid" else name


def _forward(t: Trace, found: Sequence[Path]) -> Iterator[str]:
    for layer, path in enumerate(found):
        if layer > 0:
            yield _line(f"Z{layer} = W{layer} {found[layer - 1].name} + b{layer}", t.Z[layer])
        if path.name != "X":
            output = "Ŷ = " if layer == len(t.W) else ""
            yield _line(f"{output}{path.name} = {path.value}", t.A[layer])


def _output_gradient(t: Trace, path: Path) -> str:
    """Return the equation of dZ(L): the short form for a loss behind its matching activation."""
    last = len(t.W)
    if t.loss_name not in _core.losses.names():  # a function of the caller's
        return _hidden_gradient(t, last, path)
    loss: Any = _core.losses.get(t.loss_name)
    if loss.matching_activation != t.activations[-1] or not loss.has_plain_gradient:
        return _hidden_gradient(t, last, path)
    d, m = t.losses.shape[0], t.Y.shape[0]
    factor = "2 " if loss.gradient_factor == 2 else ""
    divisors = [str(d)] if d > 1 else []
    if loss.averages_outputs and m > 1:
        divisors.append(str(m))
    return f"dZ{last} = {factor}(Ŷ - Y)" + "".join(f" / {divisor}" for divisor in divisors)


def _hidden_gradient(t: Trace, layer: int, path: Path) -> str:
    if all(kind == "sum" for kind in path.kinds):
        return f"dZ{layer} = dA{layer}"
    if "fork" in path.kinds:
        return f"dZ{layer} = ∂J/∂Z{layer}"
    if t.slope[layer] is None:
        return f"dZ{layer} = (∂A{layer}/∂Z{layer})ᵀ dA{layer}"
    return f"dZ{layer} = dA{layer} ⊙ {_function(path.kinds)}'(Z{layer})"


def _backward(t: Trace, found: Sequence[Path]) -> Iterator[str]:
    last = len(t.W)
    yield _line(f"dA{last} = ∂J/∂Ŷ", t.dA[last])
    for layer in range(last, 0, -1):
        path, below = found[layer], found[layer - 1]
        if t.slope[layer] is not None and path.kinds:
            yield _line(f"{_function(path.kinds)}'(Z{layer})", t.slope[layer])
        gradient = _output_gradient(t, path) if layer == last else _hidden_gradient(t, layer, path)
        yield _line(gradient, t.dZ[layer])
        yield _line(f"dW{layer} = dZ{layer} {below.name}ᵀ", t.dW[layer])
        yield _line(f"db{layer} = dZ{layer} 1", t.db[layer])
        back = " + ".join([f"W{layer}ᵀ dZ{layer}", *below.skips])
        if layer > 1:
            yield _line(f"d{below.name} = {back}", t.dA[layer - 1])
        else:
            yield _line(f"dX = {back}" if below.name == "X" else "dX = ∂J/∂X", t.dX)


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
    found = paths([t.in_front, *(names.split(", ") for names in t.activations)])
    lines = [
        f"One step of gradient descent, {examples}, learning rate η = {t.learning_rate:g}",
        "",
        "Forward pass",
        _line("X", t.X),
        *_forward(t, found),
        "",
        "Loss",
        _line("Y", t.Y),
        _line(f"J = {t.loss_name}(Ŷ, Y)", t.loss),
        "",
        "Backward pass",
        *_backward(t, found),
        "",
        "Update",
        *_update(t),
    ]
    return "\n".join(lines)
