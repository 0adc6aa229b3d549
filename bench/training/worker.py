"""How is one library measured? In a process of its own, which works only while it is asked to."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from problem import Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

if TYPE_CHECKING:
    import opponent

WARM_UP = 0.1  # of a round: what the others have put out of the caches comes back


class Rounds:
    """Rounds of whole epochs, each from the first weights."""

    def __init__(self, library: opponent.Opponent) -> None:
        self.library = library
        self.epoch_seconds = 0.0

    def losses(self, steps: int) -> list[float]:
        """Return the losses of the first `steps` steps."""
        self.library.reset()
        return [self.library.step(i % self.library.problem.n_batches) for i in range(steps)]

    def round(self, seconds: float) -> dict[str, float]:
        """Return the mean seconds per step over about `seconds`."""
        self.library.reset()
        if self.epoch_seconds == 0:
            self.library.epochs(1)
            self.epoch_seconds = self._time(1)
        self._warm_up(WARM_UP * seconds)
        n_epochs = max(1, round(seconds / self.epoch_seconds))
        self.epoch_seconds = self._time(n_epochs) / n_epochs
        return {"mean": self.epoch_seconds / self.library.problem.n_batches}

    def _time(self, n_epochs: int) -> float:
        start = time.perf_counter()
        self.library.epochs(n_epochs)
        return time.perf_counter() - start

    def _warm_up(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        i = 0
        while time.perf_counter() < until:
            self.library.step(i % self.library.problem.n_batches)
            i += 1


if __name__ == "__main__":
    race.serve(Problem, Rounds)
