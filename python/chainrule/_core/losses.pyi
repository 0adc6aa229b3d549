"""
The losses.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['Mse', 'BinaryCrossEntropy', 'CrossEntropy']
class Mse(chainrule._core.Formula):
    """
    The mean squared error, averaged over the outputs, without a factor 1/2.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j (\\hat y_j - y_j)^2
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.11.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Mse().name
    'mse'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 2.0
    matching_activation: typing.ClassVar[str] = 'identity'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class BinaryCrossEntropy(chainrule._core.Formula):
    """
    The binary cross-entropy, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = -\\frac{1}{m} \\sum_j \\left( y_j \\log \\hat y_j + (1 - y_j) \\log (1 - \\hat y_j) \\right)
    
    Behind a sigmoid it is computed from z as :math:`\\max(z, 0) - z y + \\log(1 + e^{-|z|})`; otherwise
    logarithms are clamped at -100, and a prediction outside [0, 1] is an error.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.21.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.BinaryCrossEntropy().name
    'binary_cross_entropy'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    matching_activation: typing.ClassVar[str] = 'sigmoid'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class CrossEntropy(chainrule._core.Formula):
    """
    The cross-entropy, summed over the classes.
    
    .. math:: \\ell(\\hat y, y) = -\\sum_j y_j \\log \\hat y_j
    
    Behind a softmax it is computed from z through the logarithm of the sum of exponentials; otherwise
    logarithms are clamped at -100, and a prediction outside [0, 1] is an error.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.24.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.CrossEntropy().name
    'cross_entropy'
    """
    averages_outputs: typing.ClassVar[bool] = False
    gradient_factor: typing.ClassVar[float] = 1.0
    matching_activation: typing.ClassVar[str] = 'softmax'
    takes_classes: typing.ClassVar[bool] = True
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
    The names that are accepted wherever one of the losses is.
    
    Returns
    -------
    list of str
        In the order of the documentation.
    """
