"""Are several batches with `accumulate` one batch of all their rows?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers
from chainrule import _epochs

OPTIMIZERS = cases.ELEMENTWISE
# What else a fit does to gradients, and which rows count how much.
CALLS: list[dict[str, Any]] = [
    {},
    {"l1": 0.02, "l2": 0.05},
    {"clip_value": 0.05, "clip_norm": 0.1},
    {"l2": 0.05, "clip_norm": 0.1, "schedule": cr.schedules.Cosine(), "ema": 0.5},
]


def network(dtype: str) -> cr.Network:
    layers = [cr.Dense(7, "tanh"), cr.Dense(5, "prelu", max_norm=1.0), cr.Dense(3)]
    return cr.Network(4, layers, dtype=dtype, seed=3)


def data(rng: np.random.Generator, dtype: str, d: int) -> tuple[Any, Any]:
    return cases.inputs(rng, d, 4, dtype), cases.inputs(rng, d, 3, dtype)


def both(
    x: Any, y: Any, batch_size: int, accumulate: int, dtype: str, **given: Any
) -> tuple[cr.Network, cr.History, cr.Network, cr.History]:
    """A fit in batches that make an update together, and one of batches of all their rows."""
    parts, whole, given = network(dtype), network(dtype), {"epochs": 3, "verbose": 0} | given
    h = parts.fit(x, y, batch_size=batch_size, accumulate=accumulate, **given)
    expected = whole.fit(x, y, batch_size=batch_size * accumulate, **given)
    return parts, h, whole, expected


def learned(net: cr.Network) -> dict[str, bytes]:
    """Parameters and optimiser state, without the counter of forward passes."""
    return {k: v.tobytes() for k, v in net.get_state().items() if k != "chainrule"}


def measured(h: cr.History) -> list[list[float]]:
    return [values for name, values in h.items() if name != "seconds"]


# ---- One batch of all rows -----------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_batches_of_whole_chunks_have_the_bits_of_the_union(
    optimizer: str, call: dict[str, Any], dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype, 800)
    call = {"validation_data": data(rng, dtype, 9), "metrics": ["r2"]} | call
    parts, h, whole, expected = both(x, y, 256, 2, dtype, optimizer=optimizer, **call)
    assert learned(parts) == learned(whole)
    assert measured(h) == measured(expected)
    assert parts._updates == whole._updates == 6


@pytest.mark.parametrize("targets", ["plain", "rows", "outputs", "classes", "nan"])
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_any_batches_agree_with_the_union(
    call: dict[str, Any], targets: str, rng: np.random.Generator
) -> None:
    d = 50  # 7 batches, the last of 2 rows: updates of 24, 24 and 2
    x, y = data(rng, "float64", d)
    if targets in ("rows", "outputs"):
        weights = rng.random((d, 3) if targets == "outputs" else d)
        call = {"sample_weight": weights * (weights > 0.3)} | call
    elif targets == "classes":
        y = rng.integers(0, 3, d)
        call = {"class_weight": "balanced"} | call
    elif targets == "nan":
        y[rng.random(y.shape) < 0.4] = np.nan
        call = {"ignore_nan_targets": True} | call
    start = network("float64")
    if targets == "classes":
        start = cr.mlp([4, 7, 3], "tanh", "softmax", dtype="float64", seed=3)
    found = []
    for size, accumulate in ((8, 3), (24, 1)):
        net = start.copy()
        h = net.fit(x, y, batch_size=size, accumulate=accumulate, epochs=3, verbose=0, **call)
        found.append((net, h))
    (parts, h), (whole, expected) = found
    tolerances = [1e-12] * len(cases.parameters(parts))
    cases.all_close(cases.parameters(parts), cases.parameters(whole), tolerances)
    for got, wanted in zip(measured(h), measured(expected), strict=True):
        cases.close(got, wanted, 1e-11)
    assert parts._updates == whole._updates == 9


@pytest.mark.parametrize("absent", [[0], [1], [4], [6], [0, 1, 2], [3, 4], [6, 7]])
@pytest.mark.parametrize("call", [CALLS[0], CALLS[3]], ids=str)
def test_batches_of_weight_0_add_nothing(
    absent: list[int], call: dict[str, Any], rng: np.random.Generator
) -> None:
    x, y = data(rng, "float64", 64)  # 8 batches: updates of 24, 24 and 16 rows
    weights = np.ones((8, 8))
    weights[absent] = 0
    call = {"sample_weight": weights.ravel(), "shuffle": False} | call
    parts, h, whole, expected = both(x, y, 8, 3, "float64", **call)
    cases.all_close(cases.parameters(parts), cases.parameters(whole), [1e-12] * 6)
    cases.close(h["loss"], expected["loss"], 1e-12)
    groups = [weights[first : first + 3].any() for first in (0, 3, 6)]
    assert parts._updates == whole._updates == 3 * sum(groups)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_updates_are_those_of_the_equations(optimizer: str, rng: np.random.Generator) -> None:
    net = cr.Network(4, [cr.Dense(7, "tanh"), cr.Dense(3)], dtype="float64", seed=3)
    x, y = data(rng, "float64", 20)
    rule = oracle_optimizers.OPTIMIZERS[optimizer]
    twin = cases.twin(net)
    training = oracle.Training(twin, lambda m: rule(learning_rate=0.02 * m))
    for _ in range(4):
        for first, last in ((0, 12), (12, 20)):
            training.update(twin.step(x[first:last], y[first:last], "mse").gradients, l2=0.1)
    made = cases.CLASSES["optimizers"][optimizer](0.02)
    net.fit(
        x, y, epochs=4, batch_size=4, accumulate=3, optimizer=made, l2=0.1, shuffle=False, verbose=0
    )
    cases.all_close(cases.parameters(net), twin.parameters, [1e-10] * 4)


def test_each_batch_has_noise_of_its_own(rng: np.random.Generator) -> None:
    layers = [cr.Dense(7, "tanh"), cr.Dropout(0.5), cr.Dense(3)]
    net = cr.Network(4, layers, dtype="float64", seed=3)
    x, y = data(rng, "float64", 20)
    by_hand = net.copy()
    parts = [by_hand.gradients(x[i : i + 8], y[i : i + 8]) for i in (0, 8, 16)]
    parts[0].flat[:] = sum(g.flat * n for g, n in zip(parts, (8, 8, 4), strict=True)) / 20
    by_hand.apply(parts[0], cr.SGD(0.1))
    net.fit(x, y, batch_size=8, accumulate=9, optimizer=cr.SGD(0.1), shuffle=False, verbose=0)
    cases.all_close(cases.parameters(net), cases.parameters(by_hand), [1e-14] * 4)


# ---- What counts updates -------------------------------------------------------------------------


def test_schedules_and_callbacks_count_updates(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype, 800)
    asked: list[tuple[int, int]] = []
    steps: list[list[tuple[Any, ...]]] = []

    def schedule(step: int, total: int) -> float:
        asked.append((step, total))
        return 1 / (1 + step)

    for size, accumulate in ((256, 2), (512, 1)):
        seen: list[tuple[Any, ...]] = []
        steps.append(seen)
        look = cr.LambdaCallback(
            on_batch_begin=lambda run, seen=seen: seen.append((run.step, run.schedule_factor)),
            on_batch_end=lambda run, seen=seen: seen.append(
                (run.step, run.logs["loss"], cases.bits(run.network))
            ),
        )
        given: dict[str, Any] = {"batch_size": size, "accumulate": accumulate, "schedule": schedule}
        network(dtype).fit(x, y, epochs=2, callbacks=[look], verbose=0, **given)
    assert steps[0] == steps[1]
    assert [seen[0] for seen in steps[0]] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert asked == 2 * [(step, 4) for step in range(4)]


def test_fits_in_parts_are_one_fit(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype, 50)
    given: dict[str, Any] = {"batch_size": 8, "accumulate": 3, "verbose": 0}
    once, twice = network(dtype), network(dtype)
    once.fit(x, y, epochs=5, **given)
    twice.fit(x, y, epochs=2, **given)
    twice.fit(x, y, epochs=3, **given)
    assert cases.state(once) == cases.state(twice)


@pytest.mark.parametrize("accumulate", [7, 8, 2**80])
def test_more_batches_than_there_are_make_one_update(
    accumulate: int, rng: np.random.Generator
) -> None:
    x, y = data(rng, "float64", 50)
    parts, _, whole, _ = both(x, y, 8, accumulate, "float64")
    cases.all_close(cases.parameters(parts), cases.parameters(whole), [1e-13] * 6)
    assert parts._updates == 3


@pytest.mark.parametrize("watched", [False, True])
def test_ctrl_c_is_looked_for_between_batches(
    watched: bool, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = data(rng, dtype, 50)
    found = []
    for seconds in (60.0, 0.0):  # Python is asked at the end of an epoch, or after every batch
        monkeypatch.setattr(_epochs, "_GROUP_SECONDS", seconds)
        net = network(dtype)
        look = [cr.LambdaCallback(on_batch_end=lambda run: None)] if watched else []
        h = net.fit(x, y, epochs=2, batch_size=8, accumulate=3, callbacks=look, verbose=0)
        found.append((cases.state(net), measured(h)))
    assert found[0] == found[1]


@pytest.mark.parametrize("watched", [False, True])
def test_divergence_inside_an_update(watched: bool, dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype, 50)
    y[35] = np.finfo(dtype).max  # in the fifth of seven batches
    net = network(dtype)
    before = cases.state(net)
    look = [cr.LambdaCallback(on_batch_end=lambda run: None)] if watched else []
    with pytest.raises(cr.DivergenceError) as raised:
        net.fit(x, y, batch_size=8, accumulate=3, shuffle=False, callbacks=look, verbose=0)
    assert (raised.value.step, raised.value.epoch) == (2, 1)
    assert cases.state(net) == before


@pytest.mark.parametrize("threads", [2, 5])
def test_any_number_of_threads(threads: int, dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 600, 257, dtype), cases.inputs(rng, 600, 31, dtype)
    nets = [cr.mlp([257, 301, 31], "tanh", dtype=dtype, seed=1) for _ in range(2)]
    for net, n in zip(nets, (1, threads), strict=True):
        net.n_threads = n
        net.fit(x, y, batch_size=150, accumulate=3, verbose=0)
    assert cases.state(nets[0]) == cases.state(nets[1])


# ---- Wrong use -----------------------------------------------------------------------------------


def test_wrong_numbers_are_refused(rng: np.random.Generator) -> None:
    net, (x, y) = network("float32"), data(rng, "float32", 9)
    before = cases.state(net)
    for value in (0, -1):
        with pytest.raises(ValueError, match=f"accumulate: expected at least 1, got {value}"):
            net.fit(x, y, accumulate=value)
    for odd in (1.5, True, "2", None, math.inf):
        with pytest.raises(TypeError, match="accumulate: expected a whole number"):
            net.fit(x, y, accumulate=odd)  # type: ignore[arg-type]
    assert cases.state(net) == before
