"""
The activations.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['Identity', 'Sigmoid', 'Tanh', 'Relu', 'Softmax']
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
