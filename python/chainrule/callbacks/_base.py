"""What is a callback? Hooks that are called at fixed moments of ``fit``, and what they see."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.history import History
    from chainrule.network import Network

__all__ = ["Callback", "Run", "check_hooks", "wants_batches"]


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
        The rate of the next update, before the factor of a schedule; may be set.
    epoch, step : int
        The current epoch and update, from 1; 0 before the first.
    logs : dict
        ``loss`` of the last update in the batch hooks; all values of the epoch in ``on_epoch_end``.
    stop_reason : str or None
        Why training stops; None while it goes on.
    schedule_factor : float
        In the batch hooks, the factor of the schedule for this update; 1 without a schedule.

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
    schedule_factor: float = 1.0

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
    Hooks are ``on_train_begin``, ``on_epoch_begin``, ``on_batch_begin``, ``on_batch_end``,
    ``on_epoch_end`` and ``on_train_end``. Each gets the fit under way, a :class:`Run`: the epoch is
    ``run.epoch``, values are in ``run.logs``, and ``run.stop()`` ends it.

    State is reset in ``on_train_begin``. ``on_train_end`` runs however training ends. Batch hooks
    cost nothing unless overridden, by a class or on an object, and no hook that only looks changes
    a bit of the result.

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
            The fit under way; ``run.logs["loss"]`` is that of its examples, before the update.
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
    """Return whether a batch hook is overridden, by the class or on the object."""
    plain = (Callback.on_batch_begin, Callback.on_batch_end)
    hooks = (callback.on_batch_begin, callback.on_batch_end)
    return any(getattr(hook, "__func__", hook) not in plain for hook in hooks)


def check_hooks(callback: Callback) -> None:
    """Raise ``TypeError`` if a method has almost the name of a hook, and would never be called."""
    hooks = [name for name in vars(Callback) if name.startswith("on_")]
    for name in dir(callback):
        if name.startswith("on_") and name not in hooks:
            near = difflib.get_close_matches(name, hooks, n=1, cutoff=0.8)
            if near:
                raise TypeError(
                    f"callbacks: {type(callback).__name__}.{name} is not one of the hooks; did you "
                    f"mean {near[0]}?"
                )
