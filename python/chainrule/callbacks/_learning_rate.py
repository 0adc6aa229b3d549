"""What about the learning rate? Make it smaller when nothing becomes better; write it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._checks import as_count, as_number
from chainrule.callbacks._base import Callback
from chainrule.callbacks._watching import Watching

if TYPE_CHECKING:
    from chainrule.callbacks._base import Run

__all__ = ["LearningRateLogger", "ReduceLROnPlateau"]


class ReduceLROnPlateau(Watching):
    r"""Multiply the learning rate by a factor when a value has not become better for some epochs.

    .. math:: \eta \leftarrow \max(\eta \cdot factor, \eta_{min})

    after `patience` epochs in a row of which none had :math:`value < best - \delta` (or
    :math:`value > best + \delta` where more is better); then counting begins anew.

    Parameters
    ----------
    monitor : str or None, default None
        The value to watch, a key of the history; None is ``val_loss``, or ``loss`` without
        validation data.
    factor : float in [0, 1), default 0.1
        What the rate is multiplied by.
    patience : int, default 10
        Epochs in a row without improvement, at least 1.
    min_delta : float, default 1e-4
        The smallest improvement that counts, at least 0, in the unit of the value.
    cooldown : int, default 0
        Epochs after a reduction that are not counted as epochs without improvement.
    min_learning_rate : float, default 0.0
        The rate is not made smaller than this, and never larger than it is.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" is "max" for accuracy and the like.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range; by ``fit``, before the first update, if `monitor` is not
        there.

    Notes
    -----
    The rate of this fit changes, the optimiser does not: the next fit begins with its rate again.
    Names and defaults are those of Keras. There the last epoch of the cooldown is counted; here, as
    in PyTorch, it is not.

    References
    ----------
    Keras and PyTorch, ``ReduceLROnPlateau``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 1], initializer="zeros")
    >>> plateau = cr.ReduceLROnPlateau(factor=0.5, patience=2)
    >>> x, y = np.ones((8, 2)), np.zeros(8)  # nothing to learn
    >>> net.fit(x, y, epochs=6, optimizer=cr.SGD(0.8), callbacks=[plateau])["learning_rate"]
    [0.8, 0.8, 0.8, 0.4, 0.4, 0.2]
    """

    def __init__(
        self,
        monitor: str | None = None,
        *,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_learning_rate: float = 0.0,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, min_delta=min_delta, mode=mode)
        self.factor = as_number("factor", factor, below=1)
        self.patience = as_count("patience", patience)
        self.cooldown = as_count("cooldown", cooldown, least=0)
        self.min_learning_rate = as_number("min_learning_rate", min_learning_rate)

    def on_train_begin(self, run: Run) -> None:
        """Choose what is watched, and forget earlier trainings."""
        super().on_train_begin(run)
        self._counted_from = 0

    def on_epoch_end(self, run: Run) -> None:
        """Make the rate smaller when it is time."""
        if self._is_best(run):
            self._counted_from = max(self._counted_from, run.epoch)
        elif run.epoch - self._counted_from >= self.patience:
            smaller = max(run.learning_rate * self.factor, self.min_learning_rate)
            run.learning_rate = min(run.learning_rate, smaller)
            self._counted_from = run.epoch + self.cooldown


class LearningRateLogger(Callback):
    """Write down the learning rate of every update, with the factor of a schedule.

    Notes
    -----
    The history has the rate at the beginning of each epoch; this has those within an epoch too,
    which a callback may set in its batch hooks. A callback that sets the rate in ``on_batch_end``
    stands behind this one in the list of callbacks.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> class Halve(cr.Callback):
    ...     def on_batch_begin(self, run):
    ...         run.learning_rate /= 2
    >>> rates = cr.LearningRateLogger()
    >>> net = cr.mlp([2, 1], seed=0)
    >>> options = {"batch_size": 4, "optimizer": cr.SGD(0.8), "callbacks": [Halve(), rates]}
    >>> _ = net.fit(np.ones((12, 2)), np.ones(12), **options)
    >>> rates.steps, rates.learning_rates
    ([1, 2, 3], [0.4, 0.2, 0.1])
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.learning_rates: list[float] = []

    def on_train_begin(self, run: Run) -> None:  # noqa: ARG002
        """Begin new lists."""
        self.steps, self.learning_rates = [], []

    def on_batch_end(self, run: Run) -> None:
        """Add the rate of this update."""
        self.steps.append(run.step)
        self.learning_rates.append(float(run.learning_rate) * run.schedule_factor)
