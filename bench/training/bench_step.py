"""How long does one training step take? Against other libraries, with the same number of threads.

Each library trains the same network from the same weights on the same batches in a process of its
own; first all must have the same losses. Then rounds alternate between the libraries and the FMA
peak. Printed are medians over the rounds; ratios are taken inside each round. README.md explains
the columns.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from problem import PROBLEMS, Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
OURS = "chainrule_fit"
STEPS_COMPARED, TOLERANCE = 20, 1e-4
PEAK_SECONDS = 0.02


@dataclass
class Row:
    """One library on one network; times in microseconds per step."""

    network: str
    batch: int
    dtype: str
    n_threads: int
    library: str
    microseconds: float
    spread: float  # half the distance between the quartiles, over the median
    ratio: float  # time over that of chainrule's fit
    gflops: float
    peak_gflops: float | None
    share: float | None  # of the peak, per cent


def check_losses(libraries: dict[str, race.Library]) -> dict[str, race.Library]:
    """Return those that have the network; refuse to time them unless they compute the same."""
    answers = {
        name: library.answer(ask="losses", steps=STEPS_COMPARED)
        for name, library in libraries.items()
    }
    losses = {name: answer for name, answer in answers.items() if answer is not None}
    expected = losses[OURS]
    for name, found in losses.items():
        error = max(abs(a - b) / abs(b) for a, b in zip(found, expected, strict=True))
        if not error <= TOLERANCE:
            raise SystemExit(f"{name}: losses differ from those of {OURS} by {error:.1e} of them")
    return {name: libraries[name] for name in losses}


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
        libraries = check_losses(libraries)
        for library in libraries.values():
            library.answer(ask="round", seconds=args.seconds)
        times: dict[str, list[float]] = {name: [] for name in libraries}
        peaks: list[float] = []
        for order in race.take_turns(libraries, args.rounds):
            if peak is not None:
                peaks.append(peak.round(PEAK_SECONDS))
            for name in order:
                times[name].append(libraries[name].answer(ask="round", seconds=args.seconds))
    return [summary(problem, n_threads, name, times, peaks) for name in times]


def summary(
    problem: Problem, n_threads: int, name: str, times: dict[str, list[float]], peaks: list[float]
) -> Row:
    """Return the medians of a library."""
    own = times[name]
    low, middle, high = quantiles(own, n=4)
    gflops = [problem.flops / seconds * 1e-9 for seconds in own]
    return Row(
        network=problem.name,
        batch=problem.batch,
        dtype=problem.dtype,
        n_threads=n_threads,
        library=name,
        microseconds=1e6 * middle,
        spread=(high - low) / 2 / middle,
        ratio=median(a / b for a, b in zip(own, times[OURS], strict=True)),
        gflops=median(gflops),
        peak_gflops=median(peaks) if peaks else None,
        share=100 * median(a / b for a, b in zip(gflops, peaks, strict=True)) if peaks else None,
    )


def print_row(row: Row) -> None:
    share = "-" if row.share is None else f"{row.share:.0f} %"
    print(
        f"{row.network:<20}{row.batch:>6}{row.n_threads:>8}  {row.library:<16}"
        f"{row.microseconds:>12.1f}{100 * row.spread:>6.0f} %{row.ratio:>8.2f}{row.gflops:>9.1f}"
        f"{share:>7}",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    all_cpus = len(os.sched_getaffinity(0))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, all_cpus}))
    parser.add_argument("--networks", nargs="+", help="sizes with dashes; all five by default")
    parser.add_argument("--against", nargs="+", help="opponents; all in the folder by default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a library in a round, about")
    parser.add_argument("--peak", type=Path, default=race.REPOSITORY / "build/cpp/measure_peak")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    given = args.against or race.names(HERE)
    names = [OURS, *(name for name in given if name != OURS)]
    print(f"{args.dtype}, medians of {args.rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    print(
        f"{'network':<20}{'batch':>6}{'threads':>8}  {'library':<16}{'us per step':>12}"
        f"{'spread':>8}{'ratio':>8}{'GFLOP/s':>9}{'peak':>7}"
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
        about = race.machine() | {"rounds": args.rounds}
        numbers = {"about": about, "rows": [asdict(row) for row in rows]}
        args.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
