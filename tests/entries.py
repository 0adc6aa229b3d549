"""Where does the library take data? Every such place, what is right there, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr
from helpers import state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

D, N, M = 6, 3, 2


def _matrix(columns: int, salt: int) -> np.ndarray:
    """Numbers that each dtype holds exactly, no two rows or columns alike."""
    return np.random.default_rng(salt).integers(1, 30, (D, columns)).astype(np.float64)


X, Y = _matrix(N, 1), _matrix(M, 2)
WEIGHTS = np.arange(1.0, D + 1)


@dataclass(frozen=True)
class Entry:
    """A place that takes data: the name in messages, what is right there, and the call."""

    argument: str
    good: np.ndarray
    call: Callable[[cr.Network, Any], Any]
    output: str = "identity"

    def network(self, dtype: str = "float32") -> cr.Network:
        return cr.mlp([N, 4, M], output=self.output, dtype=dtype, seed=3)


def _backward(net: cr.Network, value: Any) -> cr.Gradients:
    net.forward(X, training=True)
    return net.backward(value)


ENTRIES = {
    "fit x": Entry("x", X, lambda net, v: net.fit(v, Y, epochs=2, batch_size=4)),
    "fit y": Entry("y", Y, lambda net, v: net.fit(X, v, epochs=2, batch_size=4)),
    "fit sample_weight": Entry(
        "sample_weight", WEIGHTS, lambda net, v: net.fit(X, Y, sample_weight=v)
    ),
    "fit validation x": Entry(
        "validation_data x", X, lambda net, v: net.fit(X, Y, validation_data=(v, Y))
    ),
    "fit validation y": Entry(
        "validation_data y", Y, lambda net, v: net.fit(X, Y, validation_data=(X, v))
    ),
    "fit validation sample_weight": Entry(
        "validation_data sample_weight",
        WEIGHTS,
        lambda net, v: net.fit(X, Y, validation_data=(X, Y, v)),
    ),
    "train_step x": Entry("x", X, lambda net, v: net.train_step(v, Y)),
    "train_step y": Entry("y", Y, lambda net, v: net.train_step(X, v)),
    "train_step sample_weight": Entry(
        "sample_weight", WEIGHTS, lambda net, v: net.train_step(X, Y, sample_weight=v)
    ),
    "find_learning_rate x": Entry("x", X, lambda net, v: net.find_learning_rate(v, Y, steps=11)),
    "find_learning_rate y": Entry("y", Y, lambda net, v: net.find_learning_rate(X, v, steps=11)),
    "find_learning_rate sample_weight": Entry(
        "sample_weight",
        WEIGHTS,
        lambda net, v: net.find_learning_rate(X, Y, steps=11, sample_weight=v),
    ),
    "evaluate x": Entry("x", X, lambda net, v: net.evaluate(v, Y)),
    "evaluate y": Entry("y", Y, lambda net, v: net.evaluate(X, v)),
    "evaluate sample_weight": Entry(
        "sample_weight", WEIGHTS, lambda net, v: net.evaluate(X, Y, sample_weight=v)
    ),
    "predict": Entry("x", X, lambda net, v: net.predict(v)),
    "predictor": Entry("x", X, lambda net, v: net.predictor().predict(v)),
    "predict_classes": Entry("x", X, lambda net, v: net.predict_classes(v), output="softmax"),
    "gradients x": Entry("x", X, lambda net, v: net.gradients(v, Y)),
    "gradients y": Entry("y", Y, lambda net, v: net.gradients(X, v)),
    "gradients sample_weight": Entry(
        "sample_weight", WEIGHTS, lambda net, v: net.gradients(X, Y, sample_weight=v)
    ),
    "forward": Entry("x", X, lambda net, v: net.forward(v)),
    "backward": Entry("dA", Y, _backward),
    "trace x": Entry("x", X, lambda net, v: net.trace(v, Y)),
    "trace y": Entry("y", Y, lambda net, v: net.trace(X, v)),
    "example_losses x": Entry("x", X, lambda net, v: net.example_losses(v, Y)),
    "example_losses y": Entry("y", Y, lambda net, v: net.example_losses(X, v)),
    "set_weights weights": Entry(
        "weights[1]", _matrix(4, 5)[:M], lambda net, v: net.set_weights([net.weights[0], v])
    ),
    "set_weights biases": Entry(
        "biases[0]", np.arange(4.0), lambda net, v: net.set_weights(net.weights, [v, [1.0, 2.0]])
    ),
}
# Those whose data is converted to the dtype of the network; weights of examples are float64.
ROUNDED = {name: entry for name, entry in ENTRIES.items() if "sample_weight" not in name}


def frozen(result: Any) -> bytes:
    """What a call returned, as bytes."""
    if isinstance(result, np.ndarray):
        return result.tobytes()
    if isinstance(result, cr.Gradients):
        return result.flat.tobytes() + result.inputs.tobytes()
    if isinstance(result, cr.Trace):
        return str(result).encode() + result.dX.tobytes()
    if isinstance(result, cr.LearningRateCurve):
        return result.learning_rates.tobytes() + result.losses.tobytes()
    if isinstance(result, cr.History):
        return repr({k: v for k, v in result.items() if k != "seconds"}).encode()
    return repr(result).encode()


def outcome(entry: Entry, value: Any, dtype: str = "float32") -> bytes:
    """All that a call with `value` returns and leaves in a new network."""
    net = entry.network(dtype)
    result = frozen(entry.call(net, value))
    return result + state_bytes(net)
