"""Who works when? Processes that are asked one after the other; all but one are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

    from problem import Problem

HERE = Path(__file__).parent
THREAD_VARIABLES = (
    "CHAINRULE_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


class Process:
    """A child that answers one line per line, and stands still in between.

    It is stopped by a signal, so that no thread of it can spin into another's turn.
    """

    def __init__(self, command: list[str], n_threads: int) -> None:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(n_threads))
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(
            command, env=environment, stdin=pipe, stdout=pipe, text=True, bufsize=1
        )

    def ask(self, line: str) -> str:
        """Let the child go on until it has answered."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.send_signal(signal.SIGCONT)
        self._child.stdin.write(line + "\n")
        answer = self._child.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._child.args}: ended with status {self._child.wait()}")
        self._child.send_signal(signal.SIGSTOP)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.send_signal(signal.SIGCONT)
        self._child.communicate()


class Library(Process):
    """A worker with one opponent."""

    def __init__(self, name: str, problem: Problem, n_threads: int) -> None:
        given = json.dumps(asdict(problem))
        super().__init__(
            [sys.executable, str(HERE / "worker.py"), name, str(n_threads), given], n_threads
        )

    def losses(self, steps: int) -> list[float] | None:
        """Return the losses of the first steps from the first weights; None for no such network."""
        return self._ask(ask="losses", steps=steps)

    def round(self, seconds: float) -> float:
        """Return the seconds per step of a round of about `seconds`."""
        return self._ask(ask="round", seconds=seconds)

    def _ask(self, **question: object) -> Any:
        return json.loads(self.ask(json.dumps(question)))


class Peak(Process):
    """The program measure_peak: the FMA peak of the same machine in the same minute."""

    def __init__(self, program: Path, dtype: str, n_threads: int) -> None:
        options = ["--type", dtype, "--threads", str(n_threads), "--serve", "yes"]
        super().__init__([str(program), *options], n_threads)

    def round(self, seconds: float) -> float:
        """Return the peak in GFLOP/s."""
        return float(self.ask(str(1000 * seconds)))


@contextmanager
def cpus(n: int) -> Iterator[None]:
    """Let processes that are started inside run on the last n CPUs that this one may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[-n:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
