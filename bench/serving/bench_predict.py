"""How long does one prediction take? Against other libraries, with the same number of threads.

Each library predicts with the same network for the same inputs in a process of its own; first all
must have the same outputs. Then rounds alternate between the libraries and the FMA peak. Printed
are medians over the rounds; ratios are taken inside each round. README.md explains the columns.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from problem import PROBLEMS, Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
OURS = "chainrule_predictor"
TOLERANCE = 1e-4
PEAK_SECONDS = 0.02


@dataclass
class Row:
    """One library on one network; times in microseconds per call."""

    network: str
    rows: int
    dtype: str
    n_threads: int
    library: str
    microseconds: float
    p50: float
    p99: float
    p999: float
    ratio: float  # time over that of chainrule's predictor
    gflops: float
    share: float | None  # of the peak, per cent


def check_outputs(libraries: dict[str, race.Library]) -> dict[str, race.Library]:
    """Return those that have the network; refuse to time them unless they compute the same."""
    answers = {name: library.answer(ask="outputs") for name, library in libraries.items()}
    outputs = {name: np.array(answer) for name, answer in answers.items() if answer is not None}
    for name, found in outputs.items():
        error = np.abs(found - outputs[OURS]).max()
        if not error <= TOLERANCE:
            raise SystemExit(f"{name}: outputs differ from those of {OURS} by {error:.1e}")
    return {name: libraries[name] for name in outputs}


def measure(
    problem: Problem, n_threads: int, names: Sequence[str], args: argparse.Namespace
) -> list[Row]:
    """Return one row per library."""
    with ExitStack() as stack, race.cpus(n_threads):
        libraries = {
            name: stack.enter_context(race.Library(HERE, name, problem, n_threads))
            for name in names
        }
        peak = None
        if args.peak.is_file():
            peak = stack.enter_context(race.Peak(args.peak, problem.dtype, n_threads))
        libraries = check_outputs(libraries)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in libraries}
        peaks: list[float] = []
        for order in race.take_turns(libraries, args.rounds):
            if peak is not None:
                peaks.append(peak.round(PEAK_SECONDS))
            for name in order:
                found[name].append(libraries[name].answer(ask="round", seconds=args.seconds))
    return [summary(problem, n_threads, name, found, peaks) for name in found]


def summary(
    problem: Problem,
    n_threads: int,
    name: str,
    found: dict[str, list[dict[str, float]]],
    peaks: list[float],
) -> Row:
    """Return the medians of a library."""
    own = [each["mean"] for each in found[name]]
    ours = [each["mean"] for each in found[OURS]]
    gflops = [problem.flops / seconds * 1e-9 for seconds in own]
    p50, p99, p999 = (
        1e6 * median(each[key] for each in found[name]) for key in ("p50", "p99", "p99.9")
    )
    return Row(
        network=problem.name,
        rows=problem.rows,
        dtype=problem.dtype,
        n_threads=n_threads,
        library=name,
        microseconds=1e6 * median(own),
        p50=p50,
        p99=p99,
        p999=p999,
        ratio=median(a / b for a, b in zip(own, ours, strict=True)),
        gflops=median(gflops),
        share=100 * median(a / b for a, b in zip(gflops, peaks, strict=True)) if peaks else None,
    )


def print_row(row: Row) -> None:
    share = "-" if row.share is None else f"{row.share:.0f} %"
    print(
        f"{row.network:<18}{row.rows:>5}{row.n_threads:>8}  {row.library:<20}"
        f"{row.microseconds:>10.2f}{row.p50:>10.2f}{row.p99:>10.2f}{row.p999:>10.2f}"
        f"{row.ratio:>8.2f}{row.gflops:>9.1f}{share:>7}",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    all_cpus = len(os.sched_getaffinity(0))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, all_cpus}))
    parser.add_argument("--networks", nargs="+", help="sizes with dashes; all by default")
    parser.add_argument("--against", nargs="+", help="opponents; all in the folder by default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a library in a round, about")
    parser.add_argument("--peak", type=Path, default=race.REPOSITORY / "build/cpp/measure_peak")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    given = args.against or race.names(HERE)
    names = [OURS, *(name for name in given if name != OURS)]
    print(f"{args.dtype}, medians of {args.rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    print(
        f"{'network':<18}{'rows':>5}{'threads':>8}  {'library':<20}{'us per call':>10}{'p50':>9}"
        f"{'p99':>10}{'p99.9':>10}{'ratio':>8}{'GFLOP/s':>9}{'peak':>7}"
    )
    rows: list[Row] = []
    for n_threads in args.threads:
        for problem in PROBLEMS:
            if args.networks and problem.name not in args.networks:
                continue
            found = measure(replace(problem, dtype=args.dtype), n_threads, names, args)
            for row in found:
                print_row(row)
            rows += found
    print(f"load after: {os.getloadavg()[0]:.1f}")
    if args.json:
        numbers = {
            "about": race.machine() | {"rounds": args.rounds},
            "rows": [asdict(row) for row in rows],
        }
        args.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
