"""How long does one training step take? Against other libraries, with the same number of threads.

Each library trains the same network from the same weights on the same batches in a process of its
own; first all must have the same losses. Then rounds alternate between the libraries and the FMA
peak. Printed are medians over the rounds; ratios are taken inside each round. README.md explains
the columns.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from problem import PROBLEMS, Problem

sys.path.append(str(Path(__file__).resolve().parents[1]))
import race

HERE = Path(__file__).resolve().parent
OURS = "chainrule_fit"
STEPS_COMPARED, TOLERANCE = 20, 1e-4


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

    def __str__(self) -> str:
        share = "-" if self.share is None else f"{self.share:.0f} %"
        return (
            f"{self.network:<20}{self.batch:>6}{self.n_threads:>8}  {self.library:<20}"
            f"{self.microseconds:>12.1f}{100 * self.spread:>6.0f} %{self.ratio:>8.2f}"
            f"{self.gflops:>9.1f}{share:>7}"
        )


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
        share=race.share_of_peak(gflops, peaks),
    )


def main() -> None:
    args = race.arguments(__doc__, seconds=0.3)
    names = [OURS, *(name for name in args.against or race.names(HERE) if name != OURS)]
    header = (
        f"{'network':<20}{'batch':>6}{'threads':>8}  {'library':<20}{'us per step':>12}"
        f"{'spread':>8}{'ratio':>8}{'GFLOP/s':>9}{'peak':>7}"
    )

    def measure(problem: Problem, n_threads: int) -> list[Row]:
        times, peaks = race.race(HERE, names, problem, n_threads, args, check_losses)
        return [summary(problem, n_threads, name, times, peaks) for name in times]

    race.print_table(args, header, PROBLEMS, measure)


if __name__ == "__main__":
    main()
