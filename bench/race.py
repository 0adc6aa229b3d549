"""How do libraries race? Each in a process of its own; they are asked in turn, all others stopped.

A folder with races has a program ``worker.py`` and a folder ``opponents``, in which each file has
one class ``Opponent(problem, n_threads)``. It raises NotImplementedError if the library cannot do
what the problem wants; it is left out then.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import signal
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any, Self

REPOSITORY = Path(__file__).resolve().parents[1]
PEAK_SECONDS = 0.02
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


Check = Callable[[dict[str, Library]], dict[str, Library]]


def race(
    folder: Path, names: list[str], problem: Any, n_threads: int, args: Namespace, check: Check
) -> tuple[dict[str, list[Any]], list[float]]:
    """Return what each library answered in each round, and the peaks of the rounds.

    `check` returns the libraries that have the network, or ends the program if they do not compute
    the same.
    """
    with ExitStack() as stack, cpus(n_threads):
        libraries = {
            name: stack.enter_context(Library(folder, name, problem, n_threads)) for name in names
        }
        peak = None
        if args.peak.is_file():
            peak = stack.enter_context(Peak(args.peak, problem.dtype, n_threads))
        libraries = check(libraries)
        order = list(libraries)
        for name in order:
            libraries[name].answer(ask="round", seconds=args.seconds)
        found: dict[str, list[Any]] = {name: [] for name in order}
        peaks: list[float] = []
        for _ in range(args.rounds):
            if peak is not None:
                peaks.append(peak.round(PEAK_SECONDS))
            for name in order:
                found[name].append(libraries[name].answer(ask="round", seconds=args.seconds))
            # The order turns, so that nobody always follows the same one.
            order = order[1:] + order[:1]
    return found, peaks


def share_of_peak(gflops: list[float], peaks: list[float]) -> float | None:
    """Return the median share of the peak of the same round in per cent; None without peaks."""
    if not peaks:
        return None
    return 100 * median(a / b for a, b in zip(gflops, peaks, strict=True))


def arguments(doc: str, seconds: float) -> Namespace:
    """Read the command line of a race whose rounds take about `seconds` per library."""
    parser = ArgumentParser(description=doc.partition("\n")[0])
    all_cpus = len(os.sched_getaffinity(0))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, all_cpus}))
    parser.add_argument("--networks", nargs="+", help="sizes with dashes; all by default")
    parser.add_argument("--against", nargs="+", help="opponents; all in the folder by default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--seconds", type=float, default=seconds, help="of a library in a round, about"
    )
    parser.add_argument("--peak", type=Path, default=REPOSITORY / "build/cpp/measure_peak")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    return parser.parse_args()


def print_table(
    args: Namespace, header: str, problems: Iterable[Any], measure: Callable[..., list[Any]]
) -> None:
    """Print, and write if that is asked for, ``measure(problem, n_threads)`` of all problems."""
    print(f"{args.dtype}, medians of {args.rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    print(header)
    rows: list[Any] = []
    for n_threads in args.threads:
        for problem in problems:
            if args.networks and problem.name not in args.networks:
                continue
            for row in measure(replace(problem, dtype=args.dtype), n_threads):
                print(row, flush=True)
                rows.append(row)
    print(f"load after: {os.getloadavg()[0]:.1f}")
    if args.json:
        about = {
            "machine": platform.processor(),
            "system": platform.platform(),
            "rounds": args.rounds,
        }
        numbers = {"about": about, "rows": [asdict(row) for row in rows]}
        args.json.write_text(json.dumps(numbers, indent=1) + "\n")


def serve(problem_type: Callable[..., Any], work_type: Callable[[Any], Any]) -> None:
    """Be the worker that the command line names: answer questions by the methods of its work.

    ``{"ask": "round", "seconds": 0.3}``, one JSON object per line, is answered by
    ``round(seconds=0.3)``.
    """
    name, n_threads, given = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    problem = problem_type(**given | {"sizes": tuple(given["sizes"])})
    try:
        work = work_type(importlib.import_module(f"opponents.{name}").Opponent(problem, n_threads))
    except NotImplementedError:
        work = None
    for line in sys.stdin:
        question = json.loads(line)
        ask = question.pop("ask")
        print(json.dumps(None if work is None else getattr(work, ask)(**question)), flush=True)
