"""What does a call learn from or measure on? Validated examples, their loss and their metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import _core, metrics
from chainrule._arrays import (
    Array,
    as_inputs,
    as_numbers,
    as_own_targets,
    as_targets,
    as_weights,
    at_least_one,
    check_mean,
)
from chainrule._names import as_formula
from chainrule._own_loss import OwnLoss, in_usual_form, own_loss_of, weighted_mean
from chainrule._weights import of_known, weights_by_class, without_nan
from chainrule.metrics._base import Metric, Targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass
class Examples:
    """Validated data: x (d, n), y (d, k) or classes (d,), weights None, (d,) or (d, k).

    Weights are 0 where targets are `missing`; those of classes are for the training loss alone.
    The y of an own loss is as that takes it, `usual` in the form in which the library's losses and
    metrics do, if it can be brought into it: its kind is "other" if not.
    """

    x: Array
    y: Array
    weights: NDArray[np.float64] | None = None
    missing: Array | None = None
    by_class: NDArray[np.float64] | None = None
    kind: str = "numbers"
    usual: Array | None = None

    @property
    def loss_weights(self) -> NDArray[np.float64] | None:
        """Weights of the examples times those of their classes."""
        if self.by_class is None or self.weights is None:
            return self.weights if self.by_class is None else self.by_class
        by_class = self.by_class if self.weights.ndim == 1 else self.by_class[:, None]
        return self.weights * by_class

    def rows(self, index: slice | NDArray[np.int64]) -> Examples:
        """Return some of the rows."""
        weights = None if self.weights is None else np.ascontiguousarray(self.weights[index])
        missing = None if self.missing is None else self.missing[index]
        x, y = (np.ascontiguousarray(array[index]) for array in (self.x, self.y))
        usual = None if self.usual is None else np.ascontiguousarray(self.usual[index])
        return Examples(x, y, weights, missing, kind=self.kind, usual=usual)

    @property
    def targets(self) -> Array:
        """The targets in their usual form, (d,) of classes or (d, k), if they have one."""
        return self.y if self.usual is None else self.usual

    def has_one_each(self, n_outputs: int) -> bool:
        """Return whether there is a target for each output, or a class."""
        y = self.targets
        return self.kind != "other" and (y.ndim == 1 or y.shape[1] == n_outputs)


def default_loss(network: _core.Network) -> _core.Formula | None:
    """Return the usual loss of the network's output, None if it has none."""
    name = _core.activations.get(network._output_activation).default_loss
    return None if name is None else _core.losses.get(name)


def checked_loss(given: Any) -> _core.Formula | OwnLoss:
    """Return the loss of a name, an object or a function."""
    if callable(given) and not isinstance(given, type):
        return OwnLoss(given)
    return as_formula("loss", _core.losses, given)


def choose_loss(network: _core.Network, given: object) -> _core.Formula | OwnLoss:
    """Return the loss of a call: the given one, the network's, or the default of its output."""
    if given is not None:
        return checked_loss(given)
    chosen: Any = network._loss or default_loss(network)
    if isinstance(chosen, tuple):
        return own_loss_of(network, *chosen)
    if chosen is None:
        raise ValueError(
            f"loss: expected one, since outputs of {network._output_activation} have no usual "
            f"loss; give loss=..., one of {', '.join(_core.losses.names())}"
        )
    formula: _core.Formula = chosen
    return formula


def check_examples(
    network: _core.Network,
    x: ArrayLike,
    y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    loss: _core.Formula | OwnLoss,
    *,
    names: tuple[str, str, str] = ("x", "y", "sample_weight"),
    ignore_nan_targets: bool = False,
) -> Examples:
    """Return the data of a call as arrays that the core takes."""
    dtype = np.dtype(network.dtype)
    inputs = at_least_one(names[0], as_inputs(names[0], x, network.n_features, dtype))
    n_examples = inputs.shape[0]
    kind, n_targets, averages_outputs = "other", 0, False
    if not isinstance(loss, OwnLoss):
        kind, n_targets, averages_outputs = network._loss_form(loss)
    missing: Array | None = None
    if ignore_nan_targets:
        given = as_numbers(names[1], y)
        y, missing = without_nan(names[1], given, kind, by_row=not averages_outputs)
    usual: Array | None = None
    if isinstance(loss, OwnLoss):
        targets = as_own_targets(names[1], y, n_examples, dtype)
        usual, kind = in_usual_form(
            targets, network.n_outputs, network._output_activation, network.dtype
        )
    else:
        targets = as_targets(names[1], y, n_examples, n_targets, dtype, kind=kind)
    weights = as_weights(
        names[2],
        sample_weight,
        n_examples,
        n_targets,
        per_output=averages_outputs,
    )
    if missing is not None:
        weights = of_known(weights, missing)
    return Examples(inputs, targets, weights, missing, kind=kind, usual=usual)


def weigh_classes(network: _core.Network, training: Examples, class_weight: object) -> None:
    """Give the rows that are trained on the weights of their classes."""
    rows: Array = np.ones(len(training.x), bool)
    if training.missing is not None:
        rows = np.asarray(~training.missing.reshape(len(rows), -1).all(axis=1))
    training.by_class = weights_by_class(
        class_weight, training.targets, training.kind, network.n_outputs, rows
    )
    with np.errstate(over="ignore"):  # refused below
        weights = training.loss_weights
    if weights is None or not weights.any():
        raise ValueError("class_weight: all rows to train on have weight 0")
    check_mean("class_weight", weights)


def _classes_for_split(examples: Examples) -> NDArray[np.int64] | None:
    """Return the classes by which a validation split is stratified, or None."""
    y = examples.targets
    if examples.kind == "other":
        return None
    if y.ndim == 1:
        return y.astype(np.int64, copy=False)
    if y.shape[1] == 1 and bool(np.isin(y, (0, 1)).all()):
        return np.ascontiguousarray(y[:, 0].astype(np.int64))
    return None


def split_examples(
    network: _core.Network, examples: Examples, fraction: float, *, shuffle: bool
) -> tuple[Examples, Examples | None]:
    """Return training and validation rows for ``validation_split``."""
    if fraction == 0:
        return examples, None
    n = examples.x.shape[0]
    chosen: tuple[slice | NDArray[np.int64], slice | NDArray[np.int64]]
    if shuffle:
        chosen = _core.validation_split(n, fraction, _classes_for_split(examples), network.seed)
    else:
        n_training = n - int(np.ceil(fraction * n))
        chosen = slice(0, n_training), slice(n_training, n)
    parts = examples.rows(chosen[0]), examples.rows(chosen[1])
    for part, purpose in zip(parts, ("train on", "validate with"), strict=True):
        if part.x.shape[0] == 0:
            raise ValueError(
                f"validation_split: {fraction} of {n} examples leaves none to {purpose}"
            )
        if part.weights is not None and not part.weights.any():
            raise ValueError(f"sample_weight: all rows to {purpose} after the split have weight 0")
    return parts


def validation_examples(
    network: _core.Network,
    data: Sequence[Any],
    loss: _core.Formula | OwnLoss,
    *,
    ignore_nan_targets: bool,
) -> Examples:
    """Return ``validation_data`` as examples."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        got = f"{len(data)} of them" if isinstance(data, tuple | list) else type(data).__name__
        raise TypeError(f"validation_data: expected (x, y) or (x, y, sample_weight), got {got}")
    weights = data[2] if len(data) == 3 else None
    names = ("validation_data x", "validation_data y", "validation_data sample_weight")
    return check_examples(
        network,
        data[0],
        data[1],
        weights,
        loss,
        names=names,
        ignore_nan_targets=ignore_nan_targets,
    )


def targets_of(network: _core.Network, examples: Examples) -> Targets:
    """Return what the network's predictions are measured by."""
    return Targets(
        examples.targets, examples.weights, network.n_outputs, network._output_activation
    )


def choose_metrics(
    network: _core.Network,
    given: Iterable[object] | None,
    examples: Examples,
    validation: Examples | None = None,
) -> list[metrics.AnyMetric]:
    """Return the metrics of a call, by default accuracy for classifiers, if they can be used."""
    output = network._output_activation
    targets = [targets_of(network, e) for e in (examples, validation) if e is not None]
    one_each = examples.has_one_each(network.n_outputs)
    if given is None:
        binary = output == "sigmoid" and one_each and targets[0].are_binary()
        by_class = output in ("softmax", "log_softmax") and one_each
        return [metrics.Accuracy()] if by_class or binary else []
    chosen = metrics.get_all(given)
    for metric in chosen:
        if isinstance(metric, Metric) and not one_each:
            raise ValueError(
                f"metrics: {metric.name} needs a target for each output, got y of shape "
                f"{examples.y.shape} for {network.n_outputs}; give a function of your own"
            )
        for each in targets:
            metric._check(each)
    return chosen


def evaluate_examples(
    network: _core.Network,
    examples: Examples,
    loss: _core.Formula | OwnLoss,
    chosen: Sequence[metrics.AnyMetric],
    prefix: str = "",
    *,
    seconds_at_a_time: float = math.inf,
) -> dict[str, float]:
    """Return loss and metrics over a whole set, looking at signals after so many seconds."""
    n_examples = examples.x.shape[0]
    predictions = np.empty((n_examples, network.n_outputs), network.dtype) if chosen else None
    if isinstance(loss, OwnLoss):
        losses = loss.of_examples(network, examples.x, examples.y, predictions)
        mean = weighted_mean(losses, examples.weights)
    else:
        sums = (0, 0.0, 0.0)
        while sums[0] < n_examples:
            sums = network._evaluate(
                examples.x, examples.y, loss, examples.weights, predictions, sums, seconds_at_a_time
            )
        mean = sums[1] / sums[2]
    values = {f"{prefix}loss": mean}
    targets = targets_of(network, examples)
    for metric in chosen:
        assert predictions is not None
        values[f"{prefix}{metric.name}"] = metric._measure(predictions, targets)
    return values
