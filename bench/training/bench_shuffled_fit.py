"""How fast is a fit as it is usually written, beside its loop in C++? MNIST-size, shuffled.

An epoch of ``fit`` from Python over as many examples as MNIST has, with all its defaults,
alternates with as many batches of the loop in C++ over a few that are already gathered and stay in
cache. Wanted are 95 % of its rate; the exit status is 1 if they are missed.
"""

from __future__ import annotations

import math
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from problem import LEARNING_RATE, Array, Problem

import chainrule as cr

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

if TYPE_CHECKING:
    import numpy as np

WANTED = 0.95
N_EXAMPLES, BATCH, RESIDENT = 60_000, 128, 8
SIZES = (784, 256, 128, 10)


def network(problem: Problem) -> cr.Network:
    """Return the network with its first weights."""
    net = cr.mlp(problem.sizes, output="softmax", dtype=problem.dtype, seed=0)
    net.set_weights(*problem.parameters())
    return net


class Fit:
    """Epochs of ``fit``."""

    def __init__(self, problem: Problem, x: Array, y: np.ndarray) -> None:
        self.net, self.x, self.y = network(problem), x, y

    def seconds(self) -> float:
        """Return the seconds per example of an epoch."""
        start = time.perf_counter()
        self.net.fit(self.x, self.y, batch_size=BATCH, optimizer=cr.Adam(LEARNING_RATE), verbose=0)
        return (time.perf_counter() - start) / len(self.x)


class Loop:
    """Batches of the loop inside of ``fit``, without anything around it."""

    def __init__(self, problem: Problem, x: Array, y: np.ndarray) -> None:
        self.net = network(problem)
        self.run = self.net._start_training(
            x=x[: RESIDENT * BATCH],
            y=y[: RESIDENT * BATCH],
            loss=cr.losses.CrossEntropy(),
            optimizer=cr.Adam(LEARNING_RATE),
            weights=None,
            batch_size=BATCH,
            shuffle=False,
            keep_predictions=False,
            clip_value=math.inf,
            clip_norm=math.inf,
            l1=0.0,
            l2=0.0,
            accumulate=1,
            ema=0.0,
            before=self.net._snapshot(),
        )

    def seconds(self) -> float:
        """Return the seconds per example of about as many batches as an epoch has."""
        n_passes = round(N_EXAMPLES / (RESIDENT * BATCH))
        start = time.perf_counter()
        for _ in range(n_passes):
            self.run.begin_epoch()
            self.run.run(0, math.inf, LEARNING_RATE)
        return (time.perf_counter() - start) / (n_passes * RESIDENT * BATCH)


def measure(dtype: str, n_threads: int, rounds: int) -> float:
    """Print and return the rate of ``fit`` as a share of that of the loop."""
    problem = Problem(SIZES, BATCH, math.ceil(N_EXAMPLES / BATCH), dtype)
    x, y = problem.data()
    with race.cpus(n_threads):
        cr.set_num_threads(n_threads)
        fit, loop = Fit(problem, x[:N_EXAMPLES], y[:N_EXAMPLES]), Loop(problem, x, y)
        fit.seconds(), loop.seconds()
        found = []
        for i in range(rounds):
            order = (fit, loop) if i % 2 == 0 else (loop, fit)
            found.append({type(each): each.seconds() for each in order})
        loop.run.close()
    shares = [each[Loop] / each[Fit] for each in found]
    per_example = [1e6 * median(each[kind] for each in found) for kind in (Fit, Loop)]
    share = median(shares)
    print(
        f"{dtype}, {n_threads} threads: fit {per_example[0]:.3f} us per example, loop "
        f"{per_example[1]:.3f} us; rate of fit {100 * share:.1f} % of the loop's "
        f"({100 * min(shares):.1f} to {100 * max(shares):.1f} in {rounds} rounds), "
        f"wanted >= {100 * WANTED:.0f} %: {'met' if share >= WANTED else 'MISSED'}",
        flush=True,
    )
    return share


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    all_cpus = len(os.sched_getaffinity(0))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, all_cpus}))
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    shares = [measure(args.dtype, n_threads, args.rounds) for n_threads in args.threads]
    sys.exit(min(shares) < WANTED)


if __name__ == "__main__":
    main()
