"""What can be stacked? Descriptions of layers, which any number of networks can share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule import _core
from chainrule._checks import MOST_NESTED, as_list, shown
from chainrule._dense import Dense
from chainrule._given_array import initializer_from_description
from chainrule._names import as_formula
from chainrule._network_layer import NetworkLayer
from chainrule._noise import AlphaDropout, Dropout, GaussianNoise, Noise
from chainrule._norms import BatchNorm, LayerNorm, Norm, Rescale, Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Activation",
    "AlphaDropout",
    "BatchNorm",
    "Dense",
    "Dropout",
    "GaussianNoise",
    "LayerNorm",
    "NetworkLayer",
    "Noise",
    "Norm",
    "Rescale",
    "Residual",
    "Scale",
]


@dataclass(frozen=True)
class Activation:
    r"""An activation as a layer of its own, :math:`A = f(Z)`.

    Parameters
    ----------
    activation : str or Formula
        The activation :math:`f`, one of ``chainrule.activations``.

    Raises
    ------
    TypeError
        If it is neither a name nor an activation.
    ValueError
        If the name is not known.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Activation("softmax").activation
    Softmax()
    """

    activation: str | _core.Formula

    def __post_init__(self) -> None:
        found = as_formula("activation", _core.activations, self.activation)
        object.__setattr__(self, "activation", found)

    def describe(self) -> dict[str, Any]:
        """Return the layer as files hold it.

        Returns
        -------
        dict
            ``{"type": "activation", "activation": {"name": ...}}``.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.Activation("relu").describe()["type"]
        'activation'
        """
        assert isinstance(self.activation, _core.Formula)
        return {"type": "activation", "activation": self.activation.describe()}


@dataclass(frozen=True)
class Residual:
    r"""What a block of layers makes of its inputs is added to them.

    .. math:: Y = X + F(X)

    Parameters
    ----------
    block : sequence of layers
        The layers of :math:`F`, at least one; it ends with as many features as it begins with.
        Residuals may stand in each other, at most 5 deep.

    Raises
    ------
    TypeError
        If `block` is no sequence of layers.
    ValueError
        If it is empty, or too many Residuals are in each other.

    Notes
    -----
    The gradient of the inputs is that through the block and, beside it, that of the outputs as it
    is, so that deep networks learn in their first layers, too. In ``Network(...)`` a block of other
    outputs than inputs is refused. Behind a Residual at the end there is no activation: the usual
    loss is that of identity. Tensors are called ``layers.3.block.0.weight``; of a network's layer,
    ``block`` has the network's own layers.

    References
    ----------
    He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, section 3.2; with
    the activations first, the same (2016), Identity mappings in deep residual networks.

    Examples
    --------
    >>> import chainrule as cr
    >>> block = [cr.LayerNorm(), cr.Dense(32, "relu"), cr.Dense(8)]
    >>> layers = [cr.Dense(8), cr.Residual(block), cr.Residual(block), cr.Dense(1)]
    >>> net = cr.Network(4, layers, seed=0)
    >>> net.layers[1].block[2].weight.shape
    (8, 32)
    """

    block: Sequence[Layer]

    def __post_init__(self) -> None:
        block = checked_layers("block", self.block)
        if not block:
            raise ValueError("block: expected at least one layer, got none")
        object.__setattr__(self, "block", tuple(block))
        if (depth := self._depth()) > MOST_NESTED:
            raise ValueError(
                f"block: expected at most {MOST_NESTED} Residuals in each other, got {depth}"
            )

    def _depth(self) -> int:
        """Return how many Residuals are in each other."""
        return 1 + max(each._depth() if isinstance(each, Residual) else 0 for each in self.block)

    def describe(self) -> dict[str, Any]:
        """Return the layer as files hold it.

        Returns
        -------
        dict
            ``{"type": "residual", "block": [...]}`` with all its layers.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.Residual([cr.Dropout(0.5)]).describe()
        {'type': 'residual', 'block': [{'type': 'dropout', 'p': 0.5}]}
        """
        return {"type": "residual", "block": [layer.describe() for layer in self.block]}


Layer = (
    Dense
    | Activation
    | Dropout
    | AlphaDropout
    | GaussianNoise
    | LayerNorm
    | BatchNorm
    | Scale
    | Rescale
    | Residual
)

# Those whose fields are numbers alone.
_OF_NUMBERS = {
    cls.type: cls
    for cls in (Dropout, AlphaDropout, GaussianNoise, LayerNorm, BatchNorm, Scale, Rescale)
}


def checked_layers(name: str, given: Iterable[Layer]) -> list[Layer]:
    """Return the descriptions of layers in a list; nothing else may be there."""
    layers = as_list(name, given)
    for i, layer in enumerate(layers):
        if isinstance(layer, NetworkLayer):
            raise TypeError(
                f"{name}[{i}]: expected a description, got a layer of a network; give its "
                ".description"
            )
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{name}[{i}]: expected a layer such as chainrule.Dense, got {shown(layer)}"
            )
    return layers


def from_description(description: dict[str, Any]) -> Layer:
    """Return the layer of a description."""
    values = dict(description)
    kind = values.pop("type")
    if kind in _OF_NUMBERS:
        layer: Layer = _OF_NUMBERS[kind](**values)
        return layer
    if kind == "residual":
        return Residual([from_description(each) for each in values["block"]])
    values["activation"] = _core.activations.from_description(values["activation"])
    if kind == "activation":
        return Activation(**values)
    for name in ("initializer", "bias_initializer"):
        if values[name] is not None:
            values[name] = initializer_from_description(values[name])
    return Dense(**values)
