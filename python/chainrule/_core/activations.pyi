"""
The activations.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['Identity', 'Sigmoid', 'Tanh', 'Softsign', 'Relu', 'LeakyRelu', 'Prelu', 'Relu6', 'Elu', 'Selu', 'Celu', 'Gelu', 'Silu', 'Mish', 'Softplus', 'HardTanh', 'HardSigmoid', 'HardSwish', 'Exponential', 'Softmax', 'LogSoftmax']
class Identity(chainrule._core.Formula):
    """
    The identity, the output of a regression.
    
    .. math:: f(z) = z, \\qquad f'(z) = 1
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Identity().name
    'identity'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss: typing.ClassVar[str] = 'mse'
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Sigmoid(chainrule._core.Formula):
    """
    The logistic sigmoid, with values in (0, 1).
    
    .. math:: \\sigma(z) = \\frac{1}{1 + e^{-z}}, \\qquad \\sigma'(z) = \\sigma(z) (1 - \\sigma(z))
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equations 4.59 and 4.88.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Sigmoid().name
    'sigmoid'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss: typing.ClassVar[str] = 'binary_cross_entropy'
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Tanh(chainrule._core.Formula):
    """
    The hyperbolic tangent, with values in (-1, 1).
    
    .. math:: \\tanh(z) = \\frac{e^z - e^{-z}}{e^z + e^{-z}}, \\qquad \\tanh'(z) = 1 - \\tanh^2(z)
    
    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Tanh().name
    'tanh'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Softsign(chainrule._core.Formula):
    """
    Softsign, which reaches -1 and 1 more slowly than tanh.
    
    .. math:: f(z) = \\frac{z}{1 + |z|}, \\qquad f'(z) = \\frac{1}{(1 + |z|)^2}
    
    References
    ----------
    Turian, Bergstra and Bengio (2009), Quadratic features and deep architectures for chunking.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Softsign().name
    'softsign'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Relu(chainrule._core.Formula):
    """
    The rectified linear unit.
    
    .. math:: f(z) = \\max(0, z), \\qquad f'(z) = 0 \\text{ for } z \\le 0, \\; 1 \\text{ otherwise}
    
    References
    ----------
    Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Relu().name
    'relu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class LeakyRelu(chainrule._core.Formula):
    """
    The leaky rectified linear unit, with a little slope where relu has none.
    
    .. math:: f(z) = \\begin{cases} z & z \\ge 0 \\\\ c z & z < 0 \\end{cases}, \\qquad
              f'(z) = \\begin{cases} 1 & z > 0 \\\\ c & z \\le 0 \\end{cases}
    
    with the negative slope :math:`c`.
    
    Parameters
    ----------
    negative_slope : float in [0, inf), default 0.01
        The slope c for z below 0.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.LeakyRelu().name
    'leaky_relu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.01) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def negative_slope(self) -> float:
        """
        The slope c for z below 0.
        """
class Prelu(chainrule._core.Formula):
    """
    The leaky rectified linear unit whose negative slopes are learned.
    
    .. math:: f(z) = \\begin{cases} z & z \\ge 0 \\\\ c z & z < 0 \\end{cases}, \\qquad
              f'(z) = \\begin{cases} 1 & z > 0 \\\\ c & z \\le 0 \\end{cases}, \\qquad
              \\frac{\\partial f}{\\partial c} = \\min(0, z)
    
    with a slope :math:`c` for each unit, 0.25 at first, which is a parameter of the layer:
    ``layers.<i>.slope`` in files.
    
    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, equation 1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Prelu().name
    'prelu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Relu6(chainrule._core.Formula):
    """
    The rectified linear unit up to 6.
    
    .. math:: f(z) = \\min(\\max(0, z), 6), \\qquad f'(z) = 1 \\text{ for } 0 < z < 6, \\; 0 \\text{ otherwise}
    
    References
    ----------
    Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Relu6().name
    'relu6'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Elu(chainrule._core.Formula):
    """
    The exponential linear unit.
    
    .. math:: f(z) = \\begin{cases} z & z > 0 \\\\ \\alpha (e^z - 1) & z \\le 0 \\end{cases}, \\qquad
              f'(z) = \\begin{cases} 1 & z > 0 \\\\ \\alpha e^z & z \\le 0 \\end{cases}
    
    Parameters
    ----------
    alpha : float in (-inf, inf), default 1
        Minus the value that is neared for z far below 0.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by exponential linear units.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Elu().name
    'elu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def alpha(self) -> float:
        """
        Minus the value that is neared for z far below 0.
        """
class Selu(chainrule._core.Formula):
    """
    The scaled exponential linear unit, behind which mean 0 and variance 1 stay.
    
    .. math:: f(z) = \\lambda \\begin{cases} z & z > 0 \\\\ \\alpha (e^z - 1) & z \\le 0 \\end{cases}, \\qquad
              f'(z) = \\lambda \\begin{cases} 1 & z > 0 \\\\ \\alpha e^z & z \\le 0 \\end{cases}
    
    with :math:`\\alpha = 1.6732632423543772` and :math:`\\lambda = 1.0507009873554805`.
    
    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), Self-normalizing neural networks, equation 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Selu().name
    'selu'
    """
    default_initializer: typing.ClassVar[str] = 'lecun_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Celu(chainrule._core.Formula):
    """
    The exponential linear unit whose slope has no jump, whatever its field is.
    
    .. math:: f(z) = \\begin{cases} z & z > 0 \\\\ \\alpha (e^{z / \\alpha} - 1) & z \\le 0 \\end{cases}, \\qquad
              f'(z) = \\begin{cases} 1 & z > 0 \\\\ e^{z / \\alpha} & z \\le 0 \\end{cases}
    
    Parameters
    ----------
    alpha : float in (0, inf), default 1
        Minus the value that is neared for z far below 0.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Barron (2017), Continuously differentiable exponential linear units.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Celu().name
    'celu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def alpha(self) -> float:
        """
        Minus the value that is neared for z far below 0.
        """
class Gelu(chainrule._core.Formula):
    """
    The Gaussian error linear unit.
    
    .. math:: f(z) = z \\Phi(z), \\qquad f'(z) = \\Phi(z) + z \\varphi(z)
    
    with the distribution function :math:`\\Phi` and the density :math:`\\varphi` of the standard normal
    distribution; approximated by tanh it is
    
    .. math:: f(z) = \\frac{z}{2} \\left( 1 + \\tanh\\left( \\sqrt{2/\\pi} \\, (z + 0.044715 z^3) \\right) \\right)
    
    Parameters
    ----------
    approximate : 'none' or 'tanh', default 'none'
        Whether the distribution function is approximated by tanh.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Hendrycks and Gimpel (2016), Gaussian error linear units, section 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Gelu().name
    'gelu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, approximate: str = 'none') -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def approximate(self) -> str:
        """
        Whether the distribution function is approximated by tanh.
        """
class Silu(chainrule._core.Formula):
    """
    The sigmoid-weighted linear unit, also called swish.
    
    .. math:: f(z) = z \\sigma(z), \\qquad f'(z) = \\sigma(z) (1 + z (1 - \\sigma(z)))
    
    References
    ----------
    Elfwing, Uchibe and Doya (2018), Sigmoid-weighted linear units for neural network function approximation in reinforcement learning, equation 12.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Silu().name
    'silu'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Mish(chainrule._core.Formula):
    """
    Mish, smooth and with a dip below 0.
    
    .. math:: f(z) = z \\tanh(s), \\quad s = \\log(1 + e^z), \\qquad
              f'(z) = \\tanh(s) + z (1 - \\tanh^2(s)) \\, \\sigma(z)
    
    References
    ----------
    Misra (2020), Mish: a self regularized non-monotonic activation function, equation 1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Mish().name
    'mish'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Softplus(chainrule._core.Formula):
    """
    Softplus, a relu without a kink; exact for any z.
    
    .. math:: f(z) = \\frac{1}{\\beta} \\log(1 + e^{\\beta z}), \\qquad f'(z) = \\sigma(\\beta z)
    
    Parameters
    ----------
    beta : float in (0, inf), default 1
        How sharp the bend at 0 is.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), Incorporating second-order functional knowledge for better option pricing.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Softplus().name
    'softplus'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, beta: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def beta(self) -> float:
        """
        How sharp the bend at 0 is.
        """
class HardTanh(chainrule._core.Formula):
    """
    A straight line between two limits.
    
    .. math:: f(z) = \\min(\\max(l, z), h), \\qquad f'(z) = 1 \\text{ for } l < z < h, \\; 0 \\text{ otherwise}
    
    with the limits :math:`l` and :math:`h`, `min_val` and `max_val`.
    
    Parameters
    ----------
    min_val : float in (-inf, inf), default -1
        The least value l.
    max_val : float in (-inf, inf), default 1
        The largest value h.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Collobert (2004), Large scale machine learning, section 5.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.HardTanh().name
    'hard_tanh'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, min_val: typing.SupportsFloat | typing.SupportsIndex = -1.0, *, max_val: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def max_val(self) -> float:
        """
        The largest value h.
        """
    @property
    def min_val(self) -> float:
        """
        The least value l.
        """
class HardSigmoid(chainrule._core.Formula):
    """
    A straight line in place of the sigmoid.
    
    .. math:: f(z) = \\min\\left(\\max\\left(0, \\frac{z + 3}{6}\\right), 1\\right), \\qquad
              f'(z) = \\tfrac{1}{6} \\text{ for } |z| < 3, \\; 0 \\text{ otherwise}
    
    References
    ----------
    Howard and others (2019), Searching for MobileNetV3, section 5.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.HardSigmoid().name
    'hard_sigmoid'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class HardSwish(chainrule._core.Formula):
    """
    Two straight lines and a parabola in place of silu.
    
    .. math:: f(z) = z \\min\\left(\\max\\left(0, \\frac{z + 3}{6}\\right), 1\\right), \\qquad
              f'(z) = \\begin{cases} 0 & z \\le -3 \\\\ z/3 + 1/2 & -3 < z < 3 \\\\ 1 & z \\ge 3 \\end{cases}
    
    References
    ----------
    Howard and others (2019), Searching for MobileNetV3, section 5.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.HardSwish().name
    'hard_swish'
    """
    default_initializer: typing.ClassVar[str] = 'he_normal'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Exponential(chainrule._core.Formula):
    """
    The exponential function, for outputs that are positive; it overflows to infinity.
    
    .. math:: f(z) = e^z, \\qquad f'(z) = e^z
    
    References
    ----------
    McCullagh and Nelder (1989), Generalized linear models, section 2.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Exponential().name
    'exponential'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss = None
    row_wise: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Softmax(chainrule._core.Formula):
    """
    The softmax of a row: probabilities of classes, which sum to 1.
    
    .. math:: f(z)_j = \\frac{e^{z_j}}{\\sum_k e^{z_k}}, \\qquad
              \\frac{\\partial f_j}{\\partial z_k} = f_j (\\delta_{jk} - f_k)
    
    References
    ----------
    Bridle (1990), Probabilistic interpretation of feedforward classification network outputs.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.Softmax().name
    'softmax'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss: typing.ClassVar[str] = 'cross_entropy'
    row_wise: typing.ClassVar[bool] = True
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class LogSoftmax(chainrule._core.Formula):
    """
    The logarithm of softmax: log-probabilities of classes.
    
    .. math:: f(z)_j = z_j - \\log \\sum_k e^{z_k}, \\qquad
              \\frac{\\partial f_j}{\\partial z_k} = \\delta_{jk} - e^{f_k}
    
    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and softmax functions.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.activations.LogSoftmax().name
    'log_softmax'
    """
    default_initializer: typing.ClassVar[str] = 'glorot_uniform'
    default_loss: typing.ClassVar[str] = 'cross_entropy'
    row_wise: typing.ClassVar[bool] = True
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
    The names that are accepted wherever one of the activations is.
    
    Returns
    -------
    list of str
        In the order of the documentation.
    """
