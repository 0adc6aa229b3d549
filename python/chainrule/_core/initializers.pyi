"""
The initializers.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['Zeros', 'Ones', 'Constant', 'Normal', 'TruncatedNormal', 'Uniform', 'VarianceScaling', 'GlorotUniform', 'GlorotNormal', 'HeUniform', 'HeNormal', 'LecunUniform', 'LecunNormal', 'Orthogonal', 'Lsuv', 'Sparse']
class Zeros(chainrule._core.Formula):
    """
    All zero, the usual start of biases.
    
    .. math:: w = 0
    
    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, section 2.3.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Zeros().name
    'zeros'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Ones(chainrule._core.Formula):
    """
    All one.
    
    .. math:: w = 1
    
    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Ones().name
    'ones'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Constant(chainrule._core.Formula):
    """
    The same value everywhere, such as a small positive bias in front of a relu.
    
    .. math:: w = c
    
    Parameters
    ----------
    value : float in (-inf, inf), default 0
        The value c.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Constant().name
    'constant'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, value: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def value(self) -> float:
        """
        The value c.
        """
class Normal(chainrule._core.Formula):
    """
    Normally distributed, not truncated.
    
    .. math:: w \\sim \\mathcal{N}(\\mu, \\sigma^2)
    
    Parameters
    ----------
    mean : float in (-inf, inf), default 0
        Mean mu.
    stddev : float in [0, inf), default 0.05
        Standard deviation sigma.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Normal().name
    'normal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, *, stddev: typing.SupportsFloat | typing.SupportsIndex = 0.05) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def mean(self) -> float:
        """
        Mean mu.
        """
    @property
    def stddev(self) -> float:
        """
        Standard deviation sigma.
        """
class TruncatedNormal(chainrule._core.Formula):
    """
    Normally distributed, but never further than two standard deviations from the mean.
    
    .. math:: w \\sim \\mathcal{N}(\\mu, \\sigma^2) \\quad \\text{given} \\quad |w - \\mu| \\le 2 \\sigma
    
    :math:`\\sigma` is that of the distribution that is cut; what is left has 0.8796 of it. As Keras' of
    the same name; PyTorch's ``trunc_normal_`` takes the two ends as they are.
    
    Parameters
    ----------
    mean : float in (-inf, inf), default 0
        Mean mu.
    stddev : float in [0, inf), default 0.05
        Standard deviation sigma.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Robert (1995), Simulation of truncated normal variables.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.TruncatedNormal().name
    'truncated_normal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, mean: typing.SupportsFloat | typing.SupportsIndex = 0.0, *, stddev: typing.SupportsFloat | typing.SupportsIndex = 0.05) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def mean(self) -> float:
        """
        Mean mu.
        """
    @property
    def stddev(self) -> float:
        """
        Standard deviation sigma.
        """
class Uniform(chainrule._core.Formula):
    """
    Uniformly distributed.
    
    .. math:: w \\sim \\mathcal{U}(a, b)
    
    Parameters
    ----------
    low : float in (-inf, inf), default -0.05
        Lower end a.
    high : float in (-inf, inf), default 0.05
        Upper end b.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Uniform().name
    'uniform'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, low: typing.SupportsFloat | typing.SupportsIndex = -0.05, *, high: typing.SupportsFloat | typing.SupportsIndex = 0.05) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def high(self) -> float:
        """
        Upper end b.
        """
    @property
    def low(self) -> float:
        """
        Lower end a.
        """
class VarianceScaling(chainrule._core.Formula):
    """
    A variance that is a multiple of one over the width of the layer.
    
    .. math:: \\operatorname{E} w = 0, \\qquad \\operatorname{Var} w = \\frac{s}{n}, \\qquad
              n = n_{in}, \\; n_{out} \\text{ or } \\tfrac12 (n_{in} + n_{out})
    
    The truncated normal distribution ends at two standard deviations of the one that it is cut from,
    which is wider by 1 / 0.8796, so that the variance is still s / n; the uniform one has the ends
    :math:`\\pm\\sqrt{3 s / n}`. As Keras' of the same name.
    
    Parameters
    ----------
    scale : float in (0, inf), default 1
        The multiple s.
    mode : 'fan_in' or 'fan_out' or 'fan_avg', default 'fan_in'
        Which width n is.
    distribution : 'truncated_normal' or 'untruncated_normal' or 'uniform', default 'truncated_normal'
        The distribution that is drawn from.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, section 2.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.VarianceScaling().name
    'variance_scaling'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, scale: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, mode: str = 'fan_in', distribution: str = 'truncated_normal') -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def distribution(self) -> str:
        """
        The distribution that is drawn from.
        """
    @property
    def mode(self) -> str:
        """
        Which width n is.
        """
    @property
    def scale(self) -> float:
        """
        The multiple s.
        """
class GlorotUniform(chainrule._core.Formula):
    """
    Glorot's uniform distribution, for sigmoid, tanh and softmax.
    
    .. math:: w \\sim \\mathcal{U}(-c, c), \\qquad c = \\sqrt{\\frac{6}{n_{in} + n_{out}}}
    
    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, equation 16.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.GlorotUniform().name
    'glorot_uniform'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class GlorotNormal(chainrule._core.Formula):
    """
    Glorot's normal distribution, for sigmoid, tanh and softmax; not truncated.
    
    .. math:: w \\sim \\mathcal{N}\\left(0, \\frac{2}{n_{in} + n_{out}}\\right)
    
    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, equation 12.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.GlorotNormal().name
    'glorot_normal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class HeUniform(chainrule._core.Formula):
    """
    He's initialisation with a uniform distribution, for the relu family.
    
    .. math:: w \\sim \\mathcal{U}(-c, c), \\qquad c = \\sqrt{\\frac{6}{n_{in}}}
    
    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 10.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.HeUniform().name
    'he_uniform'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class HeNormal(chainrule._core.Formula):
    """
    He's normal distribution, for the relu family; not truncated.
    
    .. math:: w \\sim \\mathcal{N}\\left(0, \\frac{2}{n_{in}}\\right)
    
    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 10.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.HeNormal().name
    'he_normal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class LecunUniform(chainrule._core.Formula):
    """
    LeCun's initialisation with a uniform distribution.
    
    .. math:: w \\sim \\mathcal{U}(-c, c), \\qquad c = \\sqrt{\\frac{3}{n_{in}}}
    
    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, equation 16.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.LecunUniform().name
    'lecun_uniform'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class LecunNormal(chainrule._core.Formula):
    """
    LeCun's normal distribution, for selu; not truncated.
    
    .. math:: w \\sim \\mathcal{N}\\left(0, \\frac{1}{n_{in}}\\right)
    
    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, equation 16.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.LecunNormal().name
    'lecun_normal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Orthogonal(chainrule._core.Formula):
    """
    Rows at right angles to each other, or columns where there are fewer of them.
    
    .. math:: W W^T = g^2 I \\quad (n_{out} \\le n_{in}), \\qquad W^T W = g^2 I \\quad (n_{out} \\ge n_{in})
    
    So lengths are kept, times g, on the way forward or back. W is uniformly distributed among all such
    matrices: Q of a matrix of normal numbers, R having a positive diagonal. Biases are one column.
    
    Parameters
    ----------
    gain : float in (-inf, inf), default 1
        Length g of the rows or columns.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in deep linear neural networks.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Orthogonal().name
    'orthogonal'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, gain: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def gain(self) -> float:
        """
        Length g of the rows or columns.
        """
class Lsuv(chainrule._core.Formula):
    """
    Layer-sequential unit variance: orthogonal, then scaled by data, the first layer first.
    
    .. math:: W \\leftarrow \\frac{W}{\\sqrt{\\operatorname{Var}(W A_{prev})}}
    
    The variance is that over all rows and units, of what the layers before, scaled already, make of the
    rows, as a training forward does. They are those of ``net.initialize(x)``, or of the first batch that
    the network learns from. Until then W is that of ``orthogonal``, and only a W whose rows (or columns,
    if there are fewer) still have length 1 is scaled; frozen layers are, too. Where nothing varies,
    ``net.initialize(x)`` raises, and a first batch leaves the layer as it is. For weights alone.
    
    References
    ----------
    Mishkin and Matas (2016), All you need is a good init, algorithm 1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Lsuv().name
    'lsuv'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Sparse(chainrule._core.Formula):
    """
    Normally distributed, but zero for a part of the inputs, which each unit draws for itself.
    
    .. math:: w \\sim \\mathcal{N}(0, \\sigma^2) \\text{ at } n_{in} - \\lceil s \\, n_{in} \\rceil
              \\text{ places, } \\quad w = 0 \\text{ elsewhere}
    
    So the number of zeros is that of every unit, as in the reference; PyTorch's ``sparse_`` fixes that
    of every input. A bias, one weight, is zero unless s is.
    
    Parameters
    ----------
    sparsity : float in [0, 1], default 0.1
        Part s of the weights that are zero.
    stddev : float in [0, inf), default 0.01
        Standard deviation sigma of the others.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization, section 5.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.initializers.Sparse().name
    'sparse'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, sparsity: typing.SupportsFloat | typing.SupportsIndex = 0.1, *, stddev: typing.SupportsFloat | typing.SupportsIndex = 0.01) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def sparsity(self) -> float:
        """
        Part s of the weights that are zero.
        """
    @property
    def stddev(self) -> float:
        """
        Standard deviation sigma of the others.
        """
def from_description(description: dict) -> typing.Any:
    ...
def get(given: typing.Any) -> typing.Any:
    ...
def names() -> list[str]:
    """
    The names that are accepted wherever one of the initializers is.
    
    Returns
    -------
    list of str
        In the order of the documentation.
    """
