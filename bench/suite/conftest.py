"""With what do all benchmarks run? Both types; one thread, and all of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.append(str(Path(__file__).resolve().parents[2]))


@pytest.fixture(params=("float32", "float64"))
def dtype(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(
    params=sorted({1, len(os.sched_getaffinity(0))}), ids=lambda n_threads: f"threads={n_threads}"
)
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = cr.get_num_threads()
    cr.set_num_threads(request.param)
    yield request.param
    cr.set_num_threads(before)
