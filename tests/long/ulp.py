"""How far off are the functions, at most, over all float32 numbers?"""

from __future__ import annotations

from tests import cmake_build
from tests.long.programs import passes

FUNCTIONS = "exp,log,log1p,tanh,sigmoid"


def run(minutes: float) -> bool:
    """Compute every function of every number; True if none is less exact than promised."""
    folder = cmake_build.build("tests", "measure_ulp", CHAINRULE_BUILD_BENCH="ON")
    return passes([folder / "measure_ulp", "--all-floats", FUNCTIONS], minutes)
