"""What is a fully-connected layer? Its units, its activation, and how it is trained."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields
from typing import TYPE_CHECKING, Any

from chainrule import _core
from chainrule._checks import MOST_UNITS, as_count, as_flag, as_number, as_positive
from chainrule._given_array import GivenArray, as_initializer
from chainrule._names import as_formula

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Dense"]


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
    initializer : str, Formula, array_like or None, default None
        How the weights begin, one of ``chainrule.initializers``, or their values, (n_out, n_in);
        None takes the usual one for the next activation (``he_normal`` for relu and its like,
        ``lecun_normal`` for selu, ``glorot_uniform`` otherwise).
    bias_initializer : str, Formula or array_like, default "zeros"
        How the biases begin, or their values, (n_out,).
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

    A file or a pickle of a network has its weights as they are, but no arrays that they began with:
    a network that was loaded cannot go back to them by ``initialize()``.

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
    initializer: str | _core.Formula | GivenArray | ArrayLike | None = None
    bias_initializer: str | _core.Formula | GivenArray | ArrayLike = "zeros"
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
        set_field(self, "activation", as_formula("activation", _core.activations, self.activation))
        for name in ("initializer", "bias_initializer"):
            if name != "initializer" or self.initializer is not None:
                set_field(self, name, as_initializer(name, getattr(self, name)))
        if not self.bias and isinstance(self.bias_initializer, GivenArray):
            raise ValueError(
                "bias_initializer: expected no array with bias=False; leave one of the two out"
            )

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
                value.describe() if isinstance(value, _core.Formula | GivenArray) else value
            )
        return description
