"""I want predictions in a hot loop: a copy of a network that only predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule import _core
from chainrule._arrays import as_inputs, as_output, as_vector
from chainrule._plain_calls import plain_first

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Predictor"]


class Predictor(_core.Predictor):
    r"""A copy of a network's parameters for serving: it predicts, with the network's bits.

    .. math:: A^{(0)} = X, \quad A^{(l)} = f(W^{(l)} A^{(l-1)} + b^{(l)}), \quad \hat Y = A^{(L)}

    Parameters
    ----------
    network : Network
        The network; what happens to it later does not change the predictor.

    Raises
    ------
    TypeError
        If `network` is none.

    Notes
    -----
    Several threads may use it at a time, also beside :meth:`update`. Calls with C-ordered arrays of
    its dtype and `out` take no lock and allocate nothing, once a thread has made one of that size;
    so do those with up to 4096 numbers of the other dtype. Large batches may use the thread pool.
    `n_threads` is that of the network when the predictor was made.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.mlp([3, 4, 2], seed=0)
    >>> p = net.predictor()
    >>> observation, action = np.ones(3), np.empty(2, np.float32)
    >>> p.predict_one(observation, action) is action
    True
    """

    def __init__(self, network: _core.Network) -> None:
        super().__init__(_network(network))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Predictor cannot be pickled or copied; do that with the network and call predictor()"
        )

    @plain_first(_core.plain_predict)
    def predict(self, x: ArrayLike, *, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the outputs for examples.

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row; d may be 0.
        out : ndarray, shape (d, n_outputs), optional
            Where to write the outputs: C-ordered, of the predictor's dtype, apart from `x`.

        Returns
        -------
        ndarray, shape (d, n_outputs)
            The bytes that ``predict`` of the network gives; `out` if it was given.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers, or `out` is no array.
        ValueError
            If a shape is wrong or a number is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([3, 4, 2], output="softmax", seed=0)
        >>> x = np.ones((5, 3))
        >>> bool((net.predictor().predict(x) == net.predict(x)).all())
        True
        """
        return predict_converted(self, x, out)

    @plain_first(_core.plain_predict_one)
    def predict_one(self, x: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the outputs for one example.

        Parameters
        ----------
        x : array_like, shape (n_features,)
            The example.
        out : ndarray, shape (n_outputs,), optional
            Where to write the outputs: of the predictor's dtype, apart from `x`.

        Returns
        -------
        ndarray, shape (n_outputs,)
            The bytes that a row of :meth:`predict` has; `out` if it was given.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers, or `out` is no array.
        ValueError
            If a shape is wrong or a number is not finite.

        Examples
        --------
        >>> import chainrule as cr
        >>> p = cr.mlp([2, 1], initializer="ones").predictor()
        >>> p.predict_one([1.0, 2.0])
        array([3.], dtype=float32)
        """
        dtype = np.dtype(self.dtype)
        inputs = as_vector("x", x, self.n_features, dtype)
        result = as_output("out", out, (self.n_outputs,), dtype, x, inputs)
        self._predict(inputs.reshape(1, -1), result.reshape(1, -1))
        return result

    def update(self, network: _core.Network) -> None:
        """Predict with the parameters of `network` from now on.

        Parameters
        ----------
        network : Network
            One with the same layers and dtype as the one the predictor was made from.

        Raises
        ------
        TypeError
            If `network` is none.
        ValueError
            If its layers or dtype differ.

        Notes
        -----
        Atomic: a call beside it predicts with the parameters before or after, never with some of
        both.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], initializer="ones")
        >>> p = net.predictor()
        >>> net.set_weights([[[0.0, 2.0]]])
        >>> p.update(net)
        >>> p.predict_one([1.0, 2.0])
        array([4.], dtype=float32)
        """
        self._update(_network(network))

    def __repr__(self) -> str:
        return f"<Predictor {self.n_features} -> {self.n_outputs}, {self.dtype}>"


def predict_converted(
    core: _core.Network | _core.Predictor, x: ArrayLike, out: NDArray[Any] | None
) -> NDArray[Any]:
    """Predict for what is not as the core takes it, or say what is wrong with it."""
    dtype = np.dtype(core.dtype)
    inputs = as_inputs("x", x, core.n_features, dtype)
    result = as_output("out", out, (inputs.shape[0], core.n_outputs), dtype, x, inputs)
    core._predict(inputs, result)
    return result


def _network(given: object) -> _core.Network:
    if not isinstance(given, _core.Network):
        raise TypeError(f"network: expected a chainrule.Network, got {type(given).__name__}")
    return given
