"""Are the bits the same for any threads, any split, any way? Compared as bytes, never nearly."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cases
import chainrule as cr
from chainrule import _testing

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVATIONS = cr.activations.names()
OPTIMIZERS = cases.ELEMENTWISE
THREADS = (1, 2, 3, 4, 7)


@pytest.fixture(autouse=True)
def _all_workers_take_part() -> Iterator[None]:
    _testing.set_wait_for_all_workers(True)
    _testing.reset_path_counters()
    yield
    _testing.set_wait_for_all_workers(False)


def data(rng: np.random.Generator, d: int, n: int, m: int, dtype: str) -> tuple[Any, Any]:
    return cases.inputs(rng, d, n, dtype), rng.integers(0, m, d)


def wide(dtype: str, activation: str = "tanh") -> cr.Network:
    """A network whose every product of 600 rows is worth seven threads; no size is a round one."""
    return cr.mlp([257, 301, 131], activation, "softmax", dtype=dtype, seed=1)


# ---- Threads -----------------------------------------------------------------------------------


def everything(net: cr.Network, x: Any, y: Any) -> tuple[bytes, ...]:
    """Whatever a network can be asked for and made to learn, as bytes."""
    net = net.copy()
    g, t = net.gradients(x, y), net.trace(x, y)
    found = [net.predict(x), net.example_losses(x, y), g.flat, g.inputs, t.dX, t.new_W[1]]
    losses = [g.loss, g.norm, t.loss, t.new_loss, net.train_step(x, y), net.evaluate(x, y)["loss"]]
    history = net.fit(x, y, epochs=2, batch_size=300, verbose=0)
    losses += history["loss"] + history["accuracy"]
    return (*(a.tobytes() for a in found), np.array(losses).tobytes(), cases.state(net))


def test_any_number_of_threads(dtype: str, rng: np.random.Generator) -> None:
    net, found = wide(dtype), []
    x, y = data(rng, 600, 257, 131, dtype)
    for n in (*THREADS, THREADS[-1]):  # and the same way again
        _testing.reset_path_counters()
        net.n_threads = n
        found.append(everything(net, x, y))
        counters = _testing.path_counters()
        assert counters["most_threads"] == (n if n > 1 else 0)
        assert (counters["threaded_operations"] > 30) == (n > 1)
    assert all(other == found[0] for other in found[1:])


def test_threads_of_the_library_and_of_the_network_are_alike(rng: np.random.Generator) -> None:
    net, before = wide("float32"), cr.get_num_threads()
    x, _ = data(rng, 600, 257, 131, "float32")
    found = set()
    try:
        for n in THREADS:
            cr.set_num_threads(n)
            _testing.reset_path_counters()
            found.add(net.predict(x).tobytes())
            counters = _testing.path_counters()
            assert counters["most_threads"] == (n if n > 1 else 0)
            assert counters["tiled_predictions"] == (n > 1)
    finally:
        cr.set_num_threads(before)
    assert len(found) == 1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_sweeps_over_any_number_of_threads(
    optimizer: str, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([600, 601], dtype=dtype, seed=1)
    x, y = cases.inputs(rng, 2, 600, dtype), cases.inputs(rng, 2, 601, dtype)
    g, found = net.gradients(x, y), set()
    for n in THREADS:
        twin = net.copy()
        twin.n_threads = n
        _testing.reset_path_counters()
        twin.apply(g, optimizer)
        assert _testing.path_counters()["most_threads"] == (n if n > 1 else 0)
        assert _testing.path_counters()["sweeps"] == 1
        found.add(cases.state(twin))
    assert len(found) == 1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_on_any_number_of_threads(
    activation: str, dtype: str, rng: np.random.Generator
) -> None:
    net, found = wide(dtype, activation), set()
    x, y = data(rng, 300, 257, 131, dtype)
    for n in (1, 3):
        net.n_threads = n
        g = net.gradients(x, y, training=False)
        found.add(net.predict(x).tobytes() + g.flat.tobytes() + g.inputs.tobytes())
    assert len(found) == 1
    assert _testing.path_counters()["most_threads"] == 3


def test_callers_at_the_same_time(dtype: str, rng: np.random.Generator) -> None:
    _testing.set_wait_for_all_workers(False)
    net = wide(dtype)
    net.n_threads = 3
    x, _ = data(rng, 600, 257, 131, dtype)
    alone = net.predict(x).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {p.tobytes() for p in pool.map(net.predict, [x] * 12)} == {alone}


# ---- Splits of a batch -------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_has_the_same_bits_in_any_batch(
    activation: str, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([19, 33, 17, 5], activation, activation, dtype=dtype, seed=2)
    x = cases.inputs(rng, 1100, 19, dtype)
    whole = net.predict(x)
    assert len(np.unique(whole, axis=0)) > 1
    for i in (0, 511, 512, 1099):
        assert net.predict(x[i : i + 1]).tobytes() == whole[i].tobytes()
    for size in (1, 2, 3, 5, 6, 7, 13, 16, 64, 511, 1099):
        for start in (0, 1):
            part = x[start : start + size]
            assert net.predict(part).tobytes() == whole[start : start + size].tobytes()
    order = rng.permutation(1100)
    assert net.predict(x[order]).tobytes() == whole[order].tobytes()
    assert net.forward(x, training=True).tobytes() == whole.tobytes()


@pytest.mark.parametrize("d", [1, 255, 256, 257, 1024, 1025, 2600])
def test_losses_add_in_chunks_from_the_start(d: int, dtype: str, rng: np.random.Generator) -> None:
    net = cr.mlp([5, 7, 3], "relu", "softmax", dtype=dtype, seed=0)
    x, y = data(rng, d, 5, 3, dtype)
    total = 0.0
    losses = [float(loss) for loss in net.example_losses(x, y)]
    for start in range(0, d, 256):
        chunk = 0.0
        for loss in losses[start : start + 256]:
            chunk += loss
        total += chunk
    assert net.evaluate(x, y)["loss"] == total / d == net.gradients(x, y).loss


@pytest.mark.parametrize("d", [1, 255, 256, 257, 600])
def test_gradients_add_in_chunks_from_the_start(
    d: int, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([5, 9, 3], "tanh", dtype=dtype, seed=0)
    t = net.trace(cases.inputs(rng, d, 5, dtype), cases.inputs(rng, d, 3, dtype))
    for layer in (1, 2):
        total = np.zeros_like(t.db[layer][:, 0])
        for start in range(0, d, 256):
            chunk = np.zeros_like(total)
            for column in t.dZ[layer].T[start : start + 256]:
                chunk += column
            total += chunk
        assert t.db[layer].tobytes() == total.tobytes()


# ---- Ways of training --------------------------------------------------------------------------


def every_setting(optimizer: str) -> Iterator[Any]:
    for fields in cases.settings(cases.CLASSES["optimizers"][optimizer]):
        try:
            yield cases.CLASSES["optimizers"][optimizer](**fields)
        except ValueError:  # settings that exclude each other
            continue


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_is_gradients_and_apply(
    optimizer: str, dtype: str, rng: np.random.Generator
) -> None:
    start = cr.mlp([5, 19, 3], "tanh", "softmax", dtype=dtype, seed=0)
    x, y = data(rng, 300, 5, 3, dtype)
    weights = rng.uniform(0.5, 2, 300)
    for setting in every_setting(optimizer):
        fused, swept = start.copy(), start.copy()
        for _ in range(3):
            _testing.reset_path_counters()
            J = fused.train_step(x, y, optimizer=setting, sample_weight=weights)
            counters = _testing.path_counters()
            assert (counters["fused_updates"], counters["sweeps"]) == (2, 0)
            _testing.reset_path_counters()
            g = swept.gradients(x, y, sample_weight=weights)
            swept.apply(g, setting)
            counters = _testing.path_counters()
            assert (counters["fused_updates"], counters["sweeps"]) == (0, 1)
            assert g.loss == J
            assert cases.state(fused) == cases.state(swept)
    assert cases.bits(fused) != cases.bits(start)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fits_in_parts_are_one_fit(
    optimizer: str, shuffle: bool, dtype: str, rng: np.random.Generator
) -> None:
    start = cr.mlp([4, 9, 3], "relu", "softmax", dtype=dtype, seed=5)
    x, y = data(rng, 53, 4, 3, dtype)
    weights = rng.uniform(0.5, 2, 53)
    for setting in every_setting(optimizer):

        def fit(net: cr.Network, epochs: int, setting: Any = setting, **more: Any) -> list[float]:
            given = {"batch_size": 8, "shuffle": shuffle, "sample_weight": weights, "verbose": 0}
            return net.fit(x, y, epochs=epochs, optimizer=setting, **given, **more)["loss"]

        whole, parts, again = start.copy(), start.copy(), start.copy()
        losses = fit(whole, 4)
        assert fit(parts, 1) + fit(parts, 3) == losses
        first = fit(again, 2)
        again = pickle.loads(pickle.dumps(again)).copy()
        again.predict(x)
        again.evaluate(x, y)
        assert first + fit(again, 2) == losses
        assert cases.state(whole) == cases.state(parts) == cases.state(again)


class Watching(cr.Callback):
    """A callback that is asked about every batch."""

    def __init__(self) -> None:
        self.batches = 0

    def on_batch_end(self, run: Any) -> None:
        self.batches += 1


def test_watching_changes_nothing(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, 200, 4, 3, dtype)
    start, watching, states = (
        cr.mlp([4, 9, 3], output="softmax", dtype=dtype, seed=5),
        Watching(),
        [],
    )
    more: list[dict[str, Any]] = [
        {},
        {"callbacks": [watching]},
        {"metrics": ()},
        {"validation_data": (x, y)},
        {"verbose": 0, "x": x.tolist(), "y": y.astype(float).reshape(-1, 1)},
    ]
    for given in more:
        net = start.copy()
        net.fit(**{"x": x, "y": y, "epochs": 3, "batch_size": 16, "verbose": 0} | given)
        states.append(cases.state(net))
    assert set(states) == {states[0]}
    assert watching.batches == 3 * 13


def test_an_epoch_without_shuffling_is_its_steps(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, 50, 4, 3, dtype)
    fitted = cr.mlp([4, 9, 3], output="softmax", dtype=dtype, seed=5)
    stepped = fitted.copy()
    fitted.fit(x, y, batch_size=16, shuffle=False, verbose=0)
    for start in range(0, 50, 16):
        stepped.train_step(x[start : start + 16], y[start : start + 16])
    assert cases.bits(fitted) == cases.bits(stepped)
