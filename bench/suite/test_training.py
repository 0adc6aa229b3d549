"""Has training become slower? An epoch of ``fit``, and ``train_step``, with the raced networks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bench.training.problem import LEARNING_RATE, PROBLEMS, Problem

import chainrule as cr

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

pytestmark = pytest.mark.usefixtures("n_threads")


def network(problem: Problem) -> cr.Network:
    net = cr.mlp(problem.sizes, output="softmax", dtype=problem.dtype, seed=0)
    net.set_weights(*problem.parameters())
    return net


@pytest.fixture(params=PROBLEMS, ids=lambda problem: f"{problem.name}/{problem.batch}")
def problem(request: pytest.FixtureRequest, dtype: str) -> Problem:
    return replace(request.param, dtype=dtype)


def test_fit(benchmark: BenchmarkFixture, problem: Problem) -> None:
    net, (x, y) = network(problem), problem.data()
    benchmark(
        net.fit,
        x,
        y,
        batch_size=problem.batch,
        optimizer=cr.Adam(LEARNING_RATE),
        metrics=(),
        shuffle=False,
        verbose=0,
    )


def test_train_step(benchmark: BenchmarkFixture, problem: Problem) -> None:
    net, (x, y) = network(problem), problem.data()
    batch = x[: problem.batch], y[: problem.batch]
    benchmark(net.train_step, *batch, optimizer=cr.Adam(LEARNING_RATE))
