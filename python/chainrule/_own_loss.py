"""How is a function a loss? It is asked for the losses of some rows and their derivatives."""

from __future__ import annotations

import itertools
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._arrays import as_numbers
from chainrule.metrics._base import mean, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import ArrayLike, NDArray

    from chainrule import _core
    from chainrule._arrays import Array

    Function = Callable[[Array, Array], tuple[ArrayLike, ArrayLike]]
    LossLike = str | _core.Formula | Function

# What the name of a function becomes in files, which hold no more of it.
_PREFIX = "own:"
_LONGEST = 40

# Rows that a function is asked for at a time, where nothing is learnt from them.
_ROWS = 1024

_numbers = itertools.count(1)


class OwnLoss:
    """A function ``f(y_pred, y_true) -> (losses, derivatives)``, with a number for the core."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.number = next(_numbers)
        self.name = _PREFIX + shown_name(function)

    def of_batch(
        self, y_pred: Array, y: Array, rows: NDArray[np.int64] | None
    ) -> tuple[Array, Array]:
        """Return losses (d,) and derivatives (d, m) of predictions, of their dtype.

        `y_pred` is the function's, to keep or to write into, and so are its targets: these `rows`
        of `y`, or all of them.
        """
        d, m = y_pred.shape
        dtype = y_pred.dtype
        result: Any = self.function(y_pred, y.copy() if rows is None else y[rows])
        name = f"loss: {self.name.removeprefix(_PREFIX)}"
        if not isinstance(result, tuple | list) or len(result) != 2:
            kind = type(result).__name__
            what = f"{len(result)} values" if isinstance(result, tuple | list) else kind
            raise TypeError(
                f"{name}: expected (losses, derivatives) of shapes {(d,)} and {(d, m)}, got {what}"
            )
        losses = as_numbers(f"{name}: losses", result[0])
        derivatives = as_numbers(f"{name}: derivatives", result[1])
        if m == 1 and derivatives.shape == (d,):
            derivatives = derivatives[:, None]
        if losses.shape != (d,):
            raise ValueError(
                f"{name}: expected one loss for each row, of shape {(d,)}, got {losses.shape}; "
                "add or average over the outputs, not over the rows"
            )
        if derivatives.shape != (d, m):
            raise ValueError(
                f"{name}: expected a derivative by each prediction, of shape {(d, m)}, got "
                f"{derivatives.shape}; nothing is broadcast"
                + ("" if y.ndim > 1 else ", and y_true is 1-D because y is")
            )
        with np.errstate(all="ignore"):  # what is not finite is the core's to judge
            return (
                np.require(losses, dtype, ["C", "A"]),
                np.require(derivatives, dtype, ["C", "A"]),
            )

    def of_examples(
        self, network: _core.Network, x: Array, y: Array, predictions: Array | None = None
    ) -> Array:
        """Return the losses (d,) of examples; `predictions` (d, m) are written if there are any."""
        losses = np.empty(len(x), network.dtype)
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            y_pred = np.empty((len(x[rows]), network.n_outputs), network.dtype)
            network._predict(x[rows], y_pred)
            if predictions is not None:
                predictions[rows] = y_pred
            losses[rows], _ = self.of_batch(y_pred, y[rows], None)
        return losses


def shown_name(function: object) -> str:
    """Return the name of a function for messages and files: short, printable, ASCII."""
    name = str(getattr(function, "__name__", type(function).__name__))
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:_LONGEST])


def weighted_mean(losses: Array, weights: NDArray[np.float64] | None) -> float:
    """Return the mean loss in float64, one after the other; what has weight 0 is not there."""
    if weights is None:
        return mean(losses)
    shares = weights / weights.max()  # so that no product leaves the range of numbers
    with np.errstate(all="ignore"):
        return total(np.where(shares > 0, shares * losses, 0.0)) / total(shares)


# ---- The functions of a network ------------------------------------------------------------------


def kept_own_losses(network: _core.Network) -> dict[int | None, OwnLoss]:
    """Return the functions of a network by their numbers."""
    functions: dict[int | None, OwnLoss] = network.__dict__.setdefault("_own_losses", {})
    return functions


def own_loss_of(network: _core.Network, name: str, number: int | None) -> OwnLoss:
    """Return the function that a network knows by name and number."""
    functions = kept_own_losses(network)
    if number not in functions:
        raise ValueError(
            f"loss: this network learnt with the function {name.removeprefix(_PREFIX)!r}, which "
            "files and states do not hold; give it again as loss=..., or another loss"
        )
    return functions[number]


def keep_own_loss(network: _core.Network, loss: OwnLoss) -> None:
    """Make a function the loss of a network."""
    network.__dict__["_own_losses"] = {loss.number: loss}
    network._keep_own_loss(loss)


_NOTHING_TO_REMEMBER = nullcontext()


def remembered(
    network: _core.Network, loss: _core.Formula | OwnLoss
) -> AbstractContextManager[None]:
    """Let a fit take its loss, or come back to the one before; then no other function is kept."""
    if isinstance(loss, OwnLoss) or network.__dict__.get("_own_losses"):
        return _remembered(network, loss)
    return _NOTHING_TO_REMEMBER


@contextmanager
def _remembered(network: _core.Network, loss: _core.Formula | OwnLoss) -> Iterator[None]:
    given: dict[int | None, OwnLoss] = {loss.number: loss} if isinstance(loss, OwnLoss) else {}
    kept_own_losses(network).update(given)
    try:
        yield
    finally:
        known = network._loss
        number = known[1] if isinstance(known, tuple) else None
        functions = kept_own_losses(network) | given
        network.__dict__["_own_losses"] = {n: f for n, f in functions.items() if n == number}


# ---- Targets -------------------------------------------------------------------------------------


def in_usual_form(y: Array, n_outputs: int, output: str, dtype: str) -> tuple[Array, str]:
    """Return targets as the losses of the library take them, and of which kind they are.

    The kind is "other" where the library has no such targets; then they stay as they are.
    """
    if n_outputs > 1 and y.shape in ((len(y),), (len(y), 1)):
        is_class = bool(((y >= 0) & (y < n_outputs) & (y == np.floor(y))).all())
        return (y.reshape(-1).astype(np.int64), "classes") if is_class else (y, "other")
    if y.shape not in ((len(y),), (len(y), n_outputs)):
        return y, "other"
    rows = y.reshape(len(y), n_outputs).astype(dtype)
    if n_outputs > 1 and output in ("softmax", "log_softmax"):
        return rows, "probabilities"
    if np.isin(rows, (0, 1)).all():
        return rows, "shares"
    return rows, "signs" if np.isin(rows, (-1, 1)).all() else "numbers"
