"""Which layers bring activations to a common scale? Norms of rows or batches, and scales."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from chainrule._checks import as_finite, as_positive, as_share
from chainrule._described import Described

__all__ = ["BatchNorm", "LayerNorm", "Norm", "Rescale", "Scale"]


class Norm(Described):
    """What norms and scales have in common.

    They have as many outputs as inputs, and what they learn is one number for each feature.
    Penalties and limits on norms leave it alone; weight decay acts on it as on biases.
    """


@dataclass(frozen=True)
class LayerNorm(Norm):
    r"""Layer normalisation: rows get mean 0 and variance 1, then a learned scale and shift.

    .. math:: \hat z_j = \frac{z_j - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad
              a_j = w_j \hat z_j + b_j

    .. math:: \mu = \frac{1}{n} \sum_j z_j, \qquad \sigma^2 = \frac{1}{n} \sum_j (z_j - \mu)^2

    Parameters
    ----------
    epsilon : float in (0, inf), default 1e-5
        The number :math:`\epsilon` that keeps the division finite, as in PyTorch; where the dtype
        of a network would make it 0, its least number.

    Raises
    ------
    TypeError
        If `epsilon` is no number.
    ValueError
        If it is out of range.

    Notes
    -----
    An example is normalised by itself, so training and prediction do the same, with one row as with
    many. ``w`` begins as ones and ``b`` as zeros; of a network's layer they are ``weight`` and
    ``bias``.

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer normalization.

    Examples
    --------
    >>> import chainrule as cr
    >>> layers = [cr.Dense(8), cr.LayerNorm(), cr.Activation("relu"), cr.Dense(1)]
    >>> net = cr.Network(4, layers, seed=0)
    >>> net.layers[1].weight.shape
    (8,)
    """

    type = "layer_norm"
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", as_positive("epsilon", self.epsilon))


@dataclass(frozen=True)
class BatchNorm(Norm):
    r"""Batch normalisation: features get mean 0 and variance 1, then a learned scale and shift.

    .. math:: \hat z_{ij} = \frac{z_{ij} - \mu_j}{\sqrt{\sigma_j^2 + \epsilon}}, \qquad
              a_{ij} = w_j \hat z_{ij} + b_j

    In training :math:`\mu_j` and :math:`\sigma_j^2` are mean and variance over the d rows of the
    batch, and running statistics follow them:

    .. math:: \mu_j = \frac{1}{d} \sum_i z_{ij}, \quad
              \sigma_j^2 = \frac{1}{d} \sum_i (z_{ij} - \mu_j)^2

    .. math:: m_j \leftarrow (1 - \beta) \, m_j + \beta \, \mu_j, \quad
              v_j \leftarrow (1 - \beta) \, v_j + \beta \, \frac{d}{d - 1} \sigma_j^2

    Predictions and evaluations take :math:`m_j` and :math:`v_j` in their place.

    Parameters
    ----------
    momentum : float in [0, 1], default 0.1
        The share :math:`\beta` of the batch in the running statistics, as in PyTorch (Keras calls
        :math:`1 - \beta` momentum).
    epsilon : float in (0, inf), default 1e-5
        The number :math:`\epsilon` that keeps the division finite, as in PyTorch; where the dtype
        of a network would make it 0, its least number.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If it is out of range.

    Notes
    -----
    Training needs at least two rows in a batch; in ``fit``, a last batch of one row joins the one
    before. The statistics follow each training forward: batches of ``fit`` with a weight above 0,
    ``train_step`` and ``gradients``, all where the loss is finite, and ``forward(training=True)``.
    Rows of weight 0 are rows of the batch. Of a network's layer they are ``running_mean`` and
    ``running_var``, ``w`` and ``b`` are ``weight`` and ``bias``.

    References
    ----------
    Ioffe and Szegedy (2015), Batch normalization: accelerating deep network training by reducing
    internal covariate shift.

    Examples
    --------
    >>> import chainrule as cr
    >>> layers = [cr.Dense(8), cr.BatchNorm(), cr.Activation("relu"), cr.Dense(1)]
    >>> net = cr.Network(4, layers, seed=0)
    >>> h = net.fit([[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]], [0.0, 1.0])
    >>> bool((net.layers[1].running_mean != 0).any())
    True
    """

    type = "batch_norm"
    momentum: float = 0.1
    _: KW_ONLY
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        object.__setattr__(self, "momentum", as_share("momentum", self.momentum))
        object.__setattr__(self, "epsilon", as_positive("epsilon", self.epsilon))


@dataclass(frozen=True)
class Scale(Norm):
    r"""A learned factor for each feature.

    .. math:: a_j = w_j z_j

    Parameters
    ----------
    initial : float, default 1.0
        What all factors :math:`w_j` begin with.

    Raises
    ------
    TypeError
        If `initial` is no number.
    ValueError
        If it is not finite.

    References
    ----------
    Touvron, Cord, Sablayrolles, Synnaeve and Jégou (2021), Going deeper with image transformers,
    section 2 (LayerScale).

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network(4, [cr.Scale(0.5), cr.Dense(1)], seed=0)
    >>> net.layers[0].weight
    array([0.5, 0.5, 0.5, 0.5], dtype=float32)
    """

    type = "scale"
    initial: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", as_finite("initial", self.initial))


@dataclass(frozen=True)
class Rescale(Norm):
    r"""A fixed factor and offset for all features.

    .. math:: a_j = c z_j + o

    Parameters
    ----------
    factor : float, default 1.0
        The factor :math:`c`.
    offset : float, default 0.0
        The offset :math:`o`.

    Raises
    ------
    TypeError
        If an argument is no number.
    ValueError
        If it is not finite.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.3.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network(4, [cr.Rescale(1 / 255), cr.Dense(8, "relu"), cr.Dense(1)], seed=0)
    >>> net.n_parameters
    49
    """

    type = "rescale"
    factor: float = 1.0
    _: KW_ONLY
    offset: float = 0.0

    def __post_init__(self) -> None:
        for name in ("factor", "offset"):
            object.__setattr__(self, name, as_finite(name, getattr(self, name)))
