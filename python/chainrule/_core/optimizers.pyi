"""
The optimizers.
"""
from __future__ import annotations
import chainrule._core
import collections.abc
import typing
__all__: list = ['SGD', 'RMSprop', 'Adagrad', 'Adadelta', 'Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam', 'Lion', 'Rprop', 'LBFGS']
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
    full_batch: typing.ClassVar[bool] = False
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
class RMSprop(chainrule._core.Formula):
    """
    RMSprop: the gradient divided by the root of the mean of its squares.
    
    .. math:: v \\leftarrow \\rho v + (1 - \\rho) g^2, \\qquad W \\leftarrow W - \\eta \\frac{g}{\\sqrt{v} + \\epsilon}
    
    Centred, the mean of gradients :math:`a \\leftarrow a + (1 - \\rho)(g - a)` makes :math:`v - a^2`, their
    variance, of the mean square; with momentum :math:`\\mu`, the quotient is added to :math:`\\mu` times the last
    step. Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.01
        Step size eta per update.
    rho : float in [0, 1), default 0.99
        Decay of the means.
    epsilon : float in [0, inf), default 1e-08
        Added to the root, so that nothing is divided by 0.
    momentum : float in [0, 1], default 0
        Fraction mu of the last step that is kept.
    centered : bool, default False
        Whether to divide by the variance of gradients, not the mean square.
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
    Tieleman and Hinton (2012), Lecture 6.5: rmsprop, and, centred, Graves (2013), Generating sequences with recurrent neural networks, equations 38 to 41.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.RMSprop().name
    'rmsprop'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.01, *, rho: typing.SupportsFloat | typing.SupportsIndex = 0.99, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, momentum: typing.SupportsFloat | typing.SupportsIndex = 0.0, centered: bool = False, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def centered(self) -> bool:
        """
        Whether to divide by the variance of gradients, not the mean square.
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
    def momentum(self) -> float:
        """
        Fraction mu of the last step that is kept.
        """
    @property
    def rho(self) -> float:
        """
        Decay of the means.
        """
    @property
    def weight_decay(self) -> float:
        """
        Lambda, pulls parameters towards 0.
        """
class Adagrad(chainrule._core.Formula):
    """
    Adagrad: the gradient divided by the root of the sum of its squares.
    
    .. math:: s \\leftarrow s + g^2, \\qquad W \\leftarrow W - \\eta \\frac{g}{\\sqrt{s} + \\epsilon}
    
    Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.01
        Step size eta per update.
    epsilon : float in [0, inf), default 1e-10
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
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning and stochastic optimization, section 1.1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Adagrad().name
    'adagrad'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.01, *, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-10, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
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
class Adadelta(chainrule._core.Formula):
    """
    Adadelta: steps in the ratio of the roots of mean squares, of steps and of gradients.
    
    .. math:: v \\leftarrow \\rho v + (1 - \\rho) g^2, \\quad
              d = \\frac{\\sqrt{u + \\epsilon}}{\\sqrt{v + \\epsilon}} \\, g, \\quad
              u \\leftarrow \\rho u + (1 - \\rho) d^2, \\quad W \\leftarrow W - \\eta d
    
    Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 1
        Step size eta per update.
    rho : float in [0, 1), default 0.9
        Decay of the mean squares.
    epsilon : float in (0, inf), default 1e-06
        Added below the roots, so that the first step is not 0.
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
    Zeiler (2012), ADADELTA: an adaptive learning rate method, algorithm 1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Adadelta().name
    'adadelta'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, rho: typing.SupportsFloat | typing.SupportsIndex = 0.9, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-06, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def decay_biases(self) -> bool:
        """
        Whether weight decay acts on biases too.
        """
    @property
    def epsilon(self) -> float:
        """
        Added below the roots, so that the first step is not 0.
        """
    @property
    def learning_rate(self) -> float:
        """
        Step size eta per update.
        """
    @property
    def rho(self) -> float:
        """
        Decay of the mean squares.
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
    decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient first. With ``amsgrad``, the largest :math:`v`
    so far takes its place in the quotient.
    
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
    amsgrad : bool, default False
        Whether to divide by the largest mean of squares so far.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1; with amsgrad, Reddi, Kale and Kumar (2018), On the convergence of Adam and beyond, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Adam().name
    'adam'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.001, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.999, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True, amsgrad: bool = False) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def amsgrad(self) -> bool:
        """
        Whether to divide by the largest mean of squares so far.
        """
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
class AdamW(chainrule._core.Formula):
    """
    AdamW: Adam, whose weight decay does not pass through the quotient.
    
    .. math:: W \\leftarrow (1 - \\eta \\lambda) W, \\quad m \\leftarrow m + (1 - \\beta_1)(g - m), \\quad
              v \\leftarrow \\beta_2 v + (1 - \\beta_2) g^2, \\quad
              W \\leftarrow W - \\frac{\\eta}{1 - \\beta_1^t} \\frac{m}{\\sqrt{v} / \\sqrt{1 - \\beta_2^t} + \\epsilon}
    
    Weight decay :math:`\\lambda` acts on parameters directly, at the rate :math:`\\eta` of the update.
    
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
    weight_decay : float in [0, inf), default 0.01
        Lambda, pulls parameters towards 0.
    decay_biases : bool, default True
        Whether weight decay acts on biases too.
    amsgrad : bool, default False
        Whether to divide by the largest mean of squares so far.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.AdamW().name
    'adamw'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.001, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.999, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.01, decay_biases: bool = True, amsgrad: bool = False) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def amsgrad(self) -> bool:
        """
        Whether to divide by the largest mean of squares so far.
        """
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
class Adamax(chainrule._core.Formula):
    """
    Adamax: Adam with the largest gradient, fading, in place of the root of the mean square.
    
    .. math:: m \\leftarrow m + (1 - \\beta_1)(g - m), \\quad
              u \\leftarrow \\max(\\beta_2 u, |g| + \\epsilon), \\quad
              W \\leftarrow W - \\frac{\\eta}{1 - \\beta_1^t} \\frac{m}{u}
    
    Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.002
        Step size eta per update.
    beta_1 : float in [0, 1), default 0.9
        Decay of the mean of gradients.
    beta_2 : float in [0, 1), default 0.999
        Decay of the largest gradient.
    epsilon : float in [0, inf), default 1e-08
        Added to the magnitude, so that nothing is divided by 0.
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
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Adamax().name
    'adamax'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.002, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.999, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
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
        Decay of the largest gradient.
        """
    @property
    def decay_biases(self) -> bool:
        """
        Whether weight decay acts on biases too.
        """
    @property
    def epsilon(self) -> float:
        """
        Added to the magnitude, so that nothing is divided by 0.
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
class NAdam(chainrule._core.Formula):
    """
    NAdam: Adam with Nesterov's momentum.
    
    .. math:: \\mu_t = \\beta_1 \\left(1 - \\tfrac12 \\, 0.96^{t \\psi}\\right), \\quad
              m \\leftarrow m + (1 - \\beta_1)(g - m), \\quad v \\leftarrow \\beta_2 v + (1 - \\beta_2) g^2, \\\\
              W \\leftarrow W - \\eta \\left( \\frac{1 - \\mu_t}{1 - \\prod_{i \\le t} \\mu_i} g +
              \\frac{\\mu_{t+1}}{1 - \\prod_{i \\le t+1} \\mu_i} m \\right) \\Big/
              \\left( \\sqrt{v / (1 - \\beta_2^t)} + \\epsilon \\right)
    
    with the momentum decay :math:`\\psi`. Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.002
        Step size eta per update.
    beta_1 : float in [0, 1), default 0.9
        Decay of the mean of gradients.
    beta_2 : float in [0, 1), default 0.999
        Decay of the mean of squared gradients.
    epsilon : float in [0, inf), default 1e-08
        Added to the root, so that nothing is divided by 0.
    momentum_decay : float in [0, inf), default 0.004
        Psi, how fast the momentum comes near beta_1.
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
    Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.NAdam().name
    'nadam'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.002, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.999, epsilon: typing.SupportsFloat | typing.SupportsIndex = 1e-08, momentum_decay: typing.SupportsFloat | typing.SupportsIndex = 0.004, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
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
    def momentum_decay(self) -> float:
        """
        Psi, how fast the momentum comes near beta_1.
        """
    @property
    def weight_decay(self) -> float:
        """
        Lambda, pulls parameters towards 0.
        """
class RAdam(chainrule._core.Formula):
    """
    RAdam: Adam that waits until the mean square is known well enough.
    
    .. math:: m \\leftarrow m + (1 - \\beta_1)(g - m), \\quad v \\leftarrow \\beta_2 v + (1 - \\beta_2) g^2, \\quad
              \\rho_\\infty = \\frac{2}{1 - \\beta_2} - 1, \\quad
              \\rho_t = \\rho_\\infty - \\frac{2 t \\beta_2^t}{1 - \\beta_2^t}, \\\\
              r_t = \\sqrt{\\frac{(\\rho_t - 4)(\\rho_t - 2) \\rho_\\infty}
                               {(\\rho_\\infty - 4)(\\rho_\\infty - 2) \\rho_t}}, \\quad
              W \\leftarrow W - \\frac{\\eta \\, m}{1 - \\beta_1^t} \\cdot
              \\begin{cases} r_t \\sqrt{1 - \\beta_2^t} / (\\sqrt{v} + \\epsilon) & \\rho_t > 5 \\\\
                            1 & \\text{otherwise} \\end{cases}
    
    Weight decay :math:`\\lambda` adds :math:`\\lambda W` to the gradient
    first.
    
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
    Liu, Jiang, He, Chen, Liu, Gao and Han (2020), On the variance of the adaptive learning rate and beyond, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.RAdam().name
    'radam'
    """
    full_batch: typing.ClassVar[bool] = False
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
class Lion(chainrule._core.Formula):
    """
    Lion: steps of one size, in the direction of the momentum's sign.
    
    .. math:: W \\leftarrow (1 - \\eta \\lambda) W - \\eta \\, \\mathrm{sign}(\\beta_1 m + (1 - \\beta_1) g), \\quad
              m \\leftarrow \\beta_2 m + (1 - \\beta_2) g
    
    Weight decay :math:`\\lambda` acts on parameters directly.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 1e-04
        Step size eta per update.
    beta_1 : float in [0, 1), default 0.9
        Share of the mean in the direction.
    beta_2 : float in [0, 1), default 0.99
        Decay of the mean of gradients.
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
    Chen, Liang, Huang and others (2023), Symbolic discovery of optimization algorithms, algorithm 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Lion().name
    'lion'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.0001, *, beta_1: typing.SupportsFloat | typing.SupportsIndex = 0.9, beta_2: typing.SupportsFloat | typing.SupportsIndex = 0.99, weight_decay: typing.SupportsFloat | typing.SupportsIndex = 0.0, decay_biases: bool = True) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def beta_1(self) -> float:
        """
        Share of the mean in the direction.
        """
    @property
    def beta_2(self) -> float:
        """
        Decay of the mean of gradients.
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
    def weight_decay(self) -> float:
        """
        Lambda, pulls parameters towards 0.
        """
class Rprop(chainrule._core.Formula):
    """
    Rprop: a step size per parameter, which grows until the sign of its gradient changes.
    
    .. math:: s \\leftarrow \\min(\\max(s \\cdot k, s_{min}), s_{max}), \\quad
              k = \\begin{cases} \\eta_+ & g \\, g_{prev} > 0 \\\\ \\eta_- & g \\, g_{prev} < 0 \\\\
              1 & \\text{otherwise} \\end{cases}, \\quad
              W \\leftarrow W - s \\, \\mathrm{sign}(g), \\quad g_{prev} \\leftarrow g
    
    where :math:`g = 0` is taken after a change of sign. For full batches: the size of a gradient is not looked at.
    The learning rate is the first :math:`s`; another rate of a single update, as by a schedule, scales its
    step by the ratio of the two.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 0.01
        First step size.
    etas : sequence of float in (0, inf), default (0.5, 1.2)
        Factors that shrink and that grow a step size.
    step_sizes : sequence of float in (0, inf), default (1e-06, 50.0)
        Least and largest step size.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Riedmiller and Braun (1993), A direct adaptive method for faster backpropagation learning: the RPROP algorithm.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.Rprop().name
    'rprop'
    """
    full_batch: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 0.01, *, etas: collections.abc.Sequence[float] = (0.5, 1.2), step_sizes: collections.abc.Sequence[float] = (1e-06, 50.0)) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def etas(self) -> tuple[float, ...]:
        """
        Factors that shrink and that grow a step size.
        """
    @property
    def learning_rate(self) -> float:
        """
        First step size.
        """
    @property
    def step_sizes(self) -> tuple[float, ...]:
        """
        Least and largest step size.
        """
class LBFGS(chainrule._core.Formula):
    """
    L-BFGS: steps of Newton's kind, with the curvature that the last ones have met.
    
    .. math:: p = -H g, \\quad H \\leftarrow (I - \\rho s y^T) H (I - \\rho y s^T) + \\rho s s^T, \\quad
              \\rho = \\frac{1}{s^T y}, \\qquad W \\leftarrow W + t \\, p
    
    for the pairs :math:`s = \\Delta W, \\; y = \\Delta g` of the last steps, oldest first, from
    :math:`H = s^T y / y^T y` of the newest. A line search finds the :math:`t` at which the strong Wolfe
    conditions hold,
    
    .. math:: J(W + t p) \\le J(W) + 10^{-4} \\, t \\, g^T p, \\qquad
              |g(W + t p)^T p| \\le 0.9 \\, |g^T p|,
    
    penalties being part of J and g. The learning rate, times the factor of a schedule, is the first t that is
    tried; without pairs it is multiplied by :math:`\\min(1, 1 / \\|g\\|_1)`, and :math:`p = -g`.
    
    For full batches: ``fit`` takes all rows at once, in their order, and an epoch is one iteration, which asks
    for J and g as often as the line search needs, at most 25 times, with the same noise. If no step meets both
    conditions, that with the least J of those that meet the first is taken, and the pairs are dropped; if there
    is none, the weights stay as they are.
    
    Parameters
    ----------
    learning_rate : float in [0, inf), default 1
        Step t that a line search tries first.
    history : int in [1, 1000], default 10
        How many pairs are kept.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization; Nocedal and Wright (2006), Numerical Optimization, algorithms 3.5, 3.6, 7.4 and 7.5.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.optimizers.LBFGS().name
    'lbfgs'
    """
    full_batch: typing.ClassVar[bool] = True
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, learning_rate: typing.SupportsFloat | typing.SupportsIndex = 1.0, *, history: typing.SupportsInt | typing.SupportsIndex = 10) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def history(self) -> int:
        """
        How many pairs are kept.
        """
    @property
    def learning_rate(self) -> float:
        """
        Step t that a line search tries first.
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
