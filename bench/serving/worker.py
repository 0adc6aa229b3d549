"""How is one library measured? In a process of its own, which works only while it is asked to."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from problem import Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

if TYPE_CHECKING:
    import opponent

WARM_UP = 0.1  # of a round
MOST_SAMPLES = 20_000  # single calls per round, for the percentiles


class Calls:
    """Rounds of calls."""

    def __init__(self, library: opponent.Opponent) -> None:
        self.library = library
        self.call = library.call()

    def outputs(self) -> list[list[float]]:
        """Return what the library predicts."""
        self.call()
        return self.library.outputs().tolist()

    def round(self, seconds: float) -> dict[str, float]:
        """Return the seconds of a call: the mean over about `seconds`, and percentiles of some."""
        n, call = 1, self.call
        while (taken := self._time(n)) < WARM_UP * seconds:
            n *= 2
        n = max(1, round(n * seconds / taken))
        mean = self._time(n) / n
        clock, samples = time.perf_counter_ns, []
        for _ in range(min(n, MOST_SAMPLES)):
            start = clock()
            call()
            samples.append(clock() - start)
        p50, p99, p999 = np.percentile(samples, [50, 99, 99.9]) * 1e-9
        return {"mean": mean, "p50": p50, "p99": p99, "p99.9": p999}

    def _time(self, n: int) -> float:
        call = self.call
        start = time.perf_counter()
        for _ in range(n):
            call()
        return time.perf_counter() - start


if __name__ == "__main__":
    race.serve(Problem, Calls)
