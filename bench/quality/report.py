"""How is a result compared with what is wanted? One line per seed, then one with the verdict."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def report(
    task: str, values: Iterable[float], figure: str, value: float, wanted: str, *, met: bool
) -> None:
    """Print the figures of a task and leave with status 1 if they are not what is wanted."""
    each = ", ".join(f"{v:.4f}" for v in values)
    print(f"{task}: {each}; {figure} {value:.4f}, wanted {wanted}: {'met' if met else 'MISSED'}")
    if not met:
        sys.exit(1)


def per_seed(train: Callable[[int], float], seeds: int) -> list[float]:
    """Return what `train` gives for seeds 0, 1, ..."""
    results = []
    for seed in range(seeds):
        start = time.perf_counter()
        results.append(train(seed))
        print(
            f"  seed {seed}: {results[-1]:.4f} after {time.perf_counter() - start:.1f} s",
            flush=True,
        )
    return results
