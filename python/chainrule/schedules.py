"""How does the learning rate go with the steps? Schedules: factors of the optimiser's rate.

A schedule is a function of the step (updates since the fit began, from 0) and of the number of all
steps of the fit. Any callable of these two that returns a number of at least 0 is one, too.
An argument of the wrong kind is a ``TypeError``, one outside its range a ``ValueError``.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule import _core
from chainrule._checks import (
    as_count,
    as_flag,
    as_list,
    as_number,
    as_positive,
    as_share,
    as_word,
    shown,
)
from chainrule._schedule import MOST_STEPS, Schedule, factors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule._schedule import Factors

__all__ = [
    "Constant",
    "Cosine",
    "Exponential",
    "Inverse",
    "MultiStep",
    "OneCycle",
    "Polynomial",
    "Schedule",
    "Step",
    "Warmup",
    "names",
]


@dataclass(frozen=True)
class Constant(Schedule):
    r"""The same rate at every step.

    .. math:: f(t) = 1

    References
    ----------
    Robbins and Monro (1951), A stochastic approximation method.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.Constant()(7, 10)
    1.0
    """

    def _factors(self, _first: int, count: int, _total: int) -> Factors:
        return np.ones(count)


@dataclass(frozen=True)
class Step(Schedule):
    r"""A factor after every so many steps, as PyTorch's StepLR.

    .. math:: f(t) = \gamma^{\lfloor t / s \rfloor}

    Parameters
    ----------
    step_size : int
        Number of steps (updates, not epochs) :math:`s` at one rate, at least 1.
    gamma : float in [0, inf), default 0.1
        The factor.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.3.1.

    Examples
    --------
    >>> import chainrule as cr
    >>> [cr.schedules.Step(2, gamma=0.5)(t, 5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    step_size: int
    _: KW_ONLY
    gamma: float = 0.1

    def __post_init__(self) -> None:
        self._set(
            step_size=as_count("step_size", self.step_size, most=MOST_STEPS),
            gamma=as_number("gamma", self.gamma),
        )

    def _factors(self, first: int, count: int, _total: int) -> Factors:
        return _core.schedules.step(first, count, self.step_size, self.gamma)


@dataclass(frozen=True)
class MultiStep(Schedule):
    r"""A factor at each of some milestones, as PyTorch's MultiStepLR.

    .. math:: f(t) = \gamma^{\#\{m : m \le t\}}

    Parameters
    ----------
    milestones : sequence of int
        The steps (updates, not epochs) from which on there is one factor more, at least 0.
    gamma : float in [0, inf), default 0.1
        The factor.

    References
    ----------
    He, Zhang, Ren and Sun (2016), Deep residual learning for image recognition, section 3.4.

    Examples
    --------
    >>> import chainrule as cr
    >>> [cr.schedules.MultiStep([1, 4], gamma=0.5)(t, 5) for t in range(5)]
    [1.0, 0.5, 0.5, 0.5, 0.25]
    """

    milestones: Sequence[int]
    _: KW_ONLY
    gamma: float = 0.1

    def __post_init__(self) -> None:
        given = as_list("milestones", self.milestones)
        counts = [
            as_count(f"milestones[{i}]", m, least=0, most=MOST_STEPS) for i, m in enumerate(given)
        ]
        self._set(milestones=tuple(sorted(counts)), gamma=as_number("gamma", self.gamma))

    def _factors(self, first: int, count: int, _total: int) -> Factors:
        return _core.schedules.multi_step(first, count, list(self.milestones), self.gamma)


@dataclass(frozen=True)
class Exponential(Schedule):
    r"""A factor at every step, as PyTorch's ExponentialLR.

    .. math:: f(t) = \gamma^t

    Parameters
    ----------
    gamma : float in [0, inf)
        The factor of one step (update, not epoch), such as 0.999.

    References
    ----------
    Senior, Heigold, Ranzato and Yang (2013), An empirical study of learning rates in deep neural
    networks for speech recognition, section 2.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.Exponential(0.5)(3, 10)
    0.125
    """

    gamma: float

    def __post_init__(self) -> None:
        self._set(gamma=as_number("gamma", self.gamma))

    def _factors(self, first: int, count: int, _total: int) -> Factors:
        return _core.schedules.exponential(first, count, self.gamma)


@dataclass(frozen=True)
class Inverse(Schedule):
    r"""A rate that falls with the inverse of time, or a power of it.

    .. math:: f(t) = (1 + \delta t)^{-p}

    Parameters
    ----------
    decay : float in [0, inf)
        How fast :math:`\delta`, per step (update, not epoch).
    power : float in [0, inf), default 1.0
        The power :math:`p`.

    References
    ----------
    Bottou (2012), Stochastic gradient descent tricks, section 5.2.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.Inverse(1.0)(3, 10)
    0.25
    """

    decay: float
    _: KW_ONLY
    power: float = 1.0

    def __post_init__(self) -> None:
        self._set(decay=as_number("decay", self.decay), power=as_number("power", self.power))

    def _factors(self, first: int, count: int, _total: int) -> Factors:
        return _core.schedules.inverse(first, count, self.decay, self.power)


@dataclass(frozen=True)
class Polynomial(Schedule):
    r"""A power of the steps that are left, as PyTorch's PolynomialLR; a straight line by default.

    .. math:: f(t) = e + (1 - e) (1 - t / T)^p

    Parameters
    ----------
    power : float in [0, inf), default 1.0
        The power :math:`p`.
    end : float in [0, inf), default 0.0
        The factor :math:`e` that would come after the last step.

    References
    ----------
    Chen, Papandreou, Kokkinos, Murphy and Yuille (2018), DeepLab: semantic image segmentation,
    section 4.1.

    Examples
    --------
    >>> import chainrule as cr
    >>> [cr.schedules.Polynomial()(t, 4) for t in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """

    power: float = 1.0
    _: KW_ONLY
    end: float = 0.0

    def __post_init__(self) -> None:
        self._set(power=as_number("power", self.power), end=as_number("end", self.end))

    def _factors(self, first: int, count: int, total: int) -> Factors:
        return _core.schedules.polynomial(first, count, total, self.power, self.end)


@dataclass(frozen=True)
class Cosine(Schedule):
    r"""Half a cosine from 1 to the end, as PyTorch's CosineAnnealingLR, or again and again.

    .. math:: f(t) = e + \frac{1 - e}{2} \left(1 + \cos \frac{\pi t}{T}\right)

    Parameters
    ----------
    end : float in [0, inf), default 0.0
        The factor :math:`e` that would come after the last step.
    period : int, optional
        Steps (updates, not epochs) of the first cycle, after which the factor is 1 again, as in
        PyTorch's CosineAnnealingWarmRestarts; by default one cycle takes all steps.
    growth : int in [1, 100], default 1
        How many times as many steps each cycle takes as the one before.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a value is outside its range, or there is growth without a period.

    References
    ----------
    Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, equation 5.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.Cosine()(0, 100), cr.schedules.Cosine(period=10)(20, 100)
    (1.0, 1.0)
    """

    end: float = 0.0
    _: KW_ONLY
    period: int | None = None
    growth: int = 1

    def __post_init__(self) -> None:
        self._set(
            end=as_number("end", self.end),
            growth=as_count("growth", self.growth, most=100),
        )
        if self.period is not None:
            self._set(period=as_count("period", self.period, most=MOST_STEPS))
        elif self.growth != 1:
            raise ValueError(f"growth: expected 1 without a period, got {self.growth}")

    def _factors(self, first: int, count: int, total: int) -> Factors:
        if self.period is None:
            return _core.schedules.cosine(first, count, total, self.end)
        return _core.schedules.cosine_with_restarts(
            first, count, self.period, self.growth, self.end
        )


@dataclass(frozen=True)
class OneCycle(Schedule):
    r"""Up to the optimiser's rate and down to nearly nothing, as PyTorch's OneCycleLR.

    .. math:: f: \frac{1}{d} \to 1 \to \frac{1}{d \, d_{final}}

    Parameters
    ----------
    pct_start : float in [0, 1], default 0.3
        The share of all steps on the way up.
    div_factor : float in (0, inf), default 25.0
        What the rate begins at is this many times less :math:`d`.
    final_div_factor : float in (0, inf), default 1e4
        What it ends at is this many times less again :math:`d_{final}`.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Along halves of cosines, or straight.
    three_phase : bool, default False
        Whether it first comes back to where it began, in as many steps as up.

    Notes
    -----
    The optimiser's learning rate is PyTorch's ``max_lr``. Its momentum is left alone.

    References
    ----------
    Smith and Topin (2018), Super-convergence: very fast training of neural networks using large
    learning rates, section 3.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.OneCycle()(29, 100)
    1.0
    """

    pct_start: float = 0.3
    _: KW_ONLY
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    anneal_strategy: str = "cos"
    three_phase: bool = False

    def __post_init__(self) -> None:
        self._set(
            pct_start=as_share("pct_start", self.pct_start),
            div_factor=as_positive("div_factor", self.div_factor),
            final_div_factor=as_positive("final_div_factor", self.final_div_factor),
            anneal_strategy=as_word("anneal_strategy", self.anneal_strategy, ("cos", "linear")),
            three_phase=as_flag("three_phase", self.three_phase),
        )

    def _factors(self, first: int, count: int, total: int) -> Factors:
        return _core.schedules.one_cycle(
            first,
            count,
            total,
            self.pct_start,
            self.div_factor,
            self.final_div_factor,
            self.three_phase,
            self.anneal_strategy == "linear",
        )


@dataclass(frozen=True)
class Warmup(Schedule):
    r"""A straight line up to the rate, in front of any other schedule.

    .. math:: f(t) = \begin{cases} (t + 1) / n & t < n \\ g(t - n, T - n) & t \ge n \end{cases}

    Parameters
    ----------
    steps : int
        Number of steps (updates, not epochs) :math:`n` of the warm-up, at least 1.
    schedule : str, Schedule or callable, default "constant"
        The schedule :math:`g` behind it, which sees the steps that are left.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a value is outside its range, or a name is not known.

    References
    ----------
    Goyal, Dollár, Girshick and others (2017), Accurate, large minibatch SGD: training ImageNet in 1
    hour, section 2.2.

    Examples
    --------
    >>> import chainrule as cr
    >>> warm = cr.schedules.Warmup(2, schedule="cosine")
    >>> [warm(t, 4) for t in range(3)]
    [0.5, 1.0, 1.0]
    """

    steps: int
    _: KW_ONLY
    schedule: str | Callable[[int, int], float] = "constant"

    def __post_init__(self) -> None:
        self._set(steps=as_count("steps", self.steps, most=MOST_STEPS), schedule=get(self.schedule))

    def _factors(self, first: int, count: int, total: int) -> Factors:
        rising = max(0, min(self.steps - first, count))
        ramp = (np.arange(first, first + rising) + 1.0) / self.steps
        if rising == count:
            return ramp
        assert callable(self.schedule)
        later = factors(
            self.schedule, first + rising - self.steps, count - rising, total - self.steps
        )
        return np.concatenate([ramp, later])


_CLASSES: dict[str, Callable[..., Schedule]] = {
    "constant": Constant,
    "step": Step,
    "multi_step": MultiStep,
    "exponential": Exponential,
    "inverse": Inverse,
    "polynomial": Polynomial,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "warmup": Warmup,
}
# Those that need no argument.
_NAMES = ["constant", "polynomial", "cosine", "one_cycle"]


def names() -> list[str]:
    """Return the strings that are accepted wherever a schedule is.

    Returns
    -------
    list of str
        The schedules that need no arguments.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.schedules.names()
    ['constant', 'polynomial', 'cosine', 'one_cycle']
    """
    return list(_NAMES)


def get(given: object) -> Callable[[int, int], float]:
    """Return the schedule of a name, or the callable that was given."""
    if isinstance(given, str):
        if given in _CLASSES and given not in _NAMES:
            cls = _CLASSES[given].__name__
            raise ValueError(f"schedule: {given!r} needs arguments: chainrule.schedules.{cls}(...)")
        _core.check_name("schedule", given, _NAMES)
        return _CLASSES[given]()
    if isinstance(given, type) or not callable(given):
        raise TypeError(
            f"schedule: expected a name, a Schedule or a function (step, total_steps) -> factor, "
            f"got {shown(given)}"
        )
    return given
