"""
The compiled core of chainrule. Private: use the package chainrule.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import os
import typing
import typing_extensions
from . import activations
from . import losses
from . import optimizers
from . import initializers
from . import schedules
__all__: list = ['ModelFileError', 'Formula', 'activations', 'losses', 'optimizers', 'initializers', 'check_name', 'Snapshot', 'Gradients', 'TrainingRun', 'Network', 'plain_step', 'plain_network_predict', 'Predictor', 'plain_predict', 'plain_predict_one', 'set_num_threads', 'get_num_threads', 'thread_notice', 'isa', 'available_isas', 'isa_notice', 'compiler', 'version', 'path_counters', 'reset_path_counters', 'break_isa', 'set_wait_for_all_workers', 'all_finite', 'metric_accuracy', 'validation_split', 'schedules']
class ModelFileError(ValueError):
    pass
class Formula:
    """
    What activations, losses, optimisers and initialisers have in common: immutable descriptions, compared by value.
    """
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __reduce__(self) -> tuple:
        ...
    def __repr__(self) -> str:
        ...
    def describe(self) -> dict:
        """
        The name and the fields, as files hold them.
        """
    @property
    def name(self) -> str:
        """
        The string that stands for it.
        """
class Snapshot:
    """
    Parameters, optimiser state and counters at one moment.
    """
    def __reduce__(self) -> typing.Any:
        ...
class Gradients:
    """
    Gradients of all parameters for one batch.
    """
    def __reduce__(self) -> typing.Any:
        ...
    def inputs(self) -> numpy.ndarray:
        ...
    def tensors(self) -> dict:
        ...
    @property
    def flat(self) -> numpy.ndarray:
        ...
    @property
    def loss(self) -> float:
        ...
    @property
    def norm(self) -> float:
        ...
    @property
    def weight_sum(self) -> float:
        ...
class TrainingRun:
    """
    A fit under way, epoch by epoch.
    """
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __reduce__(self) -> typing.Any:
        ...
    def begin_epoch(self, factors: numpy.ndarray | None = None) -> None:
        ...
    def close(self) -> None:
        ...
    def end_epoch(self) -> None:
        ...
    def run(self, max_updates: typing.SupportsInt | typing.SupportsIndex, max_seconds: typing.SupportsFloat | typing.SupportsIndex, learning_rate: typing.SupportsFloat | typing.SupportsIndex) -> int:
        ...
    def show_averages(self) -> None:
        ...
    @property
    def diverged(self) -> bool:
        ...
    @property
    def epoch_loss(self) -> float:
        ...
    @property
    def last_loss(self) -> float:
        ...
    @property
    def n_updates(self) -> int:
        ...
    @property
    def predictions(self) -> typing.Any:
        ...
    @property
    def updates_done(self) -> int:
        ...
class Network:
    """
    The compiled core behind chainrule.Network.
    """
    @staticmethod
    def __new__(type, *args, **kwargs):
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __reduce__(self) -> typing.Any:
        ...
    def _apply(self, gradients: Gradients, optimizer: Formula | None, learning_rate: typing.SupportsFloat | typing.SupportsIndex | None, clip_value: typing.SupportsFloat | typing.SupportsIndex, clip_norm: typing.SupportsFloat | typing.SupportsIndex, l1: typing.SupportsFloat | typing.SupportsIndex, l2: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    def _backward(self, dA: numpy.ndarray) -> Gradients:
        ...
    def _build(self, description: dict, arrays: dict) -> None:
        ...
    def _copy(self) -> typing.Any:
        ...
    def _description(self) -> dict:
        ...
    def _evaluate(self, x: numpy.ndarray, y: numpy.ndarray, loss: Formula, weights: typing.Any = None, predictions: numpy.ndarray | None = None, before: tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex, typing.SupportsFloat | typing.SupportsIndex] = (0, 0.0, 0.0), max_seconds: typing.SupportsFloat | typing.SupportsIndex = ...) -> tuple[int, float, float]:
        """
        Rows, sum of w l and sum of w, where w has the mean 1, going on from those of an earlier call that ended early.
        """
    def _example_losses(self, x: numpy.ndarray, y: numpy.ndarray, loss: Formula) -> numpy.ndarray:
        ...
    def _first_nonfinite_layer(self) -> int:
        ...
    def _first_nonfinite_parameters(self) -> int:
        """
        The number l = 1..L of the first layer with a parameter that is not finite; 0 if there is none.
        """
    def _forward(self, x: numpy.ndarray, out: numpy.ndarray, training: bool) -> None:
        ...
    def _from_bytes(self, bytes: typing_extensions.Buffer) -> None:
        ...
    def _gradients(self, x: numpy.ndarray, y: numpy.ndarray, loss: typing.Any, weights: typing.Any, training: bool) -> Gradients:
        ...
    def _initialize(self, seed: typing.SupportsInt | typing.SupportsIndex, arrays: dict, x: numpy.ndarray | None) -> None:
        """
        Draw all parameters; those that wait for data are scaled by the rows of `x`.
        """
    def _keep_own_loss(self, loss: typing.Any) -> None:
        ...
    def _load(self, path: os.PathLike | str | bytes) -> None:
        ...
    def _loss_form(self, loss: Formula) -> tuple[str, int, bool]:
        """
        The kind of targets that a loss takes here, how many of them for an example, and whether it averages over outputs.
        """
    def _penalty(self, l1: typing.SupportsFloat | typing.SupportsIndex, l2: typing.SupportsFloat | typing.SupportsIndex) -> float | None:
        """
        What the weights cost beside J, with what a call adds; None if nothing is penalised.
        """
    def _predict(self, x: numpy.ndarray, out: numpy.ndarray) -> None:
        ...
    def _reset_optimizer(self) -> None:
        ...
    def _restore(self, snapshot: Snapshot) -> None:
        ...
    def _save(self, path: os.PathLike | str | bytes, optimizer: bool) -> None:
        ...
    def _set_seed(self, seed: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def _set_state(self, description: str, tensors: dict) -> None:
        ...
    def _set_tensors(self, tensors: dict) -> None:
        """
        Replace the parameters that are given.
        """
    def _set_trainable(self, layer: typing.SupportsInt | typing.SupportsIndex, trainable: bool) -> None:
        ...
    def _snapshot(self) -> Snapshot:
        ...
    def _snapshot_into(self, snapshot: Snapshot) -> None:
        """
        Take a snapshot into the memory of an earlier one.
        """
    def _stage_activations(self) -> list[str]:
        """
        What follows the weights of each layer l = 1..L: the name of f, or of several as 'relu, tanh'.
        """
    def _start_training(self, x: numpy.ndarray, y: numpy.ndarray, loss: typing.Any, optimizer: Formula | None, weights: typing.Any, batch_size: typing.SupportsInt | typing.SupportsIndex | None, shuffle: bool, keep_predictions: bool, clip_value: typing.SupportsFloat | typing.SupportsIndex, clip_norm: typing.SupportsFloat | typing.SupportsIndex, l1: typing.SupportsFloat | typing.SupportsIndex, l2: typing.SupportsFloat | typing.SupportsIndex, accumulate: typing.SupportsInt | typing.SupportsIndex, ema: typing.SupportsFloat | typing.SupportsIndex, before: typing.Any) -> TrainingRun:
        """
        Begin a fit; `before` gets the state before it, which comes back if it comes to no update.
        """
    def _state(self) -> dict:
        ...
    def _statistics(self) -> dict:
        ...
    def _tensors(self) -> dict:
        ...
    def _to_bytes(self, optimizer: bool) -> bytes:
        ...
    def _trace(self, x: numpy.ndarray, y: numpy.ndarray, loss: typing.Any, learning_rate: typing.SupportsFloat | typing.SupportsIndex, training: bool) -> dict:
        ...
    def _train_step(self, x: numpy.ndarray, y: numpy.ndarray, loss: typing.Any, optimizer: Formula | None, weights: typing.Any, learning_rate: typing.SupportsFloat | typing.SupportsIndex | None, clip_value: typing.SupportsFloat | typing.SupportsIndex, clip_norm: typing.SupportsFloat | typing.SupportsIndex, l1: typing.SupportsFloat | typing.SupportsIndex, l2: typing.SupportsFloat | typing.SupportsIndex) -> float:
        ...
    def _trainable(self, layer: typing.SupportsInt | typing.SupportsIndex) -> bool:
        """
        Whether training changes a Dense layer, by its position.
        """
    @property
    def _epochs(self) -> int:
        ...
    @property
    def _loss(self) -> typing.Any:
        """
        A formula, or name and number of the caller's own function; None if none was given.
        """
    @property
    def _n_threads(self) -> int | None:
        ...
    @_n_threads.setter
    def _n_threads(self, arg1: typing.SupportsInt | typing.SupportsIndex | None) -> None:
        ...
    @property
    def _optimizer(self) -> typing.Any:
        ...
    @property
    def _output_activation(self) -> str:
        """
        The name of the last activation, of which the default loss depends.
        """
    @property
    def _updates(self) -> int:
        ...
    @property
    def dtype(self) -> str:
        """
        The dtype of parameters and outputs, "float32" or "float64".
        """
    @property
    def n_features(self) -> int:
        """
        Number of features n of an example.
        """
    @property
    def n_outputs(self) -> int:
        """
        Number of outputs m.
        """
    @property
    def n_parameters(self) -> int:
        """
        Number of all parameters: weights, biases, slopes, factors.
        """
    @property
    def seed(self) -> int:
        """
        The seed of everything random.
        """
class Predictor:
    """
    The compiled core behind chainrule.Predictor.
    """
    def __init__(self, network: Network) -> None:
        ...
    def __reduce__(self) -> typing.Any:
        ...
    def _predict(self, x: numpy.ndarray, out: numpy.ndarray) -> None:
        ...
    def _update(self, network: Network) -> None:
        ...
    @property
    def dtype(self) -> str:
        """
        The dtype of parameters and outputs, "float32" or "float64".
        """
    @property
    def n_features(self) -> int:
        """
        Number of features n of an example.
        """
    @property
    def n_outputs(self) -> int:
        """
        Number of outputs m.
        """
@typing.overload
def all_finite(array: numpy.typing.NDArray[numpy.float32]) -> bool:
    ...
@typing.overload
def all_finite(array: numpy.typing.NDArray[numpy.float64]) -> bool:
    ...
def available_isas() -> list[str]:
    ...
def break_isa(name: str) -> None:
    ...
def check_name(family: str, name: str, known: collections.abc.Sequence[str]) -> None:
    ...
def compiler() -> str:
    ...
def get_num_threads() -> int:
    ...
def isa() -> str:
    ...
def isa_notice() -> str | None:
    ...
def metric_accuracy(predictions: numpy.ndarray, y: numpy.ndarray, weights: numpy.ndarray | None = None, by_entry: bool = False) -> float:
    ...
def path_counters() -> dict:
    ...
def plain_network_predict(slow: collections.abc.Callable) -> typing.Any:
    """
    Network.predict, likewise.
    """
def plain_predict(slow: collections.abc.Callable) -> typing.Any:
    """
    Predictor.predict, whose plain calls the core answers at once.
    """
def plain_predict_one(slow: collections.abc.Callable) -> typing.Any:
    """
    Predictor.predict_one, likewise.
    """
def plain_step(slow: collections.abc.Callable) -> typing.Any:
    """
    Network.train_step, whose plain calls the core answers at once.
    """
def reset_path_counters() -> None:
    ...
def set_num_threads(n: typing.SupportsInt | typing.SupportsIndex) -> None:
    ...
def set_wait_for_all_workers(wait: bool) -> None:
    ...
def thread_notice() -> str | None:
    ...
def validation_split(n: typing.SupportsInt | typing.SupportsIndex, fraction: typing.SupportsFloat | typing.SupportsIndex, classes: numpy.ndarray | None, seed: typing.SupportsInt | typing.SupportsIndex) -> tuple[numpy.typing.NDArray[numpy.int64], numpy.typing.NDArray[numpy.int64]]:
    ...
def version() -> str:
    ...
