"""How long does one prediction take? Against other libraries, with the same number of threads.

Each library predicts with the same network for the same inputs in a process of its own; first all
must have the same outputs. Then rounds alternate between the libraries and the FMA peak. Printed
are medians over the rounds; ratios are taken inside each round. README.md explains the columns.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from problem import PROBLEMS, Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

HERE = Path(__file__).resolve().parent
OURS = "chainrule_predictor"
TOLERANCE = 1e-4


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

    def __str__(self) -> str:
        share = "-" if self.share is None else f"{self.share:.0f} %"
        return (
            f"{self.network:<18}{self.rows:>5}{self.n_threads:>8}  {self.library:<20}"
            f"{self.microseconds:>12.2f}{self.p50:>10.2f}{self.p99:>10.2f}{self.p999:>10.2f}"
            f"{self.ratio:>8.2f}{self.gflops:>9.1f}{share:>7}"
        )


def check_outputs(libraries: dict[str, race.Library]) -> dict[str, race.Library]:
    """Return those that have the network; refuse to time them unless they compute the same."""
    answers = {name: library.answer(ask="outputs") for name, library in libraries.items()}
    outputs = {name: np.array(answer) for name, answer in answers.items() if answer is not None}
    for name, found in outputs.items():
        error = np.abs(found - outputs[OURS]).max()
        if not error <= TOLERANCE:
            raise SystemExit(f"{name}: outputs differ from those of {OURS} by {error:.1e}")
    return {name: libraries[name] for name in outputs}


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
        share=race.share_of_peak(gflops, peaks),
    )


def main() -> None:
    args = race.arguments(__doc__, seconds=0.2)
    names = [OURS, *(name for name in args.against or race.names(HERE) if name != OURS)]
    header = (
        f"{'network':<18}{'rows':>5}{'threads':>8}  {'library':<20}{'us per call':>12}{'p50':>10}"
        f"{'p99':>10}{'p99.9':>10}{'ratio':>8}{'GFLOP/s':>9}{'peak':>7}"
    )

    def measure(problem: Problem, n_threads: int) -> list[Row]:
        found, peaks = race.race(HERE, names, problem, n_threads, args, check_outputs)
        return [summary(problem, n_threads, name, found, peaks) for name in found]

    race.print_table(args, header, PROBLEMS, measure)


if __name__ == "__main__":
    main()
