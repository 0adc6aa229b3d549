"""What can be stacked? Descriptions of layers, and the layers of a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chainrule import _core
from chainrule._checks import as_flag
from chainrule._dense import Dense
from chainrule._noise import AlphaDropout, Dropout, GaussianNoise, Noise
from chainrule._norms import BatchNorm, LayerNorm, Norm, Rescale, Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chainrule.network import Network

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
        object.__setattr__(self, "activation", _core.activations.get(self.activation))

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
)

# Those whose fields are numbers alone.
_OF_NUMBERS = {
    cls.type: cls
    for cls in (Dropout, AlphaDropout, GaussianNoise, LayerNorm, BatchNorm, Scale, Rescale)
}


def from_description(description: dict[str, Any]) -> Layer:
    """Return the layer of a description."""
    values = dict(description)
    kind = values.pop("type")
    if kind in _OF_NUMBERS:
        layer: Layer = _OF_NUMBERS[kind](**values)
        return layer
    values["activation"] = _core.activations.from_description(values["activation"])
    if kind == "activation":
        return Activation(**values)
    values["bias_initializer"] = _core.initializers.from_description(values["bias_initializer"])
    if values["initializer"] is not None:
        values["initializer"] = _core.initializers.from_description(values["initializer"])
    return Dense(**values)


class NetworkLayer:
    """A layer of one network: its description and its parameters.

    Parameters
    ----------
    network : Network
        The network.
    index : int
        Position in ``network.layers``, from 0.
    description : Dense, Activation, Noise or Norm
        What it was made from.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> net.layers[0].weight.shape
    (3, 2)
    """

    # Fields are the description's: one that is set here would change nothing.
    __slots__ = ("_description", "_index", "_network")

    def __init__(self, network: Network, index: int, description: Layer) -> None:
        self._network = network
        self._index = index
        self._description = description

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._description, name)

    def __repr__(self) -> str:
        return repr(self.description)

    @property
    def description(self) -> Layer:
        """What the layer was made from, and whether it is trained now."""
        if isinstance(self._description, Dense):
            trainable = self._network._trainable(self._index)
            if trainable != self._description.trainable:
                self._description = replace(self._description, trainable=trainable)
        return self._description

    @property
    def detail(self) -> str:
        """What a summary says behind the kind of layer: its activation, numbers, settings."""
        description = self.description
        if isinstance(description, Noise | Norm):
            members = description.describe().items()
            return " ".join(f"{key}={value:g}" for key, value in members if key != "type")
        assert isinstance(description.activation, _core.Formula)
        words = [description.activation.name]
        if isinstance(description, Dense):
            words += description._settings()
        return " ".join(words)

    def _tensor(self, tensors: dict[str, NDArray[Any]], name: str) -> NDArray[Any] | None:
        tensor = tensors.get(f"layers.{self._index}.{name}")
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
        are norms and scales.
        """
        if isinstance(self._description, Dense):
            return self._network._trainable(self._index)
        return self.slope is not None or self.weight is not None

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        wanted = as_flag("trainable", trainable)
        if isinstance(self._description, Dense):
            self._network._set_trainable(self._index, wanted)
        elif isinstance(self._description, Norm):
            if self.trainable and not wanted:
                kind = type(self._description).__name__
                raise ValueError(
                    f"trainable: layers[{self._index}] is a {kind}, which is always trained; only "
                    "Dense layers can be frozen"
                )
        elif self.slope is not None and not wanted:
            raise ValueError(
                f"trainable: layers[{self._index}] is an activation of its own, whose slopes are "
                "always trained; give prelu to a Dense layer to freeze both"
            )
