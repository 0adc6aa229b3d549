"""How is a network trained? The epoch loop: epochs, order, validation, callbacks, history."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import _core, metrics
from chainrule._arrays import Array, as_inputs, as_targets, as_weights, at_least_one
from chainrule.callbacks import Callback, Run, wants_batches
from chainrule.errors import DivergenceError
from chainrule.history import History
from chainrule.progress import progress_callback

if TYPE_CHECKING:
    from chainrule.network import Network

# Python looks at signals this often, so that Ctrl-C is answered well within 0.2 s.
_GROUP_SECONDS = 0.05


@dataclass
class Examples:
    """Validated data: x (d, n), y (d, m) or classes (d,), weights None, (d,) or (d, m)."""

    x: Array
    y: Array
    weights: NDArray[np.float64] | None = None

    def rows(self, index: slice | NDArray[np.int64]) -> Examples:
        """Return some of the rows."""
        weights = None if self.weights is None else np.ascontiguousarray(self.weights[index])
        return Examples(np.ascontiguousarray(self.x[index]), np.ascontiguousarray(self.y[index]), weights)


def check_examples(
    network: Network,
    x: ArrayLike,
    y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    loss: Any,
    *,
    names: tuple[str, str, str] = ("x", "y", "sample_weight"),
) -> Examples:
    """Return the data of a call as arrays that the core takes."""
    dtype = np.dtype(network.dtype)
    inputs = at_least_one(names[0], as_inputs(names[0], x, network.n_features, dtype))
    n_examples = inputs.shape[0]
    targets = as_targets(
        names[1], y, n_examples, network.n_outputs, dtype, takes_classes=bool(loss.takes_classes)
    )
    weights = as_weights(
        names[2], sample_weight, n_examples, network.n_outputs, per_output=bool(loss.averages_outputs)
    )
    return Examples(inputs, targets, weights)


def count(name: str, value: object, *, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected at least {least}, got {value}")
    return int(value)


def _classes_for_split(y: Array) -> NDArray[np.int64] | None:
    """Return the classes by which a validation split is stratified, or None."""
    if y.ndim == 1:
        return y.astype(np.int64, copy=False)
    if y.shape[1] == 1 and bool(np.isin(y, (0, 1)).all()):
        return np.ascontiguousarray(y[:, 0].astype(np.int64))
    return None


def split_examples(
    network: Network, examples: Examples, fraction: float, *, shuffle: bool
) -> tuple[Examples, Examples | None]:
    """Return training and validation rows for ``validation_split``."""
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_split: expected a number in [0, 1), got {fraction}")
    if fraction == 0:
        return examples, None
    n = examples.x.shape[0]
    if shuffle:
        training, validation = _core.validation_split(n, fraction, _classes_for_split(examples.y), network.seed)
        return examples.rows(training), examples.rows(validation)
    n_training = n - int(np.ceil(fraction * n))
    if n_training < 1:
        raise ValueError(f"validation_split: {fraction} of {n} examples leaves none to train on")
    return examples.rows(slice(0, n_training)), examples.rows(slice(n_training, n))


def validation_examples(network: Network, data: Sequence[Any], loss: Any) -> Examples:
    """Return ``validation_data`` as examples."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise TypeError("validation_data: expected (x, y) or (x, y, sample_weight)")
    weights = data[2] if len(data) == 3 else None
    names = ("validation_data x", "validation_data y", "validation_data sample_weight")
    return check_examples(network, data[0], data[1], weights, loss, names=names)


def is_by_entry(network: Network) -> bool:
    """Return whether every output is a decision of its own: sigmoid outputs."""
    return network._output_activation().name == "sigmoid"


def choose_metrics(network: Network, given: Iterable[object] | None, y: Array) -> list[metrics.Metric]:
    """Return the metrics of a call: by default accuracy for classifiers."""
    if given is not None:
        return metrics.get_all(given)
    name = network._output_activation().name
    binary = name == "sigmoid" and bool(np.isin(y, (0, 1)).all())
    return [metrics.Accuracy()] if name == "softmax" or binary else []


def evaluate_examples(
    network: Network, examples: Examples, loss: Any, chosen: Sequence[metrics.Metric], prefix: str = ""
) -> dict[str, float]:
    """Return loss and metrics over a whole set."""
    predictions = (
        np.empty((examples.x.shape[0], network.n_outputs), network.dtype) if chosen else None
    )
    loss_sum, weight_sum = network._evaluate(examples.x, examples.y, loss, examples.weights, predictions)
    values = {f"{prefix}loss": loss_sum / weight_sum}
    for metric in chosen:
        assert predictions is not None
        values[f"{prefix}{metric.name}"] = metric(
            predictions, examples.y, examples.weights, by_entry=is_by_entry(network)
        )
    return values


@dataclass
class _Fit:
    """One call of ``fit``, with everything checked."""

    network: Network
    training: Examples
    validation: Examples | None
    loss: Any
    metrics: list[metrics.Metric]
    epochs: int
    batch_size: int
    shuffle: bool
    callbacks: list[Callback]

    def run(self) -> History:
        """Train, and return the history of this call."""
        network = self.network
        names = ["loss", *(metric.name for metric in self.metrics)]
        keys = (*names, *(f"val_{name}" for name in names if self.validation), "learning_rate", "seconds")
        optimizer: Any = network.optimizer
        run = Run(network, self.epochs, History(), keys, float(optimizer.learning_rate))
        core = network._start_training(
            self.training.x,
            self.training.y,
            self.loss,
            self.training.weights,
            self.batch_size,
            self.shuffle,
            bool(self.metrics),
        )
        with core:
            begun: list[Callback] = []
            try:
                for callback in self.callbacks:
                    begun.append(callback)
                    callback.on_train_begin(run)
                self._epochs(run, core)
            finally:
                for callback in begun:
                    callback.on_train_end(run)
        return run.history

    def _epochs(self, run: Run, core: _core.TrainingRun) -> None:
        while run.epoch < self.epochs and run.stop_reason is None:
            last_good = self.network._snapshot()
            run.epoch += 1
            self._call("on_epoch_begin", run)
            start = time.perf_counter()
            learning_rate = run.learning_rate
            core.begin_epoch()
            self._batches(run, core, last_good)
            if core.batches_done < core.n_batches:
                return  # stopped inside the epoch
            layer = self.network._first_nonfinite_parameters()
            if layer:
                self._diverged(run, last_good, layer)
            core.end_epoch()
            run.logs = self._values(core) | {
                "learning_rate": learning_rate,
                "seconds": time.perf_counter() - start,
            }
            run.history.add(run.logs)
            self.network.history.add(run.logs)
            self._call("on_epoch_end", run)

    def _batches(self, run: Run, core: _core.TrainingRun, last_good: _core.Snapshot) -> None:
        one_by_one = any(wants_batches(callback) for callback in self.callbacks)
        while core.batches_done < core.n_batches and run.stop_reason is None:
            if one_by_one:
                run.step += 1
                self._call("on_batch_begin", run)
                core.run(1, 0.0, run.learning_rate)
            else:
                run.step += core.run(0, _GROUP_SECONDS, run.learning_rate)
            if core.diverged:
                self._diverged(run, last_good, self.network._first_nonfinite_layer())
            if one_by_one:
                run.logs = {"loss": core.last_loss}
                self._call("on_batch_end", run)

    def _diverged(self, run: Run, last_good: _core.Snapshot, layer: int) -> None:
        self.network._restore(last_good)
        raise DivergenceError(step=run.step, epoch=run.epoch, layer=layer, learning_rate=run.learning_rate)

    def _values(self, core: _core.TrainingRun) -> dict[str, float]:
        values = {"loss": core.epoch_loss}
        for metric in self.metrics:
            values[metric.name] = metric(
                core.predictions, self.training.y, self.training.weights, by_entry=is_by_entry(self.network)
            )
        if self.validation is not None:
            values |= evaluate_examples(self.network, self.validation, self.loss, self.metrics, "val_")
        return values

    def _call(self, hook: str, run: Run) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(run)


def fit(
    network: Network,
    examples: Examples,
    validation: Examples | None,
    loss: Any,
    *,
    epochs: int,
    batch_size: int | None,
    chosen: list[metrics.Metric],
    shuffle: bool,
    callbacks: Iterable[Callback],
    verbose: int | str,
) -> History:
    """Train on validated data."""
    own = list(callbacks)
    for callback in own:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks: expected chainrule.Callback objects, got {callback!r}")
    progress = progress_callback(verbose)
    return _Fit(
        network=network,
        training=examples,
        validation=validation,
        loss=loss,
        metrics=chosen,
        epochs=count("epochs", epochs),
        batch_size=count("batch_size", 128 if batch_size is None else batch_size),
        shuffle=bool(shuffle),
        callbacks=[*own, progress] if progress else own,
    ).run()
