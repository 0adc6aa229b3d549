"""What can go wrong that has a name of its own."""

from __future__ import annotations

from chainrule._core import ModelFileError

__all__ = ["DivergenceError", "ModelFileError"]


class DivergenceError(RuntimeError):
    """Training has left the finite numbers.

    Raised by :meth:`chainrule.Network.fit`, which has then restored the parameters of the last
    finite end of an epoch (or of the start), and by :meth:`chainrule.Network.train_step`, which has
    then updated nothing.

    Parameters
    ----------
    step : int
        The update that failed, counted from 1 since training began.
    epoch : int
        The epoch of that update, from 1; 0 outside of ``fit``.
    layer : int
        The layer where the first number was not finite: l = 1..L counts the Dense layers.
    learning_rate : float
        The learning rate of that update.

    Examples
    --------
    >>> import chainrule as cr
    >>> str(cr.DivergenceError(step=7, epoch=2, layer=1, learning_rate=10.0)).split(";")[0]
    'training diverged in step 7 (epoch 2) at layer 1 with learning rate 10'
    """

    def __init__(self, *, step: int, epoch: int, layer: int, learning_rate: float) -> None:
        self.step = step
        self.epoch = epoch
        self.layer = layer
        self.learning_rate = learning_rate
        where = f"step {step} (epoch {epoch})" if epoch else f"step {step}"
        super().__init__(
            f"training diverged in {where} at layer {layer} with learning rate {learning_rate:g}; "
            "take a smaller learning rate, scale the features, or check the targets"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _divergence, (self.step, self.epoch, self.layer, self.learning_rate)


def _divergence(step: int, epoch: int, layer: int, learning_rate: float) -> DivergenceError:
    return DivergenceError(step=step, epoch=epoch, layer=layer, learning_rate=learning_rate)
