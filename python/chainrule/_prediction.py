"""What does a network say? Predictions, classes, and how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import _core
from chainrule._checks import as_flag
from chainrule._examples import check_examples, choose_loss, choose_metrics, evaluate_examples
from chainrule._own_loss import OwnLoss
from chainrule._plain_calls import plain_first
from chainrule.predictor import Predictor, predict_converted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from chainrule._own_loss import LossLike

__all__ = ["Predicting"]


class Predicting(_core.Network):
    """A network that can be asked."""

    @plain_first(_core.plain_network_predict)
    def predict(self, x: ArrayLike, *, out: NDArray[Any] | None = None) -> NDArray[Any]:
        r"""Return the outputs for examples.

        .. math:: A^{(0)} = X, \quad A^{(l)} = f(W^{(l)} A^{(l-1)} + b^{(l)}), \quad
                  \hat Y = A^{(L)}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row; d may be 0.
        out : ndarray, shape (d, n_outputs), optional
            Where to write the outputs: C-ordered, of the network's dtype, apart from `x`.

        Returns
        -------
        ndarray, shape (d, n_outputs)
            Outputs of the network's dtype; `out` if it was given. A row has the same bits alone and
            in any batch. One sigmoid output is the probability of class 1.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers, or `out` is no array.
        ValueError
            If a shape is wrong or a number is not finite.

        Notes
        -----
        May be called from several threads. Beside training, it waits for the step in progress.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, section 5.1.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([3, 4, 2], output="softmax", seed=0)
        >>> net.predict(np.ones((5, 3))).shape
        (5, 2)
        """
        return predict_converted(self, x, out)

    def predictor(self) -> Predictor:
        """Return a copy of the parameters that only predicts, fast enough for a hot loop.

        Returns
        -------
        Predictor
            It stays as it is, whatever happens to the network, until its ``update``.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.mlp([2, 1], initializer="ones").predictor().predict_one([1.0, 2.0])
        array([3.], dtype=float32)
        """
        return Predictor(self)

    def predict_classes(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the most probable class of each example.

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row.

        Returns
        -------
        ndarray of int64, shape (d,) or (d, n_outputs)
            Behind softmax or log_softmax the class with the largest output, the lowest of equals;
            for one sigmoid output 1 where it is above 0.5, else 0; for several sigmoid outputs the
            same for each of them.

        Raises
        ------
        TypeError
            If `x` does not hold real numbers.
        ValueError
            If the outputs are no probabilities, a shape is wrong or a number is not finite.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, section 1.5.1.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([3, 4, 2], output="softmax", seed=0)
        >>> net.predict_classes(np.ones((5, 3))).shape
        (5,)
        """
        output = self._output_activation
        if output not in ("softmax", "log_softmax", "sigmoid"):
            raise ValueError(
                "predict_classes: expected a network that ends in softmax, log_softmax or sigmoid, "
                f"got {output}; use predict"
            )
        probabilities = self.predict(x)
        if output != "sigmoid":
            largest: NDArray[np.int64] = probabilities.argmax(axis=1).astype(np.int64, copy=False)
            return largest
        classes = (probabilities > 0.5).astype(np.int64)
        return classes[:, 0] if self.n_outputs == 1 else classes

    def evaluate(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: LossLike | None = None,
        metrics: Iterable[object] | None = None,
        sample_weight: ArrayLike | None = None,
        ignore_nan_targets: bool = False,
    ) -> dict[str, float]:
        r"""Return the loss and metrics over examples.

        .. math:: J = \frac{\sum_i w_i \, \ell(\hat y_i, y_i)}{\sum_i w_i}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets; class numbers ``0..m-1`` of shape (d,) for ``cross_entropy``.
        loss : str, Formula or function, optional
            The loss for this call; by default the network's.
        metrics : iterable of str, metric or function, optional
            Names or objects of ``chainrule.metrics``, or own functions ``f(y_pred, y_true)``, with
            a parameter ``sample_weight`` if there are weights; by default accuracy for classifiers,
            ``()`` for none.
        sample_weight : array_like, shape (d,) or (d, n_outputs), optional
            Weights of examples or, for losses that average over outputs, of single outputs; at
            least 0.
        ignore_nan_targets : bool, default False
            As in :meth:`fit`.

        Returns
        -------
        dict of str to float
            ``loss`` and a value per metric.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong, all weights are 0, or the network has no default loss.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([3, 4, 2], output="softmax", seed=0)
        >>> sorted(net.evaluate(np.ones((5, 3)), [0, 1, 1, 0, 1]))
        ['accuracy', 'loss']
        """
        ignore = as_flag("ignore_nan_targets", ignore_nan_targets)
        chosen = choose_loss(self, loss)
        examples = check_examples(self, x, y, sample_weight, chosen, ignore_nan_targets=ignore)
        return evaluate_examples(self, examples, chosen, choose_metrics(self, metrics, examples))

    def example_losses(self, x: ArrayLike, y: ArrayLike) -> NDArray[Any]:
        r"""Return the loss :math:`\ell(\hat y_i, y_i)` of each example.

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets, as in :meth:`evaluate`.

        Returns
        -------
        ndarray, shape (d,)
            Losses of the network's dtype, not weighted.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong, or the network has no default loss.

        References
        ----------
        Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([3, 4, 1], seed=0)
        >>> net.example_losses(np.zeros((2, 3)), [1.0, 2.0])
        array([1., 4.], dtype=float32)
        """
        loss = choose_loss(self, None)
        examples = check_examples(self, x, y, None, loss)
        if isinstance(loss, OwnLoss):
            return loss.of_examples(self, examples.x, examples.y)
        return self._example_losses(examples.x, examples.y, loss)
