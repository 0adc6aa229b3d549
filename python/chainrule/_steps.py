"""What is one step of learning? The whole of it, and its parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule import _core
from chainrule._arrays import as_inputs, as_matrix, at_least_one
from chainrule._checks import as_flag, as_limit, as_number
from chainrule._examples import check_examples, choose_loss
from chainrule._names import as_formula
from chainrule._plain_calls import plain_first
from chainrule._prediction import Predicting
from chainrule.errors import DivergenceError
from chainrule.gradients import Gradients
from chainrule.trace import Trace, trace_from

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from chainrule._own_loss import LossLike

__all__ = ["Stepping", "optimizer_or_none"]


def optimizer_or_none(given: str | _core.Formula | None) -> _core.Formula | None:
    return None if given is None else as_formula("optimizer", _core.optimizers, given)


def _rate_or_none(given: float | None) -> float | None:
    if given is None:
        return None
    return as_number("learning_rate", given)


class Stepping(Predicting):
    """A network that can be changed by single steps."""

    @property
    def optimizer(self) -> Any:
        """The optimiser whose state the network holds; None before training."""
        return self._optimizer

    @plain_first(_core.plain_step)
    def train_step(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        optimizer: str | _core.Formula | None = None,
        loss: LossLike | None = None,
        sample_weight: ArrayLike | None = None,
        learning_rate: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> float:
        r"""Make one update from one batch.

        .. math:: W \leftarrow W - \eta \, \frac{\partial J}{\partial W}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row, at least one.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets, as in :meth:`fit`.
        optimizer : str or Formula, optional
            As in :meth:`fit`; with :class:`LBFGS` this is one iteration.
        loss : str, Formula or function, optional
            The loss for this call; by default the network's.
        sample_weight : array_like, shape (d,) or (d, n_outputs), optional
            As in :meth:`fit`, the batch being the whole data set.
        learning_rate : float, optional
            The rate of this update, in [0, inf), in place of the optimiser's.
        clip_norm, clip_value : float, optional
            As in :meth:`fit`.
        l1, l2 : float in [0, inf), default 0.0
            As in :meth:`fit`.

        Returns
        -------
        float
            The loss J of the batch before the update.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong.
        RuntimeError
            If the network is already being trained.
        DivergenceError
            If J is not finite; then nothing was updated.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, equation 5.43.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], initializer="zeros")
        >>> net.train_step(np.eye(2), [1.0, 1.0], optimizer=cr.SGD(0.5))
        1.0
        >>> net.biases[0]
        array([1.], dtype=float32)
        """
        formula = optimizer_or_none(optimizer)
        rate = _rate_or_none(learning_rate)
        limits = (
            as_limit("clip_value", clip_value, self.dtype),
            as_limit("clip_norm", clip_norm, self.dtype),
        )
        penalty = as_number("l1", l1), as_number("l2", l2)
        chosen = choose_loss(self, loss)
        batch = check_examples(self, x, y, sample_weight, chosen)
        value = self._train_step(
            batch.x, batch.y, chosen, formula, batch.weights, rate, *limits, *penalty
        )
        if not math.isfinite(value):
            self._diverge(rate)
        return value

    def _diverge(self, learning_rate: float | None) -> NoReturn:
        """Raise what a step whose loss is not finite ends with."""
        rate = self.optimizer.learning_rate if learning_rate is None else learning_rate
        raise DivergenceError(
            step=self._updates + 1,
            epoch=0,
            layer=self._first_nonfinite_layer(),
            learning_rate=rate,
        )

    def reset_optimizer(self) -> None:
        """Forget the optimiser and its state; the next training starts afresh.

        Raises
        ------
        RuntimeError
            If the network is being trained.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> _ = net.train_step([[1.0, 2.0]], [3.0])
        >>> net.reset_optimizer()
        >>> net.optimizer is None
        True
        """
        self._reset_optimizer()

    def gradients(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: LossLike | None = None,
        sample_weight: ArrayLike | None = None,
        training: bool = True,
    ) -> Gradients:
        r"""Return the gradients of all parameters for one batch, without updating anything.

        .. math:: dW^{(l)} = dZ^{(l)} A^{(l-1)T}, \quad db^{(l)} = dZ^{(l)} 1, \quad
                  dA^{(l-1)} = W^{(l)T} dZ^{(l)}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row, at least one.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets, as in :meth:`fit`.
        loss : str, Formula or function, optional
            The loss for this call; by default the network's.
        sample_weight : array_like, shape (d,) or (d, n_outputs), optional
            As in :meth:`train_step`.
        training : bool, default True
            Whether this counts as a training forward, of which each has random numbers of its own
            and, if the loss is finite, moves the running statistics of :class:`BatchNorm`; with
            False nothing in the network changes.

        Returns
        -------
        Gradients
            Of J alone, without penalties; 0 for frozen layers. ``apply`` of it gives the bits of
            :meth:`train_step`.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong.

        References
        ----------
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 3, 1], seed=0)
        >>> g = net.gradients(np.ones((4, 2)), np.zeros(4))
        >>> net.apply(g, optimizer=cr.SGD(0.1))
        """
        chosen = choose_loss(self, loss)
        batch = check_examples(self, x, y, sample_weight, chosen)
        return Gradients(
            self._gradients(batch.x, batch.y, chosen, batch.weights, as_flag("training", training))
        )

    def forward(self, x: ArrayLike, *, training: bool = False) -> NDArray[Any]:
        """Return the outputs for examples and, in training, keep what :meth:`backward` needs.

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row; at least one in training.
        training : bool, default False
            Whether a backward pass will follow. Without, this is :meth:`predict`.

        Returns
        -------
        ndarray, shape (d, n_outputs)
            Outputs of the network's dtype.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If a shape is wrong or a number is not finite.

        References
        ----------
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 3, 1], seed=0)
        >>> y_hat = net.forward(np.ones((4, 2)), training=True)
        >>> g = net.backward(2 * (y_hat - 1) / 4)
        >>> net.apply(g, optimizer=cr.SGD(0.1))
        """
        training = as_flag("training", training)
        inputs = as_inputs("x", x, self.n_features, np.dtype(self.dtype))
        if training:
            at_least_one("x", inputs)
        result = np.empty((inputs.shape[0], self.n_outputs), self.dtype)
        self._forward(inputs, result, training)
        return result

    def backward(self, dA: ArrayLike) -> Gradients:
        r"""Return the gradients that follow from :math:`\partial J / \partial \hat Y`.

        Goes back once through the last ``forward(x, training=True)``.

        Parameters
        ----------
        dA : array_like, shape (d, n_outputs)
            The derivative of the mean loss J by each output, the 1/d included.

        Returns
        -------
        Gradients
            Of all parameters; its ``loss`` is NaN.

        Raises
        ------
        TypeError
            If `dA` does not hold real numbers.
        ValueError
            If its shape is not that of the outputs, or a number is not finite.
        RuntimeError
            If there was no such forward since the last backward, or parameters have changed since.

        References
        ----------
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> y_hat = net.forward([[3.0, 4.0]], training=True)
        >>> net.backward([[1.0]]).weights[0]
        array([[3., 4.]], dtype=float32)
        """
        gradient = as_matrix("dA", dA, (None, self.n_outputs), np.dtype(self.dtype))
        return Gradients(self._backward(gradient))

    def apply(
        self,
        gradients: Gradients,
        optimizer: str | _core.Formula | None = None,
        *,
        learning_rate: float | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        """Make one update from gradients.

        :class:`LBFGS` is refused, since its line search asks for the loss at other weights.

        Parameters
        ----------
        gradients : Gradients
            Those of this network, or of one with the same layers and dtype.
        optimizer : str or Formula, optional
            As in :meth:`fit`.
        learning_rate : float, optional
            The rate of this update, in [0, inf), in place of the optimiser's.
        clip_norm, clip_value : float, optional
            As in :meth:`fit`.
        l1, l2 : float in [0, inf), default 0.0
            As in :meth:`fit`.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If the gradients are of another network or not finite, or a value is wrong.
        RuntimeError
            If the network is already being trained, or weights wait for data to be scaled by
            (``lsuv``) that these gradients have not seen; call ``initialize(x)`` first.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, equation 5.43.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> net.apply(net.gradients(np.eye(2), [1.0, 2.0]), optimizer="adam")
        >>> net.optimizer.name
        'adam'
        """
        limits = (
            as_limit("clip_value", clip_value, self.dtype),
            as_limit("clip_norm", clip_norm, self.dtype),
        )
        penalty = as_number("l1", l1), as_number("l2", l2)
        if not isinstance(gradients, Gradients):
            raise TypeError(
                f"gradients: expected chainrule.Gradients, got {type(gradients).__name__}"
            )
        if not np.isfinite(gradients.flat).all():
            raise ValueError(
                "gradients: expected finite numbers, got NaN or infinity; nothing was updated"
            )
        self._apply(
            gradients._core,
            optimizer_or_none(optimizer),
            _rate_or_none(learning_rate),
            *limits,
            *penalty,
        )

    def trace(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        learning_rate: float = 0.1,
        loss: LossLike | None = None,
        training: bool = False,
    ) -> Trace:
        r"""Work out one step of gradient descent and keep every quantity.

        .. math:: W^{(l)} \leftarrow W^{(l)} - \eta \, \frac{\partial J}{\partial W^{(l)}}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row, at least one.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets, as in :meth:`fit`.
        learning_rate : float, default 0.1
            The rate :math:`\eta`, in [0, inf).
        loss : str, Formula or function, optional
            The loss for this call; by default the network's.
        training : bool, default False
            Whether layers of noise take part, with the random numbers of the next training forward,
            and :class:`BatchNorm` takes mean and variance of this batch.

        Returns
        -------
        Trace
            Printable; see there for its fields.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong.

        Notes
        -----
        Changes nothing in the network. Derivatives are those of J, of frozen layers, too; the new
        parameters follow the settings of layers. :meth:`train_step` with ``SGD(learning_rate)``
        arrives at the same bits.

        References
        ----------
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 2, 1], activation="sigmoid", output="sigmoid", seed=0)
        >>> t = net.trace([[0.5, 0.2]], [1.0])
        >>> t.dW[1].shape, t.A[0].shape
        ((2, 2), (2, 1))
        """
        chosen = choose_loss(self, loss)
        rate = as_number("learning_rate", learning_rate)
        noisy = as_flag("training", training)
        batch = check_examples(self, x, y, None, chosen)
        core = self._trace(batch.x, batch.y, chosen, rate, noisy)
        return trace_from(core, batch, self, chosen, rate)
