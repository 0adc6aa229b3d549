"""Which layers add noise while a network learns? They leave predictions as they are."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule._checks import as_number
from chainrule._described import Described

__all__ = ["AlphaDropout", "Dropout", "GaussianNoise", "Noise"]


class Noise(Described):
    """What the layers of noise have in common.

    The random numbers of an element depend on the seed of the network, the position of the layer,
    the number of training forwards before, the row of the batch and the feature, so that they are
    the same for any number of threads and a saved network goes on where it was.
    """


@dataclass(frozen=True)
class Dropout(Noise):
    r"""Dropout: a random fraction of the units is 0 in each training forward.

    .. math:: a \leftarrow \begin{cases} 0 & \text{with probability } p \\
              a / (1 - p) & \text{otherwise} \end{cases}

    Parameters
    ----------
    p : float in [0, 1), default 0.5
        The fraction of units dropped, as in PyTorch (the ``rate`` of Keras). The others are divided
        by :math:`1 - p`, so that a prediction needs no factor.

    Raises
    ------
    TypeError
        If `p` is no number.
    ValueError
        If it is out of range.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), Dropout: a simple way to
    prevent neural networks from overfitting.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network(4, [cr.Dense(8, "relu"), cr.Dropout(0.2), cr.Dense(1)], seed=0)
    >>> x = [[1.0, 2.0, 3.0, 4.0]]
    >>> bool(net.forward(x, training=True) == net.predict(x))
    False
    >>> bool(net.forward(x) == net.predict(x))
    True
    """

    type = "dropout"
    p: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", as_number("p", self.p, below=1))


@dataclass(frozen=True)
class AlphaDropout(Noise):
    r"""Dropout for selu: it keeps mean 0 and variance 1 of the activations.

    .. math:: a \leftarrow s \, a' + t, \quad a' = \begin{cases} -\lambda \alpha & \text{with
              probability } p \\ a & \text{otherwise} \end{cases}

    with :math:`s = ((1 - p)(1 + p \lambda^2 \alpha^2))^{-1/2}` and :math:`t = s \, p \lambda
    \alpha`; :math:`\lambda` and :math:`\alpha` are those of selu.

    Parameters
    ----------
    p : float in [0, 1), default 0.5
        The fraction of units dropped.

    Raises
    ------
    TypeError
        If `p` is no number.
    ValueError
        If it is out of range.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural networks, section 3.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Network(4, [cr.Dense(8), cr.AlphaDropout(0.1), cr.Dense(1)], seed=0).n_parameters
    49
    """

    type = "alpha_dropout"
    p: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", as_number("p", self.p, below=1))


@dataclass(frozen=True)
class GaussianNoise(Noise):
    r"""Normal noise, added in each training forward.

    .. math:: a \leftarrow a + \sigma \epsilon, \qquad \epsilon \sim N(0, 1)

    Parameters
    ----------
    stddev : float in [0, inf), default 0.1
        The standard deviation :math:`\sigma`.

    Raises
    ------
    TypeError
        If `stddev` is no number.
    ValueError
        If it is out of range.

    References
    ----------
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network(4, [cr.GaussianNoise(0.05), cr.Dense(8, "relu"), cr.Dense(1)], seed=0)
    >>> net.layers[0].stddev
    0.05
    """

    type = "gaussian_noise"
    stddev: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "stddev", as_number("stddev", self.stddev))
