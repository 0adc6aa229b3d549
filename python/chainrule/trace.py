"""What happens in one step of gradient descent? Every quantity under its name on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule._trace_paths import kinds_in_front
from chainrule._trace_text import step_text

if TYPE_CHECKING:
    from chainrule import _core
    from chainrule._examples import Examples
    from chainrule._own_loss import OwnLoss
    from chainrule._prediction import Predicting

__all__ = ["ByLayer", "Trace"]

Matrix = NDArray[Any]


class ByLayer(Sequence[Any]):
    """One quantity of each layer, numbered as the mathematics does it: from 1, and A from 0.

    Parameters
    ----------
    name : str
        The quantity, for messages.
    values : sequence
        Its values in order.
    first : {0, 1}, default 1
        The number of the first of them.

    Raises
    ------
    IndexError
        By ``[l]``, if there is no layer l.

    Examples
    --------
    >>> import chainrule as cr
    >>> t = cr.mlp([2, 3, 1], seed=0).trace([[0.5, 0.2]], [1.0])
    >>> len(t.Z), t.Z[1].shape, t.A[0].shape
    (2, (3, 1), (2, 1))
    """

    def __init__(self, name: str, values: Sequence[Any], *, first: int = 1) -> None:
        self._name = name
        self._values = tuple(values)
        self._first = first

    def __getitem__(self, layer: Any) -> Any:
        last = self._first + len(self._values) - 1
        if layer == 0 and self._first == 1:
            raise IndexError(f"{self._name}[0]: layers are numbered from 1")
        if not self._first <= layer <= last:
            raise IndexError(
                f"{self._name}[{layer}]: expected a layer from {self._first} to {last}"
            )
        return self._values[layer - self._first]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"<{self._name}[{self._first}] to {self._name}[{self._first + len(self) - 1}]>"


@dataclass(frozen=True, eq=False)
class Trace:
    r"""One step of plain gradient descent, worked out in full. Columns are examples.

    .. math:: Z^{(l)} = W^{(l)} A^{(l-1)} + b^{(l)}, \quad A^{(l)} = f(Z^{(l)}), \quad
              dZ^{(l)} = dA^{(l)} \odot f'(Z^{(l)})

    .. math:: dW^{(l)} = dZ^{(l)} A^{(l-1)T}, \quad db^{(l)} = dZ^{(l)} 1, \quad
              dA^{(l-1)} = W^{(l)T} dZ^{(l)}

    Parameters
    ----------
    W, b : ByLayer
        Parameters before the step, (n_out, n_in) and (n_out, 1); zeros for a layer without bias.
    Z, A : ByLayer
        Pre-activations and activations (n_out, d); ``A[L]`` is `Y_hat`, ``A[0]`` is `X`, or what
        layers in front of the first weights, such as a norm, make of it.
    slope : ByLayer
        :math:`f'(Z^{(l)})`, (n_out, d); None for softmax and where more than an activation follows
        the weights.
    dA, dZ, dW, db : ByLayer
        Derivatives of J, shaped as what they are derivatives by; ``dA[L]`` is
        :math:`\partial J / \partial \hat Y` also where the loss was computed from Z.
    new_W, new_b : ByLayer
        Parameters after the step.
    X : ndarray, shape (n, d)
        Inputs.
    Y_hat, Y : ndarray, shape (m, d)
        Outputs and targets, these with the label smoothing of the loss. Targets that only a loss
        of your own takes keep their shape, with examples along the last axis.
    losses : ndarray, shape (d,)
        The loss of each example.
    loss, new_loss : float
        J before and after the step; NaN where the step led to predictions that the loss is not
        defined for.
    dX : ndarray, shape (n, d)
        Derivatives of J by the inputs.
    learning_rate : float
        The rate :math:`\eta`.
    new_weights, new_biases : list
        Parameters after the step as ``set_weights`` takes them.
    activations, loss_name : tuple of str, str
        The names of f of each layer and of the loss: "own:" and its name for a function. With
        "fork" among them what stands there goes on into the block of a Residual and past it, so
        that its derivative is the sum of both; with "sum" both come together again.
    in_front : tuple of str
        The same of what stands in front of the first weights.
    updates : tuple of (str, str)
        How W and b of each layer were updated, as text: ``"W1 - η dW1"``.

    Notes
    -----
    Made by :meth:`chainrule.Network.trace`, with the kernels of training itself. The number of a
    layer is that of its weights, l = 1..L; activations between weights belong to the layer in front
    of them.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> t = cr.mlp([2, 3, 1], seed=0, dtype="float64").trace([[0.5, 0.2]], [1.0])
    >>> bool(np.allclose(t.Z[2], t.W[2] @ t.A[1] + t.b[2]))
    True
    """

    W: ByLayer
    b: ByLayer
    Z: ByLayer
    A: ByLayer
    slope: ByLayer
    dA: ByLayer
    dZ: ByLayer
    dW: ByLayer
    db: ByLayer
    new_W: ByLayer
    new_b: ByLayer
    X: Matrix
    Y_hat: Matrix
    Y: Matrix
    losses: Matrix
    loss: float
    new_loss: float
    dX: Matrix
    learning_rate: float
    new_weights: list[Matrix]
    new_biases: list[Matrix | None]
    activations: tuple[str, ...]
    in_front: tuple[str, ...]
    loss_name: str
    updates: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return step_text(self)

    def __repr__(self) -> str:
        d = self.losses.shape[0]
        losses = f"loss={self.loss:.6g}, new_loss={self.new_loss:.6g}"
        return f"Trace({len(self.W)} layers, {d} examples, {losses})"


def _one_hot(y: Matrix, n_outputs: int, dtype: Any) -> Matrix:
    """Return targets (d, m); classes (d,) become rows with a single 1."""
    if y.ndim == 2:
        return y.copy()
    rows = np.zeros((y.shape[0], n_outputs), dtype)
    rows[np.arange(y.shape[0]), y] = 1
    return rows


def _as_the_loss_sees_it(Y: Matrix, loss: Any) -> Matrix:
    """Return targets with the smoothing of the loss."""
    share = getattr(loss, "label_smoothing", 0.0)
    if share == 0:
        return Y
    n_classes = 2 if loss.averages_outputs else Y.shape[1]
    smoothed: Matrix = (1 - share) * Y.astype(np.float64) + share / n_classes
    return smoothed.astype(Y.dtype)


def _targets_in_columns(examples: Examples, network: Predicting, loss: Any) -> Matrix:
    """Return targets (m, d); those of an own loss that have another shape with examples last."""
    if examples.kind == "other":
        return np.moveaxis(examples.y, 0, -1).copy()
    y = _one_hot(examples.targets, network.n_outputs, network.dtype)
    return _as_the_loss_sees_it(y, loss).T


def _update_text(layer: int, dense: dict[str, Any]) -> tuple[str, str]:
    """Return the right sides of the updates of W and b of a layer with this description."""
    w, b = f"W{layer}", f"b{layer}"
    if not dense["trainable"]:
        return f"{w} (frozen)", f"{b} (frozen)"
    factor = dense["learning_rate_multiplier"]
    rate = "η" if factor == 1 else f"{factor:g} η"
    l1, l2, most = dense["l1"], dense["l2"], dense["max_norm"]
    gradient = [f"d{w}"] + [f"{l1:g} sign({w})"] * (l1 > 0) + [f"{l2:g} {w}"] * (l2 > 0)
    step = gradient[0] if len(gradient) == 1 else f"({' + '.join(gradient)})"
    limit = "" if most is None else f", rows at most {most:g} long"
    return f"{w} - {rate} {step}{limit}", f"{b} - {rate} d{b}"


def _dense_layers(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Iterate over the descriptions of Dense layers, those in blocks too."""
    for layer in layers:
        if layer["type"] == "dense":
            yield layer
        yield from _dense_layers(layer.get("block", []))


def trace_from(
    core: dict[str, Any],
    examples: Examples,
    network: Predicting,
    loss: _core.Formula | OwnLoss,
    learning_rate: float,
) -> Trace:
    """Return the trace that the core worked out, turned to one example per column."""
    layers: list[dict[str, Any]] = core["layers"]
    described = network._description()["layers"]
    dense = list(_dense_layers(described))

    def columns(key: str) -> ByLayer:
        return ByLayer(key, [None if layer[key] is None else layer[key].T for layer in layers])

    def biases(key: str) -> ByLayer:
        zeros = (np.zeros(layer["W"].shape[0], layer["W"].dtype) for layer in layers)
        given = [
            zero if layer[key] is None else layer[key]
            for layer, zero in zip(layers, zeros, strict=True)
        ]
        return ByLayer(key, [bias.reshape(-1, 1) for bias in given])

    return Trace(
        **{key: ByLayer(key, [layer[key] for layer in layers]) for key in ("W", "dW", "new_W")},
        **{key: biases(key) for key in ("b", "db", "new_b")},
        **{key: columns(key) for key in ("Z", "slope", "dA", "dZ")},
        A=ByLayer("A", [core["input"].T, *(layer["A"].T for layer in layers)], first=0),
        X=examples.x.copy().T,
        Y_hat=core["Y_hat"].T,
        Y=_targets_in_columns(examples, network, loss),
        losses=core["losses"],
        loss=core["loss"],
        new_loss=core["new_loss"],
        dX=core["dX"].T,
        learning_rate=learning_rate,
        new_weights=[layer["new_W"] for layer in layers],
        new_biases=[layer["new_b"] for layer in layers],
        activations=tuple(network._stage_activations()),
        in_front=tuple(kinds_in_front(described)),
        loss_name=loss.name,
        updates=tuple(_update_text(number, each) for number, each in enumerate(dense, start=1)),
    )
