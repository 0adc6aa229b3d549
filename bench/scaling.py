"""What do more threads gain? One library with n threads against itself with one, in turn.

Beside it stands what as many independent FMA loops gain in the same rounds: no library can gain
more from this machine at this moment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import command_line
import race
import results

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable
    from pathlib import Path

HEADER = (
    f"{'network':<26}{'batch':>6}{'threads':>8}{'us alone':>12}{'us':>12}{'gain':>8}"
    f"{'FMA gain':>10}{'share':>8}"
)


@dataclass
class Gain:
    """A case with n threads and with one; quotients are medians over the rounds."""

    network: str
    examples: int  # of a step or call
    dtype: str
    isa: str
    n_threads: int
    library: str
    microseconds_alone: float
    microseconds: float
    gain: float  # time with one thread over that with n
    fma_gain: float | None  # the same of FMA loops
    share: float | None  # of the gain of FMA loops, per cent

    def __str__(self) -> str:
        peak = f"{'-':>10}{'-':>8}"
        if self.fma_gain is not None:
            peak = f"{self.fma_gain:>10.2f}{self.share:>6.0f} %"
        return (
            f"{self.network:<26}{self.examples:>6}{self.n_threads:>8}"
            f"{self.microseconds_alone:>12.2f}{self.microseconds:>12.2f}{self.gain:>8.2f}{peak}"
        )


def gain_of_case(
    problem: Any, answers: dict[race.Entrant, list[Any]], peaks: dict[int, list[float]]
) -> Gain:
    """Compare the two entrants, the first of which has one thread."""
    alone, together = ([answer["mean"] for answer in found] for found in answers.values())
    entrant = list(answers)[1]
    gains = [a / b for a, b in zip(alone, together, strict=True)]
    fma_gains = []
    if peaks:
        fma_gains = [b / a for a, b in zip(peaks[1], peaks[entrant.n_threads], strict=True)]
    return Gain(
        network=problem.name,
        examples=problem.examples,
        dtype=problem.dtype,
        isa=entrant.isa,
        n_threads=entrant.n_threads,
        library=entrant.name,
        microseconds_alone=1e6 * median(alone),
        microseconds=1e6 * median(together),
        gain=median(gains),
        fma_gain=median(fma_gains) if peaks else None,
        share=100 * results.median_ratio(gains, fma_gains) if peaks else None,
    )


def summary(gains: list[Gain]) -> str:
    """Say where more threads are slower than one."""
    behind = [each for each in gains if each.gain < 1]
    return f"slower than one thread: {len(behind)} of {len(gains)} cases" + "".join(
        f"\n  {each.gain:.3f}  {each.network}, batch {each.examples}, {each.n_threads} threads"
        for each in behind
    )


def run(
    folder: Path,
    ours: str,
    problems: Iterable[Any],
    check: Callable[[race.Libraries], race.Libraries],
    args: Namespace,
) -> None:
    """Race, print a line per case, and write them if that is asked for."""
    numbers = [n_threads for n_threads in args.threads if n_threads > 1]
    if not numbers:
        raise SystemExit("--scaling: expected --threads above 1")
    print(f"{args.dtype}, medians of {args.rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    print(HEADER)
    gains = []
    for isa in args.isas:
        print(f"kernels: {isa}")
        for n_threads in numbers:
            entered = [race.Entrant(ours, n, isa) for n in (1, n_threads)]
            for problem in command_line.chosen(problems, args):
                gains.append(
                    gain_of_case(problem, *race.race(folder, entered, problem, args, check))
                )
                print(gains[-1], flush=True)
    print(summary(gains))
    print(f"load after: {os.getloadavg()[0]:.1f}")
    if args.json:
        results.write(args.json, gains, args)
