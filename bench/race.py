"""How do libraries race? Each in a process of its own; they are asked in turn, all others stopped.

A folder with races has a program ``worker.py`` and a folder ``opponents``, in which each file has
one class ``Opponent(problem, n_threads)``. It raises NotImplementedError if the library cannot do
what the problem wants; it is left out then.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
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
    """A library on a problem: the program ``worker.py`` of a folder with one of its opponents."""

    def __init__(self, folder: Path, name: str, problem: object, n_threads: int) -> None:
        given = json.dumps(asdict(problem))
        super().__init__(
            [sys.executable, str(folder / "worker.py"), name, str(n_threads), given], n_threads
        )

    def answer(self, **question: object) -> Any:
        """Return what the worker makes of a question; None if the library has no such network."""
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


def names(folder: Path) -> list[str]:
    """Return the names of all opponents."""
    return sorted(path.stem for path in (folder / "opponents").glob("*.py"))


def take_turns(names: Iterable[str], n_rounds: int) -> Iterator[list[str]]:
    """Yield the order of each round, which turns: nobody always follows the same one."""
    order = list(names)
    for number in range(n_rounds):
        at = number % len(order)
        yield order[at:] + order[:at]


def serve(make: Callable[[], Any]) -> None:
    """Answer questions, one JSON object per line, by the methods of what `make` returns.

    ``{"ask": "round", "seconds": 0.3}`` is answered by ``round(seconds=0.3)``.
    """
    try:
        work = make()
    except NotImplementedError:
        print("null", flush=True)
        return
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(getattr(work, question.pop("ask"))(**question)), flush=True)


def machine() -> dict[str, str]:
    """Return what a table says of where it was made."""
    return {"machine": platform.processor(), "system": platform.platform()}
