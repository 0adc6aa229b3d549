"""Are the products of a layer exact for millions of random shapes, on every tier?"""

from __future__ import annotations

import itertools
import time

from tests import cmake_build
from tests.long.programs import passes

PIECE = 100_000


def run(minutes: float) -> bool:
    """Draw shapes, so many at a time, from one seed after the other; True if all were exact."""
    program = cmake_build.build("tests", "random_products") / "random_products"
    end = time.monotonic() + 60 * minutes
    for piece in itertools.count():
        if piece > 0 and time.monotonic() > end:
            break
        if not passes([program, PIECE, piece * PIECE]):
            return False
    return True
