"""Do threads that train, predict, save, load and fork at random get the bytes of one thread alone,
for hours, without a growth of memory?

A scenario is a network with a few random operations on it; its number determines all of it.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import pickle
import random
import resource
import signal
import statistics
import tempfile
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr

if TYPE_CHECKING:
    from types import ModuleType

N_SCENARIOS, N_THREADS, PER_ROUND = 100, 4, 25
FORK_SHARE = 0.04  # of the scenarios
CHILD_SECONDS = 60  # a child needs less than one
MAX_GROWTH = 4 << 20  # bytes; fragmentation makes about 1 MB
MIN_ROUNDS = 8  # so that the second quarter and the last are two rounds each
LIBC, M_ARENA_MAX = ctypes.CDLL(None), -8


def run(minutes: float) -> bool:
    """Run scenarios in rounds; True if all ended as in one thread and memory did not grow."""
    LIBC.mallopt(M_ARENA_MAX, 1)  # malloc_trim gives little back of arenas that belong to threads
    end, sizes = time.monotonic() + 60 * minutes, []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(N_THREADS) as threads:
        expected = [digest(number, Path(folder, "alone"), 1) for number in range(N_SCENARIOS)]
        soak = Soak(Path(folder), expected)
        while time.monotonic() < end or len(sizes) < MIN_ROUNDS:
            list(threads.map(soak.run_round, range(N_THREADS)))
            sizes.append(resident_bytes())
    growth = growth_of(sizes)
    print(f"{len(sizes)} rounds of {N_THREADS} threads: {dict(soak.counts)}")
    print(f"memory: {sizes[-1] / 2**20:.1f} MB, growth {growth / 2**20:.2f} MB")
    return soak.counts["wrong"] + soak.counts["hung"] == 0 and growth < MAX_GROWTH


def growth_of(sizes: list[int]) -> float:
    """From the second quarter of the rounds to the last; in the first, caches and pools fill."""
    quarter = len(sizes) // 4
    return statistics.median(sizes[-quarter:]) - statistics.median(sizes[quarter : 2 * quarter])


class Soak:
    """What the threads share."""

    def __init__(self, folder: Path, expected: list[str]) -> None:
        self.folder, self.expected = folder, expected
        self.counts = Counter(right=0, wrong=0, forks=0, hung=0)
        self.lock = threading.Lock()
        self.draws = random.Random(0)

    def run_round(self, thread: int) -> None:
        """Run the scenarios of one thread in one round, some of them in a child."""
        for _ in range(PER_ROUND):
            with self.lock:
                number, n_threads = self.draws.randrange(N_SCENARIOS), self.draws.randint(1, 4)
                fork = self.draws.random() < FORK_SHARE
            outcome = self.outcome_in_child if fork else self.outcome
            result = outcome(number, self.folder / str(thread), n_threads)
            with self.lock:
                self.counts[result] += 1
                self.counts["forks"] += fork
            if result != "right":
                print(
                    f"scenario {number} with {n_threads} threads, fork {fork}: {result}", flush=True
                )

    def outcome(self, number: int, path: Path, n_threads: int) -> str:
        return "right" if digest(number, path, n_threads) == self.expected[number] else "wrong"

    def outcome_in_child(self, number: int, path: Path, n_threads: int) -> str:
        """Run a scenario in a child, forked while other threads are inside theirs."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = self.outcome(number, path, n_threads) != "right"
            except BaseException:  # noqa: BLE001 - nothing may leave the child
                traceback.print_exc()
            finally:
                os._exit(status)
        end = time.monotonic() + CHILD_SECONDS
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid == child:
                return "right" if status == 0 else "wrong"
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "hung"


def digest(number: int, path: Path, n_threads: int) -> str:
    """Run a scenario; return a digest of all predictions and of the final state."""
    draw, data = random.Random(number), np.random.default_rng(number)
    loss, dtype = draw.choice(LOSSES), draw.choice(["float32", "float64"])
    widths = draw.choices([1, 5, 33, 300], k=draw.randint(0, 2))
    sizes = [draw.randint(1, 300), *widths, draw.randint(2, 9)]
    activation = draw.choice(members(cr.activations))
    net = cr.mlp(sizes, activation, output_for(loss), loss=loss, dtype=dtype, seed=number)
    x = data.standard_normal((draw.randint(1, 600), sizes[0]))
    y = data.dirichlet(np.ones(sizes[-1]), len(x))
    result = hashlib.sha256()
    try:
        for _ in range(draw.randint(2, 8)):
            net.n_threads = n_threads
            net = draw.choice(OPERATIONS)(net, x, y, path, draw)
            result.update(net.predict(x).tobytes())
        result.update(net.to_bytes(optimizer=True))
    except (cr.DivergenceError, ValueError) as error:  # numbers too large end the same everywhere
        result.update(str(error).encode())
    return result.hexdigest()


def members(family: ModuleType) -> list[Any]:
    """Return one object of each class in a list of formulas."""
    return [getattr(family, name)() for name in family.__all__ if name != "names"]


def output_for(loss: Any) -> str:
    """Return an activation whose values the loss takes."""
    return loss.matching_activation or "sigmoid"


def takes_probabilities(loss: Any) -> bool:
    """Return whether rows of probabilities, one for each output, are targets of the loss."""
    net = cr.mlp([1, 2], output=output_for(loss), loss=loss, seed=0)
    try:
        net.evaluate([[0.0]], [[0.75, 0.25]])
    except ValueError:
        return False
    return True


LOSSES = [loss for loss in members(cr.losses) if takes_probabilities(loss)]


def trained(net: cr.Network, x: Any, y: Any, _path: Path, draw: random.Random) -> cr.Network:
    optimizer, size = draw.choice(members(cr.optimizers)), draw.choice([1, 7, 64, 1000])
    batch_size = None if optimizer.full_batch else size
    net.fit(x, y, epochs=1, batch_size=batch_size, optimizer=optimizer, verbose=0)
    return net


def stepped(net: cr.Network, x: Any, y: Any, _path: Path, draw: random.Random) -> cr.Network:
    net.train_step(x, y)
    optimizer = "sgd" if net.optimizer.full_batch else None  # a line search needs more
    net.apply(net.gradients(x, y), optimizer, learning_rate=draw.choice([0.0, 0.01]))
    return net


def reloaded(net: cr.Network, _x: Any, _y: Any, path: Path, draw: random.Random) -> cr.Network:
    net.save(path, optimizer=draw.random() < 0.5)
    return cr.load(path)


def pickled(net: cr.Network, _x: Any, _y: Any, _path: Path, _draw: random.Random) -> cr.Network:
    return pickle.loads(pickle.dumps(net))


OPERATIONS = [trained, stepped, reloaded, pickled]


def resident_bytes() -> int:
    """Return the memory of the process after what is free has been given back."""
    gc.collect()
    LIBC.malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
