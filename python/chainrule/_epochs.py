"""How does a fit run? Epoch by epoch: groups of batches, validation, callbacks, history."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from chainrule import schedules
from chainrule._checks import as_count, as_list, as_number, shown
from chainrule._examples import Examples, evaluate_examples, targets_of
from chainrule._own_loss import remembered
from chainrule._progress import progress_callback
from chainrule._schedule import factors
from chainrule.callbacks import Callback, Run
from chainrule.callbacks._base import check_hooks, wants_batches
from chainrule.errors import DivergenceError
from chainrule.history import History, at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from chainrule import _core, metrics
    from chainrule._learning import Learning
    from chainrule._own_loss import OwnLoss
    from chainrule._schedule import Factors
    from chainrule.network import Network

# Python looks at signals this often, so that Ctrl-C is answered well within 0.2 s.
_GROUP_SECONDS = 0.05


@dataclass
class _Fit:
    """One call of ``fit``, with everything checked."""

    network: Learning
    training: Examples
    validation: Examples | None
    loss: _core.Formula | OwnLoss
    optimizer: _core.Formula | None
    metrics: list[metrics.AnyMetric]
    epochs: int
    batch_size: int | None
    shuffle: bool
    schedule: Callable[[int, int], float] | None
    clip_value: float
    clip_norm: float
    l1: float
    l2: float
    accumulate: int
    ema: float
    callbacks: list[Callback]

    def run(self) -> History:
        """Train, and return the history of this call."""
        names = ["loss", *(metric.name for metric in self.metrics)]
        keys = (
            *names,
            *(f"val_{name}" for name in names if self.validation),
            *self._penalty(),
            "learning_rate",
            "seconds",
        )
        with remembered(self.network, self.loss), _lent_snapshot(self.network) as last_good:
            return self._run(keys, last_good)

    def _run(self, keys: tuple[str, ...], last_good: _core.Snapshot) -> History:
        # last_good is the state at the end of the last good epoch; at first, that before the fit,
        # and this is what a fit without any update leaves behind.
        with (
            self.network._start_training(
                self.training.x,
                self.training.y,
                self.loss,
                self.optimizer,
                self.training.loss_weights,
                self.batch_size,
                self.shuffle,
                bool(self.metrics),
                self.clip_value,
                self.clip_norm,
                self.l1,
                self.l2,
                self.accumulate,
                self.ema,
                last_good,
            ) as core,
            contextlib.ExitStack() as ends,
        ):
            rate = float(self.network.optimizer.learning_rate)
            run = Run(cast("Network", self.network), self.epochs, History(), keys, rate)
            for callback in self.callbacks:
                ends.callback(callback.on_train_end, run)
                callback.on_train_begin(run)
            ends.callback(core.show_averages)  # before on_train_end, however training ends
            self._epochs(run, core, last_good)
        return run.history

    def _epochs(self, run: Run, core: _core.TrainingRun, last_good: _core.Snapshot) -> None:
        while run.epoch < self.epochs and run.stop_reason is None:
            if run.epoch > 0:
                self.network._snapshot_into(last_good)
            run.epoch += 1
            self._call("on_epoch_begin", run)
            start = time.perf_counter()
            factors = self._factors(run, core.n_updates)
            rate = as_number("learning_rate", run.learning_rate)
            core.begin_epoch(factors)
            if not self._batches(run, core, last_good, factors):
                return  # stopped inside the epoch
            core.show_averages()  # until the next epoch begins: what is measured is what is kept
            layer = self.network._first_nonfinite_parameters()
            if layer:
                self._diverged(run, core, last_good, layer, _factor(factors, -1))
            run.logs = self._values(core) | {
                "learning_rate": rate * _factor(factors, 0),
                "seconds": time.perf_counter() - start,
            }
            at_once(
                [
                    *run.history._additions(run.logs),
                    *self.network.history._additions(run.logs),
                    core.end_epoch,
                ]
            )
            self._call("on_epoch_end", run)

    def _factors(self, run: Run, n_updates: int) -> Factors | None:
        """Return the factors of the learning rate in the epoch that begins."""
        if self.schedule is None:
            return None
        return factors(self.schedule, run.step, n_updates, self.epochs * n_updates)

    def _batches(
        self,
        run: Run,
        core: _core.TrainingRun,
        last_good: _core.Snapshot,
        factors: Factors | None,
    ) -> bool:
        """Train on the batches of an epoch; return whether all of them were done."""
        one_by_one = any(wants_batches(callback) for callback in self.callbacks)
        left = core.n_updates
        while left > 0 and run.stop_reason is None:
            if one_by_one:
                run.step += 1
                run.schedule_factor = _factor(factors, core.updates_done)
                self._call("on_batch_begin", run)
                left -= _one_update(core, as_number("learning_rate", run.learning_rate))
            else:
                rate = as_number("learning_rate", run.learning_rate)
                done = core.run(0, _GROUP_SECONDS, rate)
                run.step += done
                left -= done
            if core.diverged:
                layer = self.network._first_nonfinite_layer()
                factor = _factor(factors, core.updates_done - 1)
                self._diverged(run, core, last_good, layer, factor)
            if one_by_one:
                run.logs = {"loss": core.last_loss}
                self._call("on_batch_end", run)
        return left == 0

    def _diverged(
        self,
        run: Run,
        core: _core.TrainingRun,
        last_good: _core.Snapshot,
        layer: int,
        factor: float,
    ) -> None:
        core.show_averages()  # or they would replace what is restored
        self.network._restore(last_good)
        raise DivergenceError(
            step=run.step, epoch=run.epoch, layer=layer, learning_rate=run.learning_rate * factor
        )

    def _values(self, core: _core.TrainingRun) -> dict[str, float]:
        values = {"loss": core.epoch_loss}
        targets = targets_of(self.network, self.training)
        for metric in self.metrics:
            values[metric.name] = metric._measure(core.predictions, targets)
        if self.validation is not None:
            values |= evaluate_examples(
                self.network,
                self.validation,
                self.loss,
                self.metrics,
                "val_",
                seconds_at_a_time=_GROUP_SECONDS,
            )
        return values | self._penalty()

    def _penalty(self) -> dict[str, float]:
        """Return what the weights cost now, if anything is penalised."""
        penalty = self.network._penalty(self.l1, self.l2)
        return {} if penalty is None else {"penalty": penalty}

    def _call(self, hook: str, run: Run) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(run)


def _one_update(core: _core.TrainingRun, rate: float) -> int:
    """Make the next update, of however many batches, with a look at signals in between."""
    done = 0
    while done == 0:
        done = core.run(1, _GROUP_SECONDS, rate)
    return done


def _factor(factors: Factors | None, batch: int) -> float:
    return 1.0 if factors is None else float(factors[batch])


@contextlib.contextmanager
def _lent_snapshot(network: Learning) -> Iterator[_core.Snapshot]:
    """Lend a snapshot whose memory the network keeps: a new one would take longer than the copy."""
    snapshot = network.__dict__.pop("_spare_snapshot", None) or network._snapshot()
    try:
        yield snapshot
    finally:
        network.__dict__["_spare_snapshot"] = snapshot


def fit(
    network: Learning,
    examples: Examples,
    validation: Examples | None,
    loss: _core.Formula | OwnLoss,
    optimizer: _core.Formula | None,
    *,
    epochs: int,
    batch_size: int | None,
    chosen: list[metrics.AnyMetric],
    shuffle: bool,
    schedule: object,
    clip_value: float,
    clip_norm: float,
    l1: float,
    l2: float,
    accumulate: int,
    ema: float,
    callbacks: Iterable[Callback],
    verbose: int | str,
) -> History:
    """Train on examples that have been checked."""
    own = as_list("callbacks", callbacks)
    for callback in own:
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks: expected chainrule.Callback objects, got {shown(callback)}"
            )
        check_hooks(callback)
        if sum(other is callback for other in own) > 1:
            raise ValueError(f"callbacks: expected each object once, got {callback!r} again")
    progress = progress_callback(verbose)
    return _Fit(
        network=network,
        training=examples,
        validation=validation,
        loss=loss,
        optimizer=optimizer,
        metrics=chosen,
        epochs=as_count("epochs", epochs),
        batch_size=None
        if batch_size is None
        else min(as_count("batch_size", batch_size), examples.x.shape[0]),
        shuffle=shuffle,
        schedule=None if schedule is None else schedules.get(schedule),
        clip_value=clip_value,
        clip_norm=clip_norm,
        l1=l1,
        l2=l2,
        accumulate=min(as_count("accumulate", accumulate), examples.x.shape[0]),
        ema=ema,
        callbacks=[*own, progress] if progress else own,
    ).run()
