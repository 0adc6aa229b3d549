"""What is a layer of one network? Its description, its parameters, and whether it is trained."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._arrays import as_matrix, as_vector
from chainrule._checks import as_flag
from chainrule._dense import Dense
from chainrule._given_array import GivenArray
from chainrule._noise import Noise
from chainrule._norms import Norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from chainrule.layers import Layer
    from chainrule.network import Network

__all__ = ["NetworkLayer", "arrays_given", "depth_first", "layers_of"]


def depth_first(layers: Iterable[NetworkLayer]) -> Iterator[NetworkLayer]:
    """Iterate over the layers of a network, each in front of those of its block."""
    for layer in layers:
        yield layer
        yield from depth_first(layer.block)


class NetworkLayer:
    """A layer of one network: its description and its parameters.

    Parameters
    ----------
    network : Network
        The network.
    number : int
        Position among all layers of the network, from 0: depth first, a Residual in front of its
        block.
    name : str
        What its tensors begin with, "layers.0".
    description : Dense, Activation, Noise, Norm or Residual
        What it was made from.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> net.layers[0].weight.shape
    (3, 2)

    A network with another output that begins with the first layer, as it has learnt:

    >>> first = net.layers[0].description
    >>> other = cr.Network(2, [first, cr.Dense(5, "softmax")], seed=1)
    >>> other.set_weights(
    ...     [net.weights[0], other.weights[1]], [net.biases[0], other.biases[1]]
    ... )
    >>> other.layers[0].trainable = False
    """

    __slots__ = ("_block", "_description", "_name", "_network", "_number")

    def __init__(self, network: Network, number: int, name: str, description: Layer) -> None:
        self._network = network
        self._number = number
        self._name = name
        self._description = description
        inside = getattr(description, "block", ())
        self._block = layers_of(network, inside, f"{name}.block", number + 1)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._description, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # Fields are the description's: one that is set here would change nothing.
        if name not in (*self.__slots__, "trainable"):
            raise AttributeError(
                f"{name}: of a network's layer only trainable can be set; parameters come from "
                "set_weights, everything else from the description that a network is made of"
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return repr(self.description)

    @property
    def description(self) -> Layer:
        """What the layer was made from, and whether it is trained now."""
        if isinstance(self._description, Dense):
            trainable = self._network._trainable(self._number)
            if trainable != self._description.trainable:
                self._description = replace(self._description, trainable=trainable)
        if self._block:
            residual: Any = self._description
            inside = tuple(layer.description for layer in self._block)
            self._description = replace(residual, block=inside)
        return self._description

    @property
    def block(self) -> tuple[NetworkLayer, ...]:
        """The network's own layers in a Residual; none in other layers."""
        return self._block

    @property
    def detail(self) -> str:
        """What a summary says behind the kind of layer: its activation, numbers, settings."""
        description: Any = self.description
        if isinstance(description, Noise | Norm):
            members = description.describe().items()
            return " ".join(f"{key}={value:g}" for key, value in members if key != "type")
        if self._block:
            return ""
        words = [description.activation.name]
        if isinstance(description, Dense):
            words += description._settings()
        return " ".join(words)

    def _kind(self) -> str:
        """Return what a summary calls it, two columns further in for each Residual around it."""
        kind = f"{type(self._description).__name__} {self.detail}".rstrip()
        return "  " * self._name.count(".block.") + kind

    def _tensor(self, tensors: dict[str, NDArray[Any]], name: str) -> NDArray[Any] | None:
        tensor = tensors.get(f"{self._name}.{name}")
        if tensor is not None:
            tensor.flags.writeable = False
        return tensor

    @property
    def weight(self) -> NDArray[Any] | None:
        """The weights (n_out, n_in), or the factors (n,) of a norm or scale; a read-only copy.

        None for layers without.
        """
        return self._tensor(self._network._tensors(), "weight")

    @property
    def bias(self) -> NDArray[Any] | None:
        """The bias (n_out,), or what a norm adds; a read-only copy, None where there is none."""
        return self._tensor(self._network._tensors(), "bias")

    @property
    def running_mean(self) -> NDArray[Any] | None:
        """The mean (n,) of each feature that a BatchNorm predicts with, a read-only copy."""
        return self._tensor(self._network._statistics(), "running_mean")

    @property
    def running_var(self) -> NDArray[Any] | None:
        """The variance (n,) of each feature that a BatchNorm predicts with, a read-only copy."""
        return self._tensor(self._network._statistics(), "running_var")

    @property
    def slope(self) -> NDArray[Any] | None:
        """The slopes (n_out,) that prelu learns, a read-only copy; None for other activations."""
        return self._tensor(self._network._tensors(), "slope")

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; can be set where no training is under way.

        A layer without parameters is never changed, and setting it makes no difference there. The
        slopes of an ``Activation("prelu")`` are always trained, those of a Dense layer with it; so
        are norms and scales. A Residual is trained where a layer of its block is, and sets it for
        all of them.
        """
        if self._block:
            return any(layer.trainable for layer in self._block)
        if isinstance(self._description, Dense):
            return self._network._trainable(self._number)
        return self.slope is not None or self.weight is not None

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        wanted = as_flag("trainable", trainable)
        layers = list(depth_first([self]))
        if not wanted:
            for layer in layers:
                layer._check_can_freeze()
        for layer in layers:
            if isinstance(layer._description, Dense):
                self._network._set_trainable(layer._number, wanted)

    def _check_can_freeze(self) -> None:
        """Refuse a layer with parameters that are always trained."""
        if isinstance(self._description, Norm) and self.trainable:
            kind = type(self._description).__name__
            raise ValueError(
                f"trainable: {self._place} is a {kind}, which is always trained; only Dense "
                "layers can be frozen"
            )
        if not self._block and not isinstance(self._description, Dense) and self.trainable:
            raise ValueError(
                f"trainable: {self._place} is an activation of its own, whose slopes are always "
                "trained; give prelu to a Dense layer to freeze both"
            )

    def _array_of(self, initializer: str) -> tuple[str, NDArray[Any]]:
        """Return what messages call an initialiser that is an array, and its values."""
        argument = f"{self._place}.{initializer}"
        values: NDArray[Any] | None = getattr(self._description, initializer).values
        if values is None:
            raise ValueError(
                f"{argument}: this was an array, and files do not hold it; build a network of "
                f"dataclasses.replace(layer, {initializer}=...), or call set_weights"
            )
        return argument, values

    @property
    def _place(self) -> str:
        """What messages call it: ``layers[3].block[0]``."""
        return re.sub(r"\.(\d+)", r"[\1]", self._name)


def layers_of(
    network: Network, descriptions: Iterable[Layer], name: str = "layers", first: int = 0
) -> tuple[NetworkLayer, ...]:
    """Return the layers of a network, or of a block in it, whose first has the number `first`."""
    layers: list[NetworkLayer] = []
    for i, description in enumerate(descriptions):
        layer = NetworkLayer(network, first, f"{name}.{i}", description)
        layers.append(layer)
        first += sum(1 for _ in depth_first([layer]))
    return tuple(layers)


def arrays_given(
    layers: Iterable[NetworkLayer], n_features: int, dtype: str
) -> dict[str, NDArray[Any]]:
    """Return the arrays that layers begin with, under the names of their tensors."""
    arrays = {}
    n_in, type_of_network = n_features, np.dtype(dtype)
    for layer in depth_first(layers):
        dense = layer._description
        if not isinstance(dense, Dense):
            continue
        if isinstance(dense.initializer, GivenArray):
            argument, values = layer._array_of("initializer")
            arrays[f"{layer._name}.weight"] = as_matrix(
                argument, values, (dense.units, n_in), type_of_network
            )
        if isinstance(dense.bias_initializer, GivenArray):
            argument, values = layer._array_of("bias_initializer")
            arrays[f"{layer._name}.bias"] = as_vector(
                argument, values, dense.units, type_of_network
            )
        n_in = dense.units
    return arrays
