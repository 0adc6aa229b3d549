"""Does no run leave the finite numbers unnoticed, and is the last good network there afterwards?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr

LARGEST = {"float32": 3e38, "float64": 1e308}
TOO_LARGE = {"float32": 1e37, "float64": 1e300}  # a rate


def data(rng: np.random.Generator, dtype: str, d: int = 64) -> tuple[Any, Any]:
    x = cases.inputs(rng, d, 4, dtype)
    return x, x.sum(axis=1, keepdims=True)


def diverging(dtype: str) -> cr.Network:
    return cr.mlp([4, 8, 1], "relu", dtype=dtype, seed=0)


@pytest.mark.parametrize("optimizer", cases.ELEMENTWISE)
def test_a_rate_far_too_large(optimizer: str, dtype: str, rng: np.random.Generator) -> None:
    net, (x, y) = diverging(dtype), data(rng, dtype)
    cls, rate = cases.CLASSES["optimizers"][optimizer], TOO_LARGE[dtype]
    # Where steps have a limit of their own, it is too large as well.
    made = cls(rate, **{"step_sizes": (1.0, rate)} if "step_sizes" in cases.fields(cls) else {})
    before = cases.parameters(net)
    with pytest.raises(cr.DivergenceError, match="training diverged in step") as caught:
        net.fit(x, y, epochs=5, batch_size=16, optimizer=made, verbose=0)
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert error.epoch == 1
    assert 1 <= error.step <= 4
    assert error.layer in (1, 2)
    assert error.learning_rate == made.learning_rate
    assert [p.tobytes() for p in cases.parameters(net)] == [p.tobytes() for p in before]
    assert np.isfinite(net.predict(x)).all()
    assert not net.history.history.get("loss")


GIVEN: dict[str, Any] = {"batch_size": 16, "optimizer": cr.Adam(0.01), "verbose": 0}


class RaiseRate(cr.Callback):
    """Plants a divergence in the epoch after the first two, and keeps the last good network."""

    def __init__(self, rate: float) -> None:
        self.rate, self.good = rate, b""

    def on_epoch_end(self, run: Any) -> None:
        self.good = cases.state(run.network)
        if run.epoch == 2:
            run.learning_rate = self.rate


def test_the_last_finite_end_of_an_epoch_is_restored(dtype: str, rng: np.random.Generator) -> None:
    net, (x, y) = diverging(dtype), data(rng, dtype)
    plant = RaiseRate(TOO_LARGE[dtype])
    with pytest.raises(cr.DivergenceError) as caught:
        net.fit(x, y, epochs=5, callbacks=[plant], **GIVEN)
    assert caught.value.epoch == 3
    assert 9 <= caught.value.step <= 12
    assert caught.value.learning_rate == plant.rate
    # Parameters, optimiser state and counters.
    assert cases.state(net) == plant.good
    assert len(net.history["loss"]) == 2
    # And training goes on from there as if nothing had happened.
    twin = diverging(dtype)
    twin.fit(x, y, epochs=2, **GIVEN)
    for trained in (net, twin):
        trained.fit(x, y, **GIVEN)
    assert cases.state(net) == cases.state(twin)


def test_parameters_that_overflow_in_the_last_update(dtype: str) -> None:
    # J of the only batch is finite; the update is what overflows.
    net = cr.mlp([1, 1], dtype=dtype, seed=0)
    net.set_weights([[[1.0]]], [[0.0]])
    with pytest.raises(cr.DivergenceError) as caught:
        net.fit([[1e3]], [0.0], optimizer=cr.SGD(LARGEST[dtype]), verbose=0)
    assert (caught.value.layer, caught.value.epoch, caught.value.step) == (1, 1, 1)
    assert net.weights[0] == 1.0
    assert net.biases[0] == 0.0


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_the_layer_is_named(layer: int, dtype: str) -> None:
    net = cr.mlp([1, 1, 1, 1], "identity", dtype=dtype, seed=0)
    weights = [np.ones((1, 1)) for _ in range(3)]
    weights[layer - 1][...] = LARGEST[dtype]
    net.set_weights(weights)
    before = cases.bits(net)
    with pytest.raises(cr.DivergenceError) as caught:
        net.train_step([[1e3]], [0.0], optimizer=cr.SGD(0.5))
    assert caught.value.layer == layer
    assert caught.value.epoch == 0
    assert caught.value.step == 1
    assert caught.value.learning_rate == 0.5
    assert "at layer" in str(caught.value)
    assert cases.bits(net) == before
    with pytest.raises(cr.DivergenceError) as caught:
        net.train_step([[1e3]], [0.0], learning_rate=0.25)
    assert caught.value.learning_rate == 0.25


def test_a_loss_that_overflows_is_layer_L(dtype: str) -> None:
    # Every Z is finite, the square of the difference is not.
    net = cr.mlp([1, 1, 1], "identity", dtype=dtype, seed=0)
    net.set_weights([[[1.0]], [[np.sqrt(LARGEST[dtype])]]])
    before = cases.bits(net)
    with pytest.raises(cr.DivergenceError) as caught:
        net.train_step([[100.0]], [0.0])
    assert caught.value.layer == 2
    assert cases.bits(net) == before


def test_a_step_that_diverged_is_no_update(dtype: str) -> None:
    net = cr.mlp([1, 1], dtype=dtype, seed=0)
    net.set_weights([[[1.0]]])
    net.train_step([[1.0]], [0.0], optimizer="sgd")
    before, weights = cases.state(net), net.weights
    net.set_weights([[[LARGEST[dtype]]]])
    with pytest.raises(cr.DivergenceError) as caught:
        net.train_step([[1e3]], [0.0])
    assert caught.value.step == 2
    net.set_weights(weights)
    twin = cr.from_bytes(before)
    for trained in (net, twin):
        trained.train_step([[1.0]], [0.0])
    assert cases.bits(net) == cases.bits(twin)
