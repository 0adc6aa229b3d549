"""When is it time to stop? When nothing has become better for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._checks import as_count, as_flag
from chainrule.callbacks._watching import Watching

if TYPE_CHECKING:
    from chainrule import _core
    from chainrule.callbacks._base import Run

__all__ = ["EarlyStopping"]


class EarlyStopping(Watching):
    r"""Stop when a value has not become better for some epochs, and take back the best weights.

    An epoch is better if :math:`value < best - \delta` (or :math:`value > best + \delta` where more
    is better); training stops after `patience` epochs in a row that are not.

    Parameters
    ----------
    monitor : str or None, default None
        The value to watch, a key of the history; None is ``val_loss``, or ``loss`` without
        validation data.
    patience : int, default 10
        Epochs in a row without improvement, at least 1.
    min_delta : float, default 0.0
        The smallest improvement that counts, at least 0, in the unit of the value.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" is "max" for accuracy and the like.
    restore_best_weights : bool, default True
        Whether the network has, however training ends, the parameters and optimiser state of the
        best epoch.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range; by ``fit``, before the first update, if `monitor` is not
        there.

    Notes
    -----
    Afterwards ``best`` is the best value, and ``best_epoch`` its epoch in that fit, from 1.

    References
    ----------
    Prechelt (1998), Early stopping - but when?

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.EarlyStopping(patience=3).patience
    3
    """

    def __init__(
        self,
        monitor: str | None = None,
        *,
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best_weights: bool = True,
    ) -> None:
        super().__init__(monitor, min_delta=min_delta, mode=mode)
        self.patience = as_count("patience", patience)
        self.restore_best_weights = as_flag("restore_best_weights", restore_best_weights)
        self._snapshot: _core.Snapshot | None = None

    def on_epoch_end(self, run: Run) -> None:
        """Keep the best epoch, or stop."""
        if self._is_best(run):
            if self.restore_best_weights:
                self._snapshot = run.network._snapshot()
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop(f"{self._watched} has not become better for {self.patience} epochs")

    def on_train_end(self, run: Run) -> None:
        """Take back the best weights."""
        if self._snapshot is not None:
            run.network._restore(self._snapshot)
            self._snapshot = None
