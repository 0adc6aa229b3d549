"""
The initializers.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['Zeros', 'Ones', 'Constant', 'Normal', 'Uniform', 'GlorotUniform', 'GlorotNormal', 'HeUniform', 'HeNormal', 'LecunUniform', 'LecunNormal']
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
