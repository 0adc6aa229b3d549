"""How do libraries race? Each in a process of its own; they are asked in turn, all others stopped.

A folder with races has a program ``worker.py`` and a folder ``opponents``, in which each file has
one class ``Opponent(problem, n_threads)``. It raises NotImplementedError if the library cannot do
what the problem wants; it is left out then.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

PEAK_SECONDS = 0.02
THREAD_VARIABLES = (
    "CHAINRULE_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
# What keeps other libraries to AVX2, so that a race of that tier is one of equals: OpenBLAS,
# oneDNN, PyTorch, MKL, and XLA, one of whose backends knows no limit and is left out.
ISA_VARIABLES = {
    "avx2": {
        "OPENBLAS_CORETYPE": "Haswell",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=",
    }
}


@dataclass(frozen=True)
class Entrant:
    """Who takes part in a race, and with what.

    Parameters
    ----------
    library : str
        A file of the folder's opponents.
    n_threads : int
        Threads, and the CPUs that they are bound to.
    isa : str
        Tier of chainrule's kernels; other libraries are kept to it if it is avx2.
    package : str
        Folder from which chainrule is imported; empty: the one that is installed.
    """

    library: str
    n_threads: int
    isa: str
    package: str = ""

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.library} of {self.package}" if self.package else self.library


class Process:
    """A child that answers one line per line, and stands still in between.

    It is stopped by a signal, so that no thread of it can spin into another's turn.
    """

    def __init__(self, command: list[str], n_threads: int, **variables: str) -> None:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(n_threads)) | variables
        pipe = subprocess.PIPE
        with cpus(n_threads):
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

    def __init__(self, folder: Path, entrant: Entrant, problem: Any) -> None:
        given = {"entrant": asdict(entrant), "problem": asdict(problem)}
        command = [sys.executable, str(folder / "worker.py"), json.dumps(given)]
        variables = {"CHAINRULE_ISA": entrant.isa} | ISA_VARIABLES.get(entrant.isa, {})
        if entrant.package:
            paths = [entrant.package, os.environ.get("PYTHONPATH", "")]
            variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        super().__init__(command, entrant.n_threads, **variables)

    def answer(self, **question: object) -> Any:
        """Return what the worker makes of a question; None if the library has no such network."""
        return json.loads(self.ask(json.dumps(question)))


class Peak(Process):
    """The program measure_peak: the FMA peak of the same machine in the same minute."""

    def __init__(self, program: Path, dtype: str, n_threads: int, isa: str) -> None:
        options = {"--type": dtype, "--threads": str(n_threads), "--tier": isa, "--serve": "yes"}
        command = [str(program), *(word for option in options.items() for word in option)]
        super().__init__(command, n_threads)

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


Libraries = dict[Entrant, Library]


def race(
    folder: Path,
    entrants: list[Entrant],
    problem: Any,
    args: Namespace,
    check: Callable[[Libraries], Libraries],
) -> tuple[dict[Entrant, list[Any]], dict[int, list[float]]]:
    """Return what each answered in each round, and the peaks of the rounds by number of threads.

    `check` returns the libraries that have the network, or ends the program if they do not compute
    the same.
    """
    with ExitStack() as stack:
        libraries = check(
            {each: stack.enter_context(Library(folder, each, problem)) for each in entrants}
        )
        meters = {}
        if args.peak.is_file():
            for each in libraries:
                if each.n_threads not in meters:
                    meter = Peak(args.peak, problem.dtype, each.n_threads, each.isa)
                    meters[each.n_threads] = stack.enter_context(meter)
        order = list(libraries)
        for each in order:
            libraries[each].answer(ask="round", seconds=args.seconds)
        found: dict[Entrant, list[Any]] = {each: [] for each in order}
        peaks: dict[int, list[float]] = {n_threads: [] for n_threads in meters}
        for _ in range(args.rounds):
            for n_threads, meter in meters.items():
                peaks[n_threads].append(meter.round(PEAK_SECONDS))
            for each in order:
                found[each].append(libraries[each].answer(ask="round", seconds=args.seconds))
            # The order turns, so that nobody always follows the same one.
            order = order[1:] + order[:1]
    return found, peaks


def check_origin(package: Path) -> None:
    """Refuse to time another chainrule: an editable installation puts itself before all folders."""
    origin = Path(sys.modules["chainrule"].__file__ or "").resolve()
    if not origin.is_relative_to(package.resolve()):
        raise SystemExit(f"chainrule: expected that of {package}, got {origin}")


def serve(problem_type: Callable[..., Any], work_type: Callable[[Any], Any]) -> None:
    """Be the worker that the command line describes: answer questions by the methods of its work.

    ``{"ask": "round", "seconds": 0.3}``, one JSON object per line, is answered by
    ``round(seconds=0.3)``.
    """
    given = json.loads(sys.argv[1])
    entrant = Entrant(**given["entrant"])
    problem = problem_type(**given["problem"] | {"sizes": tuple(given["problem"]["sizes"])})
    try:
        opponent = importlib.import_module(f"opponents.{entrant.library}").Opponent
        work = work_type(opponent(problem, entrant.n_threads))
    except NotImplementedError:
        work = None
    if entrant.package:
        check_origin(Path(entrant.package))
    for line in sys.stdin:
        question = json.loads(line)
        ask = question.pop("ask")
        print(json.dumps(None if work is None else getattr(work, ask)(**question)), flush=True)
