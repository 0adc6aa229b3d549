"""Does a fit with `ema` measure, keep and leave the averages of its weights?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers
from chainrule import _testing

if TYPE_CHECKING:
    from pathlib import Path

OPTIMIZERS = cases.ELEMENTWISE
GIVEN: dict[str, Any] = {"batch_size": 8, "optimizer": cr.Adam(0.02), "verbose": 0}


def network(dtype: str, **first: Any) -> cr.Network:
    layers = [cr.Dense(7, "tanh", **first), cr.Dropout(0.25), cr.Dense(3)]
    return cr.Network(4, layers, dtype=dtype, seed=3)


def data(rng: np.random.Generator, dtype: str, d: int = 30) -> tuple[Any, Any]:
    return cases.inputs(rng, d, 4, dtype), cases.inputs(rng, d, 3, dtype)


def fitted(start: cr.Network, x: Any, y: Any, epochs: int, **given: Any) -> cr.Network:
    net = start.copy()
    net.fit(x, y, epochs=epochs, **(GIVEN | given))
    return net


# ---- The averages --------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_averages_are_those_of_the_equation(optimizer: str, rng: np.random.Generator) -> None:
    layers = [cr.Dense(6, "tanh", l2=0.1), cr.Dense(5, trainable=False), cr.Dense(3, max_norm=0.6)]
    net = cr.Network(4, layers, dtype="float64", seed=3)
    x, y = data(rng, "float64")
    twin, means = cases.twin(net), cases.twin(net)
    rule = oracle_optimizers.OPTIMIZERS[optimizer]
    training = oracle.Training(twin, lambda m: rule(learning_rate=0.02 * m))
    penalties, losses = [], []
    for _ in range(5):
        training.update(twin.step(x, y, "mse").gradients)
        means.parameters = oracle.averaged(means.parameters, twin.parameters, 0.75)
        penalties.append(oracle.Training(means, lambda m: rule(learning_rate=m)).penalty())
        losses.append(means.step(x, y, "mse").J)
    made = cases.CLASSES["optimizers"][optimizer](0.02)
    h = net.fit(
        x, y, epochs=5, optimizer=made, ema=0.75, shuffle=False, validation_data=(x, y), verbose=0
    )
    cases.all_close(cases.parameters(net), means.parameters, [1e-10] * 6)
    cases.close(h["penalty"], penalties, 1e-9)
    cases.close(h["val_loss"], losses, 1e-9)


def test_the_weights_that_are_trained_are_those_without_averages(
    dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    start = network(dtype)
    seen: dict[str, list[bytes]] = {"plain": [], "averaged": []}

    def fit(key: str, **given: Any) -> cr.History:
        see = cr.LambdaCallback(on_batch_end=lambda run: seen[key].append(cases.bits(run.network)))
        return start.copy().fit(x, y, epochs=3, callbacks=[see], **GIVEN, **given)

    plain, averaged = fit("plain"), fit("averaged", ema=0.9)
    assert seen["plain"] == seen["averaged"]
    assert plain["loss"] == averaged["loss"]


def test_nothing_is_averaged_with_factor_0(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    start = network(dtype)
    plain = cases.state(fitted(start, x, y, 2))
    assert cases.state(fitted(start, x, y, 2, ema=0)) == plain
    assert cases.state(fitted(start, x, y, 2, ema=0.5)) != plain


def test_any_number_of_threads(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 4, 600, dtype), cases.inputs(rng, 4, 601, dtype)
    found = set()
    _testing.set_wait_for_all_workers(True)
    try:
        for n in (1, 2, 3, 7):
            net = cr.mlp([600, 601], dtype=dtype, seed=1)
            net.n_threads = n
            net.fit(x, y, epochs=2, ema=0.9, verbose=0)
            found.add(cases.state(net))
    finally:
        _testing.set_wait_for_all_workers(False)
    assert len(found) == 1


def test_frozen_layers_keep_their_bits(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    start = network(dtype, trainable=False)
    signs = np.array([[-0.0, 1.0, -0.0, 1.0]], dtype)
    start.set_weights([signs * start.weights[0], start.weights[1]], start.biases)
    net = fitted(start, x, y, 3, ema=0.9)
    assert net.weights[0].tobytes() == start.weights[0].tobytes()
    assert net.weights[1].tobytes() != start.weights[1].tobytes()


# ---- Between epochs ------------------------------------------------------------------------------


def test_an_epoch_ends_as_a_fit_that_ends_there(
    dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    x, y = data(rng, dtype)
    x_val, y_val = data(rng, dtype)
    start, given = network(dtype), {"ema": 0.8, "validation_data": (x_val, y_val)}
    states: dict[str, list[bytes]] = {"begin": [], "end": []}
    look = cr.LambdaCallback(
        on_epoch_begin=lambda run: states["begin"].append(cases.bits(run.network)),
        on_epoch_end=lambda run: states["end"].append(cases.bits(run.network)),
    )
    keep = cr.ModelCheckpoint(tmp_path / "{epoch}.safetensors", optimizer=True)
    net = start.copy()
    h = net.fit(x, y, epochs=4, callbacks=[look, keep], **GIVEN, **given)
    for epoch in range(1, 5):
        alone = fitted(start, x, y, epoch, **given)
        assert (tmp_path / f"{epoch}.safetensors").read_bytes() == cases.state(alone)
        assert states["end"][epoch - 1] == cases.bits(alone)
        assert h["val_loss"][epoch - 1] == alone.evaluate(x_val, y_val)["loss"]
    assert states["begin"] == [cases.bits(start), *states["end"][:-1]]
    assert cases.state(net) == cases.state(cr.load(tmp_path / "4.safetensors"))


def test_the_next_fit_begins_with_the_averages(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    first = fitted(network(dtype), x, y, 2, ema=0.8)
    loaded = cr.from_bytes(first.to_bytes(optimizer=True))
    assert cases.state(fitted(first, x, y, 2)) == cases.state(fitted(loaded, x, y, 2))


def test_early_stopping_takes_back_the_best_averages(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    start, given = network(dtype), {"ema": 0.6, "validation_data": data(rng, dtype)}
    net = start.copy()
    stop = cr.EarlyStopping(patience=2)
    h = net.fit(x, y, epochs=60, callbacks=[stop], **(GIVEN | given))
    best = int(np.argmin(h["val_loss"])) + 1
    assert best < h.n_epochs < 60
    assert cases.state(net) == cases.state(fitted(start, x, y, best, **given))


def test_weights_that_a_callback_sets_are_gone_on_from(
    dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    start = network(dtype)
    other = start.copy()
    other.initialize(seed=9)
    found: list[bytes] = []
    change = cr.LambdaCallback(
        on_epoch_end=lambda run: run.network.set_weights(other.weights, other.biases),
        on_batch_begin=lambda run: found.append(cases.bits(run.network)),
    )
    start.fit(x, y, epochs=2, ema=0.8, callbacks=[change], **GIVEN)
    assert found[4] == cases.bits(other)


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin"])
def test_averages_begin_with_weights_that_a_callback_sets(
    hook: str, dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    start, other = network(dtype), network(dtype)
    other.set_weights([2 * w for w in start.weights], start.biases)
    change = cr.LambdaCallback(
        **{hook: lambda run: run.network.set_weights(other.weights, other.biases)}
    )
    net = fitted(start, x, y, 1, ema=0.9, callbacks=[change])
    assert cases.state(net) == cases.state(fitted(other, x, y, 1, ema=0.9))


# ---- Ends ----------------------------------------------------------------------------------------


class Fails(cr.Callback):
    """Raises after some batches, and keeps what the network was then and at the end."""

    def __init__(self, step: int, error: type[BaseException]) -> None:
        self.step, self.error = step, error
        self.steps: list[list[Any]] = []
        self.end = b""

    def on_batch_end(self, run: Any) -> None:
        self.steps.append(cases.parameters(run.network))
        if run.step == self.step:
            raise self.error

    def on_train_end(self, run: Any) -> None:
        self.end = cases.bits(run.network)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_fit_that_is_broken_off_leaves_the_averages(
    error: type[BaseException], rng: np.random.Generator
) -> None:
    x, y = data(rng, "float64")
    net, callback = network("float64"), Fails(6, error)
    means = cases.parameters(net)
    with pytest.raises(error):
        net.fit(x, y, epochs=3, ema=0.75, callbacks=[callback], **GIVEN)
    for w in callback.steps:
        means = oracle.averaged(means, w, 0.75)
    cases.all_close(cases.parameters(net), means, [1e-14] * 4)
    assert callback.end == cases.bits(net)


@pytest.mark.parametrize("epoch", [1, 3])
def test_divergence_gives_back_the_last_averages(
    epoch: int, dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    start, rate = network(dtype), {"float32": 1e30, "float64": 1e250}[dtype]
    explode = cr.LambdaCallback(
        on_epoch_begin=lambda run: setattr(
            run, "learning_rate", rate if run.epoch == epoch else 0.01
        )
    )
    given: dict[str, Any] = {"ema": 0.8, "optimizer": cr.SGD(0.01)}
    net = start.copy()
    with pytest.raises(cr.DivergenceError) as raised:
        net.fit(x, y, epochs=5, callbacks=[explode], **(GIVEN | given))
    assert raised.value.epoch == epoch
    good = start if epoch == 1 else fitted(start, x, y, epoch - 1, **given)
    assert cases.state(net) == cases.state(good)


# ---- Wrong use -----------------------------------------------------------------------------------


def test_wrong_factors_are_refused(rng: np.random.Generator) -> None:
    net, (x, y) = network("float32"), data(rng, "float32")
    before = cases.state(net)
    for value in (1, 1.0, -0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"ema: expected a number in \[0, 1\)"):
            net.fit(x, y, ema=value)
    for odd in ("0.9", True, [0.9]):
        with pytest.raises(TypeError, match=r"ema: expected a number in \[0, 1\)"):
            net.fit(x, y, ema=odd)  # type: ignore[arg-type]
    assert cases.state(net) == before
