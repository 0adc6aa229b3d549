"""How does a network learn? In fits: epochs over shuffled mini-batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule import _epochs
from chainrule._checks import as_flag, as_limit, as_number, not_in_this_version
from chainrule._examples import (
    check_examples,
    choose_loss,
    choose_metrics,
    split_examples,
    validation_examples,
    weigh_classes,
)
from chainrule._steps import Stepping, optimizer_or_none
from chainrule.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from chainrule import _core
    from chainrule._own_loss import LossLike
    from chainrule.callbacks import Callback

__all__ = ["Learning"]


class Learning(Stepping):
    """A network that can be trained."""

    @property
    def history(self) -> History:
        """All epochs of all fits of this object."""
        history: History = self.__dict__.setdefault("_history", History())
        return history

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        *,
        epochs: int = 1,
        batch_size: int | None = None,
        optimizer: str | _core.Formula | None = None,
        loss: LossLike | None = None,
        metrics: Iterable[object] | None = None,
        validation_data: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[int, float] | str | None = None,
        ignore_nan_targets: bool = False,
        schedule: str | Callable[[int, int], float] | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        accumulate: int = 1,
        ema: float | None = None,
        shuffle: bool = True,
        callbacks: Iterable[Callback] = (),
        checkpoint: object = None,
        on_divergence: str = "raise",
        verbose: int | str = "auto",
    ) -> History:
        r"""Train on examples for some epochs.

        .. math:: W \leftarrow W - \eta \, \frac{\partial J}{\partial W} \quad
                  \text{for each mini-batch, by the rule of the optimiser}

        Parameters
        ----------
        x : array_like, shape (d, n_features)
            Examples, one per row, at least one.
        y : array_like, shape (d, n_outputs) or (d,)
            Targets. ``cross_entropy``, and ``focal`` behind a softmax, take class numbers
            ``0..m-1`` of shape (d,) or (d, 1), or rows of probabilities; (d,) is taken otherwise
            exactly when there is one target. Nothing is broadcast. ``quantile`` and
            ``gaussian_nll`` have several outputs for each target. A loss of your own takes any
            shape (d, ...).
        epochs : int, default 1
            Passes over the examples, at least 1.
        batch_size : int, optional
            Examples of a batch, 128 by default; the last batch may be smaller. With
            :class:`BatchNorm` it is at least 2, and a last batch of one row joins the one before.
            With :class:`LBFGS` it is all rows, and an epoch is one iteration; then clipping,
            `accumulate`, and limits and learning-rate multipliers of layers are refused.
        optimizer : str or Formula, optional
            One of ``chainrule.optimizers``; by default the network's own, or ``Adam()`` if it has
            none. The same class as before takes new hyper-parameters and keeps its state, another
            starts at zero.
        loss : str, Formula or function, optional
            One of ``chainrule.losses``, or a function of your own as :mod:`chainrule.losses` says,
            remembered by the network; by default that of the network, or the usual one of its
            output.
        metrics : iterable of str, metric or function, optional
            Names or objects of ``chainrule.metrics``, or own functions ``f(y_pred, y_true)``, with
            a parameter ``sample_weight`` if there are weights; by default accuracy for classifiers,
            ``()`` for none.
        validation_data : (x, y) or (x, y, sample_weight), optional
            Examples that loss and metrics are measured on after each epoch, and that are never
            trained on.
        validation_split : float in [0, 1), default 0.0
            The share of rows set aside for that; drawn from seed and `y` alone, stratified for
            classes.
        sample_weight : array_like, shape (d,) or (d, n_outputs), optional
            Weights of examples or, for losses that average over outputs, of single outputs, at
            least 0; only their ratios matter. From a batch of weight 0 nothing is learnt.
        class_weight : dict of int to float or "balanced", optional
            Weights of classes, 1 for those that are not there, by which the weights of training
            rows are multiplied; a row of probabilities weighs :math:`\sum_c p_c w_c`. "balanced" is
            :math:`d / (k \, d_c)` with the number of rows :math:`d_c` of each of the k classes that
            there are.
        ignore_nan_targets : bool, default False
            Whether a target that is NaN is one that is not known: it has weight 0 in loss and
            metrics, here and in `validation_data`. Without, it is an error.
        schedule : str, Schedule or callable, optional
            One of ``chainrule.schedules``, or any function ``(step, total_steps) -> factor``: the
            factor of the learning rate, step counting the updates of this fit from 0.
        clip_norm : float in (0, inf), optional
            The gradient is scaled down to this Euclidean norm over all parameters if its own is
            larger.
        clip_value : float in (0, inf), optional
            Before that, each of its elements is brought into [-clip_value, clip_value].
        l1, l2 : float in [0, inf), default 0.0
            Coefficients of a penalty on the weights of all Dense layers, beside those that layers
            have: :math:`l_1 \sum |W| + \tfrac{l_2}{2} \sum W^2` is added to J before its gradient
            is clipped. Neither loss nor ``val_loss`` contain it.
        accumulate : int, default 1
            Batches of an update, fewer at the end of an epoch: their gradients add up to that of
            one batch of all their rows, in the memory that one of them takes. Schedules and batch
            hooks count updates; penalty and clipping act once in each.
        ema : float in [0, 1), optional
            The network ends with exponential moving averages e of its weights w: from e = w,
            :math:`e \leftarrow \beta e + (1 - \beta) w` after each update, with this
            :math:`\beta`. It has them between epochs, too: validation measures them, and callbacks
            save and restore them. Batch hooks see w.
        checkpoint : optional
            Kept for a later version.
        shuffle : bool, default True
            Whether each epoch has an order of its own, where there are mini-batches; without,
            `validation_split` takes the last rows.
        callbacks : iterable of Callback, default ()
            What else happens during training.
        on_divergence : {"raise"}, default "raise"
            What happens when the loss or a parameter is no longer finite.
        verbose : {"auto", 0, 1, 2}, default "auto"
            A line per epoch in a terminal or notebook, nothing, a bar, or lines.

        Returns
        -------
        History
            A value per epoch for ``loss``, each metric, ``val_`` and each of these, ``penalty`` (of
            what the network has at its end, if anything is penalised), ``learning_rate`` (of the
            first update of the epoch) and ``seconds``.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If a shape or value is wrong, before anything has changed.
        RuntimeError
            If the network is already being trained.
        DivergenceError
            If loss or parameters are no longer finite; the network has the last finite end of an
            epoch.
        NotImplementedError
            If an argument of a later version is not at its default.

        Notes
        -----
        Networks learn best from features, and numbers as targets, with a mean near 0 and a standard
        deviation near 1; nothing is scaled here.

        ``fit(epochs=a)`` and then ``fit(epochs=b)`` gives the bits of ``fit(epochs=a + b)``; not
        with `ema`, where each fit begins with the averages that the last one ended with. After
        Ctrl-C or an exception, of a callback or a loss of your own, too, the network is whole, and
        ``history`` has the epochs that ended.

        References
        ----------
        Goodfellow, Bengio and Courville (2016), Deep Learning, section 8.1.3 and algorithm 8.1;
        for `ema` Polyak and Juditsky (1992), Acceleration of stochastic approximation by averaging.

        Examples
        --------
        >>> import numpy as np
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 8, 1], seed=0)
        >>> h = net.fit(np.eye(2), [1.0, -1.0], epochs=20, optimizer=cr.SGD(0.1))
        >>> h["loss"][-1] < h["loss"][0]
        True
        >>> net.fit(np.eye(2), [1.0, -1.0], batch_size=1, accumulate=2, ema=0.99).n_epochs
        1
        """
        not_in_this_version(
            checkpoint=(checkpoint, None),
            on_divergence=(on_divergence, "raise"),
        )
        share = as_number("validation_split", validation_split, below=1)
        shuffle = as_flag("shuffle", shuffle)
        if validation_data is not None and share:
            raise ValueError("validation_data: give it or validation_split, not both")
        chosen = choose_loss(self, loss)
        ignore = as_flag("ignore_nan_targets", ignore_nan_targets)
        training = check_examples(self, x, y, sample_weight, chosen, ignore_nan_targets=ignore)
        validation = None
        if validation_data is not None:
            validation = validation_examples(
                self, validation_data, chosen, ignore_nan_targets=ignore
            )
        else:
            training, validation = split_examples(self, training, share, shuffle=shuffle)
        if class_weight is not None:
            weigh_classes(self, training, class_weight)
        return _epochs.fit(
            self,
            training,
            validation,
            chosen,
            optimizer_or_none(optimizer),
            epochs=epochs,
            batch_size=batch_size,
            chosen=choose_metrics(self, metrics, training, validation),
            shuffle=shuffle,
            schedule=schedule,
            clip_value=as_limit("clip_value", clip_value, self.dtype),
            clip_norm=as_limit("clip_norm", clip_norm, self.dtype),
            l1=as_number("l1", l1),
            l2=as_number("l2", l2),
            accumulate=accumulate,
            ema=0.0 if ema is None else as_number("ema", ema, below=1),
            callbacks=callbacks,
            verbose=verbose,
        )
