"""What can be stacked? Descriptions of layers, and the layers of a network."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from chainrule import _core
from chainrule._checks import MOST_UNITS, as_count, as_flag, as_number, as_positive
from chainrule._noise import AlphaDropout, Dropout, GaussianNoise, Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chainrule.network import Network

__all__ = [
    "Activation",
    "AlphaDropout",
    "Dense",
    "Dropout",
    "GaussianNoise",
    "NetworkLayer",
    "Noise",
]


@dataclass(frozen=True)
class Dense:
    r"""A fully-connected layer: every unit sees every input.

    .. math:: Z = W A_{prev} + b, \qquad A = f(Z)

    .. math:: P = \lambda_1 \sum |W| + \frac{\lambda_2}{2} \sum W^2

    Parameters
    ----------
    units : int
        Number of units :math:`n_{out}`, at least 1.
    activation : str or Formula, default "identity"
        The activation :math:`f`, one of ``chainrule.activations``.
    bias : bool, default True
        Whether there is a bias :math:`b`.
    initializer : str, Formula or None, default None
        How the weights begin, one of ``chainrule.initializers``; None takes the usual one for the
        next activation (``he_normal`` for relu and its like, ``lecun_normal`` for selu,
        ``glorot_uniform`` otherwise).
    bias_initializer : str or Formula, default "zeros"
        How the biases begin.
    l1, l2 : float in [0, inf), default 0.0
        Coefficients of the penalty on the weights of this layer, to which those of ``fit`` and
        ``train_step`` are added; both together are the elastic net. Biases pay nothing.
    max_norm : float in (0, inf) or None, default None
        The largest Euclidean norm of the weights of a unit: after an update, a row :math:`w` of W
        that is longer becomes :math:`c \, w / \|w\|`.
    trainable : bool, default True
        Whether training changes the layer. A frozen layer keeps its parameters, has gradients of 0
        and takes no part in the norm of the gradient; of a network's layer, it can be set.
    learning_rate_multiplier : float in (0, inf), default 1.0
        The factor :math:`m` of the learning rate for the parameters of this layer, whatever the
        optimiser: :math:`W \leftarrow W - m \eta \, \partial J / \partial W`.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a number is out of range or a name is not known.

    Notes
    -----
    A description: immutable, comparable, and usable in any number of networks. The weights ``W`` of
    a network's layer have shape ``(n_out, n_in)``, as in Z = W A + b and in PyTorch.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.
    Penalties: Tibshirani (1996), Regression shrinkage and selection via the lasso; Krogh and Hertz
    (1991), A simple weight decay can improve generalization; Zou and Hastie (2005), Regularization
    and variable selection via the elastic net. Norms: Srivastava, Hinton and others (2014),
    Dropout: a simple way to prevent neural networks from overfitting, section 5.1. Frozen layers:
    Yosinski, Clune, Bengio and Lipson (2014), How transferable are features in deep neural
    networks? Learning rates of layers: Howard and Ruder (2018), Universal language model
    fine-tuning for text classification, section 3.2.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Dense(32, "relu") == cr.Dense(32, cr.activations.Relu())
    True
    >>> cr.Dense(32, cr.activations.LeakyRelu(0.1)).activation.negative_slope
    0.1
    """

    units: int
    activation: str | _core.Formula = "identity"
    _: KW_ONLY
    bias: bool = True
    initializer: str | _core.Formula | None = None
    bias_initializer: str | _core.Formula = "zeros"
    l1: float = 0.0
    l2: float = 0.0
    max_norm: float | None = None
    trainable: bool = True
    learning_rate_multiplier: float = 1.0

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "units", as_count("units", self.units, most=MOST_UNITS))
        set_field(self, "bias", as_flag("bias", self.bias))
        set_field(self, "trainable", as_flag("trainable", self.trainable))
        for name in ("l1", "l2"):
            set_field(self, name, as_number(name, getattr(self, name)))
        for name in ("max_norm", "learning_rate_multiplier"):
            if name != "max_norm" or self.max_norm is not None:
                set_field(self, name, as_positive(name, getattr(self, name)))
        set_field(self, "activation", _core.activations.get(self.activation))
        set_field(self, "bias_initializer", _core.initializers.get(self.bias_initializer))
        if self.initializer is not None:
            set_field(self, "initializer", _core.initializers.get(self.initializer))

    def _settings(self) -> list[str]:
        """Return what a summary says of the settings that are not at their defaults."""
        numbers = ("l1", "l2", "max_norm", "learning_rate_multiplier")
        named = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}
        words = [
            f"{name}={value:g}"
            for name, (value, usual) in named.items()
            if name in numbers and value != usual
        ]
        return words if self.trainable else [*words, "frozen"]

    def describe(self) -> dict[str, Any]:
        """Return the layer as files hold it.

        Returns
        -------
        dict
            ``{"type": "dense", ...}`` with every field.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.Dense(3).describe()["units"]
        3
        """
        description: dict[str, Any] = {"type": "dense"}
        for field in fields(self):
            value = getattr(self, field.name)
            description[field.name] = (
                value.describe() if isinstance(value, _core.Formula) else value
            )
        return description


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


Layer = Dense | Activation | Dropout | AlphaDropout | GaussianNoise

_NOISES = {cls.type: cls for cls in (Dropout, AlphaDropout, GaussianNoise)}


def from_description(description: dict[str, Any]) -> Layer:
    """Return the layer of a description."""
    values = dict(description)
    kind = values.pop("type")
    if kind in _NOISES:
        return _NOISES[kind](**values)
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
    description : Dense, Activation, Dropout, AlphaDropout or GaussianNoise
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
        """What a summary says behind the kind of layer: its activation, noise, settings."""
        description = self.description
        if isinstance(description, Noise):
            members = description.describe().items()
            return " ".join(f"{key}={value:g}" for key, value in members if key != "type")
        assert isinstance(description.activation, _core.Formula)
        words = [description.activation.name]
        if isinstance(description, Dense):
            words += description._settings()
        return " ".join(words)

    def _tensor(self, name: str) -> NDArray[Any] | None:
        tensor: NDArray[Any] | None = self._network._tensors().get(f"layers.{self._index}.{name}")
        if tensor is not None:
            tensor.flags.writeable = False
        return tensor

    @property
    def weight(self) -> NDArray[Any] | None:
        """The weights (n_out, n_in), a read-only copy; None for an activation."""
        return self._tensor("weight")

    @property
    def bias(self) -> NDArray[Any] | None:
        """The bias (n_out,), a read-only copy; None where there is none."""
        return self._tensor("bias")

    @property
    def slope(self) -> NDArray[Any] | None:
        """The slopes (n_out,) that prelu learns, a read-only copy; None for other activations."""
        return self._tensor("slope")

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; can be set where no training is under way.

        A layer without parameters is never changed, and setting it makes no difference there. The
        slopes of an ``Activation("prelu")`` are always trained, those of a Dense layer with it.
        """
        if isinstance(self._description, Dense):
            return self._network._trainable(self._index)
        return self.slope is not None

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        wanted = as_flag("trainable", trainable)
        if isinstance(self._description, Dense):
            self._network._set_trainable(self._index, wanted)
        elif self.slope is not None and not wanted:
            raise ValueError(
                f"trainable: layers[{self._index}] is an activation of its own, whose slopes are "
                "always trained; give prelu to a Dense layer to freeze both"
            )
