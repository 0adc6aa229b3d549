"""What may happen during training? Callbacks, called at fixed moments of ``fit``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainrule._checks import as_count, as_flag, as_number

if TYPE_CHECKING:
    from chainrule import _core
    from chainrule.history import History
    from chainrule.network import Network

__all__ = ["Callback", "EarlyStopping", "Run"]

# Metrics of which more is better.
_MAXIMISED = {"accuracy"}


@dataclass
class Run:
    """A fit under way, as callbacks see it.

    Parameters
    ----------
    network : Network
        The network that is trained.
    epochs : int
        Number of epochs asked for.
    history : History
        The epochs so far.
    keys : tuple of str
        What `logs` will have at the end of an epoch.
    learning_rate : float
        The rate of the next update; may be set.
    epoch, step : int
        The current epoch and update, from 1; 0 before the first.
    logs : dict
        ``loss`` of the last batch in the batch hooks; all values of the epoch in ``on_epoch_end``.
    stop_reason : str or None
        Why training stops; None while it goes on.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> class Twice(cr.Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.epoch == 2:
    ...             run.stop("enough")
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> len(net.fit(np.ones((8, 2)), np.ones(8), epochs=9, callbacks=[Twice()])["loss"])
    2
    """

    network: Network
    epochs: int
    history: History
    keys: tuple[str, ...]
    learning_rate: float
    epoch: int = 0
    step: int = 0
    logs: dict[str, float] = field(default_factory=dict)
    stop_reason: str | None = None

    def stop(self, reason: str = "") -> None:
        """End training after this batch or epoch.

        Parameters
        ----------
        reason : str, default ""
            Why, for people; kept in ``stop_reason``.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> class Once(cr.Callback):
        ...     def on_batch_end(self, run):
        ...         run.stop("one batch is enough")
        ...     def on_train_end(self, run):
        ...         print(run.step, run.stop_reason)
        >>> net = cr.mlp([2, 1], seed=0)
        >>> _ = net.fit(np.ones((8, 2)), np.ones(8), batch_size=2, callbacks=[Once()])
        1 one batch is enough
        """
        self.stop_reason = reason or ""


class Callback:
    """The base of callbacks: every hook does nothing until it is overridden.

    Notes
    -----
    State is reset in ``on_train_begin``. ``on_train_end`` runs however training ends. Batch hooks
    cost nothing unless overridden, and no hook that only looks changes a bit of the result.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> class Print(cr.Callback):
    ...     def on_train_end(self, run):
    ...         print("epochs:", run.epoch)
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> history = net.fit(np.ones((8, 2)), np.ones(8), epochs=3, callbacks=[Print()])
    epochs: 3
    """

    def on_train_begin(self, run: Run) -> None:
        """Before the first epoch.

        Parameters
        ----------
        run : Run
            The fit under way; ``run.history`` is empty.
        """

    def on_epoch_begin(self, run: Run) -> None:
        """Before an epoch.

        Parameters
        ----------
        run : Run
            The fit under way.
        """

    def on_batch_begin(self, run: Run) -> None:
        """Before an update.

        Parameters
        ----------
        run : Run
            The fit under way.
        """

    def on_batch_end(self, run: Run) -> None:
        """After an update.

        Parameters
        ----------
        run : Run
            The fit under way; ``run.logs["loss"]`` is that of the batch, before the update.
        """

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch.

        Parameters
        ----------
        run : Run
            The fit under way; ``run.logs`` has all values of the epoch.
        """

    def on_train_end(self, run: Run) -> None:
        """After the last epoch, also when training ends early or by an exception.

        Parameters
        ----------
        run : Run
            The fit under way.
        """


def wants_batches(callback: Callback) -> bool:
    """Return whether a batch hook is overridden."""
    cls = type(callback)
    return (
        cls.on_batch_begin is not Callback.on_batch_begin
        or cls.on_batch_end is not Callback.on_batch_end
    )


class EarlyStopping(Callback):
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
    ValueError
        If an argument is out of range; by ``fit``, before the first update, if `monitor` is not
        there.

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
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.monitor = monitor
        self.patience = as_count("patience", patience)
        self.min_delta = as_number("min_delta", min_delta)
        self.mode = mode
        self.restore_best_weights = as_flag("restore_best_weights", restore_best_weights)
        self.best_epoch = 0
        self.best = math.nan
        self._snapshot: _core.Snapshot | None = None

    def on_train_begin(self, run: Run) -> None:
        """Choose what is watched, and forget earlier trainings."""
        self._watched = self.monitor or ("val_loss" if "val_loss" in run.keys else "loss")
        if self._watched not in run.keys:
            raise ValueError(
                f"monitor: {self._watched!r} is not recorded in this fit; expected one of "
                f"{', '.join(run.keys)}"
            )
        more = (
            self._watched.removeprefix("val_") in _MAXIMISED
            if self.mode == "auto"
            else self.mode == "max"
        )
        self._sign = -1.0 if more else 1.0
        self.best = self._sign * math.inf
        self.best_epoch = 0
        self._snapshot = None

    def on_epoch_end(self, run: Run) -> None:
        """Keep the best epoch, or stop."""
        value = run.logs[self._watched]
        if self._sign * value < self._sign * self.best - self.min_delta:
            self.best = value
            self.best_epoch = run.epoch
            if self.restore_best_weights:
                self._snapshot = run.network._snapshot()
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop(f"{self._watched} has not become better for {self.patience} epochs")

    def on_train_end(self, run: Run) -> None:
        """Take back the best weights."""
        if self._snapshot is not None:
            run.network._restore(self._snapshot)
            self._snapshot = None
