"""Do the counters count, and does the switch make every thread take part?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cases
import chainrule as cr
from chainrule import _testing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _counters() -> Iterator[None]:
    _testing.reset_path_counters()
    yield
    _testing.set_wait_for_all_workers(False)


def test_counters_start_at_zero_and_can_be_reset(rng: np.random.Generator) -> None:
    assert set(_testing.path_counters()) == {
        "fused_updates",
        "sweeps",
        "threaded_operations",
        "tiled_predictions",
        "most_threads",
    }
    net = cr.mlp([2, 3, 1], seed=0)
    net.train_step(np.ones((4, 2)), np.ones(4))
    assert any(_testing.path_counters().values())
    _testing.reset_path_counters()
    assert not any(_testing.path_counters().values())


def test_updates_are_counted_by_their_way() -> None:
    net, x, y = cr.mlp([2, 3, 1], seed=0), np.ones((4, 2)), np.ones(4)
    net.train_step(x, y)
    counters = _testing.path_counters()
    assert (counters["fused_updates"], counters["sweeps"]) == (2, 0)  # one of each Dense layer
    net.apply(net.gradients(x, y))
    counters = _testing.path_counters()
    assert (counters["fused_updates"], counters["sweeps"]) == (2, 1)
    net.predict(x)
    assert _testing.path_counters() == counters


def test_every_thread_takes_part_when_workers_are_waited_for(rng: np.random.Generator) -> None:
    _testing.set_wait_for_all_workers(True)
    net = cr.mlp([300, 300, 100], seed=0)
    x = cases.inputs(rng, 500, 300, "float32")
    for n in (2, 5):
        _testing.reset_path_counters()
        net.n_threads = n
        net.predict(x)
        counters = _testing.path_counters()
        assert counters["threaded_operations"] > 0
        assert counters["most_threads"] == n


def test_kernels_in_use_are_available() -> None:
    assert _testing.isa() in _testing.available_isas()
    if "CHAINRULE_ISA" not in os.environ:
        assert _testing.isa() == _testing.available_isas()[0]
