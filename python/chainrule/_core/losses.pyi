"""
The losses.
"""
from __future__ import annotations
import chainrule._core
import collections.abc
import typing
__all__: list = ['Mse', 'Mae', 'Huber', 'LogCosh', 'Poisson', 'Gamma', 'Tweedie', 'Quantile', 'GaussianNll', 'BinaryCrossEntropy', 'CrossEntropy', 'Focal', 'KlDivergence', 'Hinge', 'SquaredHinge', 'Cosine']
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
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation: typing.ClassVar[str] = 'identity'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Mae(chainrule._core.Formula):
    """
    The mean absolute error, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j |\\hat y_j - y_j|
    
    Its gradient is a sign, and 0 where a prediction is exact.
    
    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, section 6.1.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Mae().name
    'mae'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Huber(chainrule._core.Formula):
    """
    Huber's loss, averaged over the outputs: quadratic for small errors, linear for large ones.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j h(\\hat y_j - y_j), \\qquad
              h(e) = \\begin{cases} e^2 / 2 & |e| \\le \\delta \\\\ \\delta (|e| - \\delta / 2) & |e| > \\delta \\end{cases}
    
    Parameters
    ----------
    delta : float in (0, inf), default 1
        The error from which on the loss is linear.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Huber (1964), Robust estimation of a location parameter, page 75.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Huber().name
    'huber'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, delta: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def delta(self) -> float:
        """
        The error from which on the loss is linear.
        """
class LogCosh(chainrule._core.Formula):
    """
    The logarithm of the hyperbolic cosine of the error, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\log \\cosh(\\hat y_j - y_j)
    
    It is about half the square of a small error, and the magnitude of a large one less log 2.
    
    References
    ----------
    Green (1990), Bayesian reconstructions from emission tomography data using a modified EM algorithm, section III.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.LogCosh().name
    'log_cosh'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Poisson(chainrule._core.Formula):
    """
    The loss of counts of Poisson's distribution, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\left( \\hat y_j - y_j \\log \\hat y_j \\right)
    
    Predictions are means, not their logarithms, and at least 0.
    
    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 2.3.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Poisson().name
    'poisson'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Gamma(chainrule._core.Formula):
    """
    The loss of positive amounts of the gamma distribution, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\left( \\frac{y_j}{\\hat y_j} + \\log \\hat y_j \\right)
    
    Predictions are means, not their logarithms, and at least 0.
    
    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 8.3.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Gamma().name
    'gamma'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Tweedie(chainrule._core.Formula):
    """
    The loss of Tweedie's distributions, whose variance is a power of the mean, averaged over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\left(
              \\frac{\\hat y_j^{2 - p}}{2 - p} - y_j \\frac{\\hat y_j^{1 - p}}{1 - p} \\right)
    
    A power of 0 is :math:`(\\hat y - y)^2 / 2`, 1 is ``poisson`` and 2 is ``gamma``; between 1 and 2, targets
    may be 0. Predictions are means, not their logarithms, and at least 0.
    
    Parameters
    ----------
    power : float in (-inf, inf), default 1.5
        The power p of the variance, not between 0 and 1.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Jorgensen (1987), Exponential dispersion models, section 4; scikit-learn's HalfTweedieLoss.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Tweedie().name
    'tweedie'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, power: typing.SupportsFloat | typing.SupportsIndex = 1.5) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def power(self) -> float:
        """
        The power p of the variance, not between 0 and 1.
        """
class Quantile(chainrule._core.Formula):
    """
    The quantile or pinball loss, averaged over targets and quantiles.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{k q} \\sum_{t, i} \\max \\left( \\tau_i (y_t - \\hat y_{t i}), \\;
              (\\tau_i - 1) (y_t - \\hat y_{t i}) \\right)
    
    A network for k targets and q quantiles has k q outputs: the quantiles of the first target, then those of
    the next one. Targets are (d, k). The gradient is 0 where a prediction is exact.
    
    Parameters
    ----------
    quantiles : sequence of float in (0, 1), default (0.5,)
        The levels of the quantiles.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Koenker and Bassett (1978), Regression quantiles, equation 2.2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Quantile().name
    'quantile'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, quantiles: collections.abc.Sequence[float] = (0.5,)) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def quantiles(self) -> tuple[float, ...]:
        """
        The levels of the quantiles.
        """
class GaussianNll(chainrule._core.Formula):
    """
    The negative log-likelihood of normal distributions, averaged over the targets, less a constant.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{2 k} \\sum_t \\left( s_t + (y_t - \\mu_t)^2 e^{-s_t} \\right)
    
    A network for k targets has 2 k outputs: all means :math:`\\mu`, then all logarithms :math:`s` of variances.
    Targets are (d, k).
    
    References
    ----------
    Nix and Weigend (1994), Estimating the mean and variance of the target probability distribution, equation 4.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.GaussianNll().name
    'gaussian_nll'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
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
    logarithms are clamped at -100, and a prediction outside [0, 1] is an error. Smoothing makes
    :math:`(1 - \\epsilon) y + \\epsilon / 2` of a target; class weights belong to the target as it is given.
    
    Parameters
    ----------
    label_smoothing : float in [0, 1], default 0
        The share of each target that becomes 1/2.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.21; Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture, section 7.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.BinaryCrossEntropy().name
    'binary_cross_entropy'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation: typing.ClassVar[str] = 'sigmoid'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, label_smoothing: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def label_smoothing(self) -> float:
        """
        The share of each target that becomes 1/2.
        """
class CrossEntropy(chainrule._core.Formula):
    """
    The cross-entropy, summed over the classes.
    
    .. math:: \\ell(\\hat y, y) = -\\sum_j y_j \\log \\hat y_j
    
    Behind a softmax or log_softmax it is computed from z through the logarithm of the sum of exponentials;
    otherwise logarithms are clamped at -100, and a prediction outside [0, 1] is an error. Smoothing makes
    :math:`(1 - \\epsilon) y + \\epsilon / m` of a target; class weights belong to the target as it is given
    (PyTorch weighs the smoothed one).
    
    Parameters
    ----------
    label_smoothing : float in [0, 1], default 0
        The share of each target that becomes 1/m.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 5.24; Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2016), Rethinking the Inception architecture, section 7.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.CrossEntropy().name
    'cross_entropy'
    """
    averages_outputs: typing.ClassVar[bool] = False
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation: typing.ClassVar[str] = 'softmax'
    takes_classes: typing.ClassVar[bool] = True
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, label_smoothing: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def label_smoothing(self) -> float:
        """
        The share of each target that becomes 1/m.
        """
class Focal(chainrule._core.Formula):
    """
    The focal loss: cross-entropy in which easy examples count less.
    
    .. math:: \\ell(\\hat y, y) = -\\frac{1}{m} \\sum_j \\left( \\alpha y_j (1 - \\hat y_j)^\\gamma \\log \\hat y_j
              + (1 - \\alpha) (1 - y_j) \\hat y_j^\\gamma \\log (1 - \\hat y_j) \\right)
    
    Behind a softmax it is that of classes, with targets as ``cross_entropy`` takes them:
    
    .. math:: \\ell(\\hat y, y) = -\\alpha \\sum_j y_j (1 - \\hat y_j)^\\gamma \\log \\hat y_j
    
    Without alpha all weigh 1. Behind a sigmoid or a softmax it is computed from z; otherwise logarithms are
    clamped at -100, and a prediction outside [0, 1] is an error.
    
    Parameters
    ----------
    gamma : float in [0, inf), default 2
        How much less an easy example counts.
    alpha : float or None in [0, 1], default None
        The weight of the class 1, 1 - alpha of 0.
    
    Raises
    ------
    ValueError
        If a value is outside its range.
    
    References
    ----------
    Lin, Goyal, Girshick, He and Dollar (2017), Focal loss for dense object detection, equation 5.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Focal().name
    'focal'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = False
    matching_activation: typing.ClassVar[str] = 'sigmoid'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self, gamma: typing.SupportsFloat | typing.SupportsIndex = 2.0, *, alpha: typing.SupportsFloat | typing.SupportsIndex | None = None) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
    @property
    def alpha(self) -> float | None:
        """
        The weight of the class 1, 1 - alpha of 0.
        """
    @property
    def gamma(self) -> float:
        """
        How much less an easy example counts.
        """
class KlDivergence(chainrule._core.Formula):
    """
    The Kullback-Leibler divergence of the predicted distribution from the target, summed over the outputs.
    
    .. math:: \\ell(\\hat y, y) = \\sum_j y_j (\\log y_j - \\log \\hat y_j)
    
    Targets are rows of probabilities, and so are predictions (PyTorch takes their logarithms). Behind a
    softmax it is computed from z, as ``cross_entropy`` is; otherwise logarithms are clamped at -100.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 1.113.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.KlDivergence().name
    'kl_divergence'
    """
    averages_outputs: typing.ClassVar[bool] = False
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation: typing.ClassVar[str] = 'softmax'
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Hinge(chainrule._core.Formula):
    """
    The hinge loss, averaged over the outputs; targets are -1 and 1, or 0 and 1.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\max(0, 1 - y_j \\hat y_j)
    
    Predictions are scores of any size, positive for the class 1; the gradient at the kink is 0.
    
    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equation 7.45.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Hinge().name
    'hinge'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class SquaredHinge(chainrule._core.Formula):
    """
    The squared hinge loss, averaged over the outputs; targets are -1 and 1, or 0 and 1.
    
    .. math:: \\ell(\\hat y, y) = \\frac{1}{m} \\sum_j \\max(0, 1 - y_j \\hat y_j)^2
    
    References
    ----------
    Hsieh, Chang, Lin, Keerthi and Sundararajan (2008), A dual coordinate descent method for large-scale linear SVM, equation 2.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.SquaredHinge().name
    'squared_hinge'
    """
    averages_outputs: typing.ClassVar[bool] = True
    gradient_factor: typing.ClassVar[float] = 2.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
    def __getstate__(self) -> tuple[dict, dict]:
        ...
    def __init__(self) -> None:
        ...
    def __setstate__(self, arg0: tuple[dict, dict]) -> None:
        ...
class Cosine(chainrule._core.Formula):
    """
    The cosine loss: one less the cosine of the angle between prediction and target.
    
    .. math:: \\ell(\\hat y, y) = 1 - \\frac{\\sum_j \\hat y_j y_j}{\\lVert \\hat y \\rVert \\, \\lVert y \\rVert}
    
    Norms count as 1e-8 where they are below.
    
    References
    ----------
    Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval, section 6.3.
    
    Examples
    --------
    >>> import chainrule as cr
    >>> cr.losses.Cosine().name
    'cosine'
    """
    averages_outputs: typing.ClassVar[bool] = False
    gradient_factor: typing.ClassVar[float] = 1.0
    has_plain_gradient: typing.ClassVar[bool] = True
    matching_activation = None
    takes_classes: typing.ClassVar[bool] = False
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
