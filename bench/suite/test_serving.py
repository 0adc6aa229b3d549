"""Has a prediction become slower? Of a network and of its predictor, with the raced networks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench.serving.problem import PROBLEMS, Problem

import chainrule as cr

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

pytestmark = pytest.mark.usefixtures("n_threads")


def network(problem: Problem) -> cr.Network:
    net = cr.mlp(problem.sizes, output="softmax", dtype=problem.dtype, seed=0)
    net.set_weights(*zip(*problem.parameters(), strict=True))
    return net


@pytest.fixture(params=PROBLEMS, ids=lambda problem: f"{problem.name}/{problem.rows}")
def problem(request: pytest.FixtureRequest, dtype: str) -> Problem:
    return replace(request.param, dtype=dtype)


@pytest.fixture
def out(problem: Problem) -> np.ndarray:
    return np.empty((problem.rows, problem.sizes[-1]), problem.dtype)


def test_predict(benchmark: BenchmarkFixture, problem: Problem, out: np.ndarray) -> None:
    benchmark(network(problem).predict, problem.inputs(), out=out)


def test_predictor(benchmark: BenchmarkFixture, problem: Problem, out: np.ndarray) -> None:
    predictor, x = network(problem).predictor(), problem.inputs()
    if problem.rows == 1:
        benchmark(predictor.predict_one, x[0], out[0])
    else:
        benchmark(predictor.predict, x, out=out)
