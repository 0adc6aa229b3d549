"""Are the products of a layer exact for millions of random shapes, on every tier?"""

from __future__ import annotations

import time

from tests import cmake_build
from tests.long.programs import passes

SEEDS_PER_RUN = 100_000


def run(minutes: float) -> bool:
    """Run the program on one range of seeds after the other; True if all products were exact."""
    program = cmake_build.build("tests", "random_products") / "random_products"
    end = time.monotonic() + 60 * minutes
    first_seed = 0
    while passes([program, SEEDS_PER_RUN, first_seed]):
        if time.monotonic() > end:
            return True
        first_seed += SEEDS_PER_RUN
    return False
