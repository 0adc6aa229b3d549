"""What would one step change? Gradients of all parameters for one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chainrule import _core

__all__ = ["Gradients"]


class Gradients:
    r"""Gradients of the loss of a batch by all parameters.

    .. math:: dW^{(l)} = \frac{\partial J}{\partial W^{(l)}}, \qquad
              db^{(l)} = \frac{\partial J}{\partial b^{(l)}}

    Parameters
    ----------
    core : object
        What the compiled core has computed.

    Notes
    -----
    Made by :meth:`chainrule.Network.gradients` and :meth:`chainrule.Network.backward`; given back
    to :meth:`chainrule.Network.apply`.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> g = net.gradients(np.ones((4, 2)), np.zeros((4, 1)))
    >>> [w.shape for w in g.weights], g.inputs.shape
    ([(3, 2), (1, 3)], (4, 2))
    """

    def __init__(self, core: _core.Gradients) -> None:
        self._core = core

    @property
    def loss(self) -> float:
        """The loss J of the batch; NaN after ``backward``, which knows none."""
        return float(self._core.loss)

    @property
    def weight_sum(self) -> float:
        """The sum of the weights of the examples, by which J was divided."""
        return float(self._core.weight_sum)

    @property
    def flat(self) -> NDArray[Any]:
        """All gradients in one writable 1-D buffer, laid out alike for equal layers."""
        return self._core.flat

    @property
    def norm(self) -> float:
        """The Euclidean norm of all gradients but those of frozen layers, from `flat` as it is."""
        return float(self._core.norm)

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """Gradients by the names of files, such as ``layers.0.weight``; copies."""
        return self._core.tensors()

    @property
    def weights(self) -> list[NDArray[Any]]:
        """Gradients dW of the Dense layers in order, each (n_out, n_in); copies."""
        return [array for array in self.parameters.values() if array.ndim == 2]

    @property
    def biases(self) -> list[NDArray[Any] | None]:
        """Gradients db in the same order, each (n_out,), None without bias; copies."""
        parameters = self.parameters
        weights = [name for name, array in parameters.items() if array.ndim == 2]
        return [parameters.get(name.removesuffix("weight") + "bias") for name in weights]

    @property
    def inputs(self) -> NDArray[Any]:
        """Gradients dX (d, n), computed on access, before parameters change."""
        return self._core.inputs()

    def __repr__(self) -> str:
        return f"Gradients(loss={self.loss:.6g}, norm={self.norm:.6g})"
