"""How does a plain function become a callback? It is given for a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.callbacks._base import Callback

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.callbacks._base import Run

__all__ = ["LambdaCallback"]


class LambdaCallback(Callback):
    """Call functions at moments of training.

    Parameters
    ----------
    on_train_begin, on_epoch_begin, on_batch_begin : callable, optional
        Called with the :class:`Run` at this moment.
    on_batch_end, on_epoch_end, on_train_end : callable, optional
        The same.

    Raises
    ------
    TypeError
        If something is given that cannot be called.

    Notes
    -----
    Batch hooks that are not given cost nothing.

    References
    ----------
    Keras, ``LambdaCallback``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> tell = cr.LambdaCallback(on_epoch_end=lambda run: print("epoch", run.epoch))
    >>> net = cr.mlp([2, 1], seed=0)
    >>> _ = net.fit(np.ones((8, 2)), np.ones(8), epochs=2, callbacks=[tell])
    epoch 1
    epoch 2
    """

    def __init__(
        self,
        *,
        on_train_begin: Callable[[Run], object] | None = None,
        on_epoch_begin: Callable[[Run], object] | None = None,
        on_batch_begin: Callable[[Run], object] | None = None,
        on_batch_end: Callable[[Run], object] | None = None,
        on_epoch_end: Callable[[Run], object] | None = None,
        on_train_end: Callable[[Run], object] | None = None,
    ) -> None:
        functions = {
            "on_train_begin": on_train_begin,
            "on_epoch_begin": on_epoch_begin,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_epoch_end": on_epoch_end,
            "on_train_end": on_train_end,
        }
        for hook, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"{hook}: expected a function of the run, got {function!r}")
            setattr(self, hook, function)
