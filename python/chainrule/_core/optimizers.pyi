"""
The optimizers.
"""
from __future__ import annotations
import chainrule._core
import typing
__all__: list = ['SGD', 'Adam']
class SGD(chainrule._core.Formula):
    """
    Stochastic gradient descent, with momentum if wanted.
    
    .. math:: b \\leftarrow \\mu b + (1 - \\tau) g, \\qquad W \\leftarrow W - \\eta \\, b
    
    with momentum :math:`\\mu` and dampening :math:`\\tau`; the first update sets :math:`b = g`. Nesterov's form
    uses :math:`g + \\mu b` in place of :math:`b`. Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.01
        Step size eta per update.
    momentum : float in [0, 1], default 0
        Fraction mu of the last update that is kept.
    dampening : float in [0, 1], default 0
        Fraction tau of the gradient that is left out of the momentum.
    nesterov : bool, default False
        Look ahead along the momentum (needs momentum > 0 and dampening = 0).
    weight_decay : float in [0, inf), default 0
        Lambda, pulls parameters towards 0.
    decay_biases : bool, default True
        Whether weight decay acts on biases too.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), On the importance of initialization and momentum in deep learning.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.SGD().name
    'sgd'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.01, *, momentum: typing.SupportsFloat | typing.SupportsIndex = 0.0, dampening: typing.SupportsFloat | typing.SupportsIndex = 0.0, nesterov: bool = False, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def dampening(self) -> float:
        """
        Fraction tau of the gradient that is left out of the momentum.
        """
    @property
    def decay_biases(self) -> bool:
        """
        Whether weight decay acts on biases too.
        """
    @property
    def learning_rate(self) -> float:
        """
        Step size eta per update.
        """
    @property
    def momentum(self) -> float:
        """
        Fraction mu of the last update that is kept.
        """
    @property
    def nesterov(self) -> bool:
        """
        Look ahead along the momentum (needs momentum > 0 and dampening = 0).
        """
    @property
    def weight_decay(self) -> float:
        """
        Lambda, pulls parameters towards 0.
        """
class Adam(chainrule._core.Formula):
    """
    Adam: momentum with a step size per parameter from the mean square of its gradients.
    
    .. math:: m \\leftarrow m + (1 - \\beta_1)(g - m), \\quad v \\leftarrow \\beta_2 v + (1 - \\beta_2) g^2, \\quad
              W \\leftarrow W - \\frac{\\eta}{1 - \\beta_1^t} \\frac{m}{\\sqrt{v} / \\sqrt{1 - \\beta_2^t} + \\epsilon}
    
    Epsilon is added after the bias correction, as PyTorch and scikit-learn do (Keras adds it before). Weight
    decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.001
        Step size eta per update.
    beta_1 : float in [0, 1), default 0.9
        Decay of the mean of gradients.
    beta_2 : float in [0, 1), default 0.999
        Decay of the mean of squared gradients.
    epsilon : float in [0, inf), default 1e-08
        Added to the root, so that nothing is divided by 0.
    weight_decay : float in [0, inf), default 0
        Lambda, pulls parameters towards 0.
    decay_biases : bool, default True
        Whether weight decay acts on biases too.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Adam().name
    'adam'
    """
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.001, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.999, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def beta_1(self) -> float:
        """
        Decay of the mean of gradients.
        """
    @property
    def beta_2(self) -> float:
        """
        Decay of the mean of squared gradients.
        """
    @property
    def decay_biases(self) -> bool:
        """
        Whether weight decay acts on biases too.
        """
    @property
    def epsilon(self) -> float:
        """
        Added to the root, so that nothing is divided by 0.
        """
    @property
    def learning_rate(self) -> float:
        """
        Step size eta per update.
        """
    @property
    def weight_decay(self) -> float:
        """
        Lambda, pulls parameters towards 0.
        """
def from_description(description: dict) -> typing.Any:
    ...
def get(given: typing.Any) -> typing.Any:
    ...
def names() -> list[str]:
    """
    The names that are accepted wherever one of the optimizers is.
    
    Returns
    -------
    list of str
        In the order of the documentation.
    """
