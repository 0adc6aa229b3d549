"""What came out? A row per library and case, and files that say where and how it was measured."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from chainrule import runtime

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from race import Entrant

OWN = "chainrule"  # names of all others are opponents
PACKAGES = ("jax", "numpy", "onnxruntime", "scikit-learn", "threadpoolctl", "torch")
SETTINGS = ("isas", "random_shapes", "rounds", "seconds", "seed")


@dataclass
class Row:
    """One library on one case; times in microseconds, quotients are medians over the rounds."""

    network: str
    examples: int  # of a step or call
    dtype: str
    isa: str  # of chainrule
    n_threads: int
    library: str
    microseconds: float
    spread: float  # half the distance between the quartiles, over the median
    percentiles: dict[str, float]  # of single calls, where they are timed
    ratio: float  # time over that of the first library
    gflops: float
    peak_gflops: float | None
    share: float | None  # of the peak, per cent
    best_opponent: str | None
    lead: float | None  # time of the best opponent over the own

    def __str__(self) -> str:
        share = "-" if self.share is None else f"{self.share:.0f} %"
        best = "" if self.lead is None else f"{self.lead:>8.2f}  {self.best_opponent}"
        return (
            f"{self.network:<26}{self.examples:>6}{self.n_threads:>8}  {self.library:<20}"
            f"{self.microseconds:>12.2f}{100 * self.spread:>6.0f} %"
            + "".join(f"{value:>10.2f}" for value in self.percentiles.values())
            + f"{self.ratio:>8.2f}{self.gflops:>9.1f}{share:>7}{best}"
        )


def header(percentiles: Iterable[str]) -> str:
    """Return what stands over the rows."""
    return (
        f"{'network':<26}{'batch':>6}{'threads':>8}  {'library':<20}{'us':>12}{'spread':>8}"
        + "".join(f"{name:>10}" for name in percentiles)
        + f"{'ratio':>8}{'GFLOP/s':>9}{'peak':>7}{'lead':>8}  over"
    )


def median_ratio(times: list[float], others: list[float]) -> float:
    """Return the median of the ratios inside each round."""
    return median(a / b for a, b in zip(times, others, strict=True))


def rows_of_case(
    problem: Any, answers: dict[Entrant, list[dict[str, float]]], peaks: list[float]
) -> list[Row]:
    """Return a row of each library from the seconds that it took in each round."""
    seconds = {each: [answer["mean"] for answer in found] for each, found in answers.items()}
    first = next(iter(seconds))
    opponents = [each for each in seconds if not each.library.startswith(OWN)]
    best = min(opponents, key=lambda each: median(seconds[each]), default=None)
    rows = []
    for each, own in seconds.items():
        low, middle, high = quantiles(own, n=4)
        rates = [problem.flops / one * 1e-9 for one in own]
        rows.append(
            Row(
                network=problem.name,
                examples=problem.examples,
                dtype=problem.dtype,
                isa=each.isa,
                n_threads=each.n_threads,
                library=each.name,
                microseconds=1e6 * middle,
                spread=(high - low) / 2 / middle,
                percentiles={
                    key: 1e6 * median(answer[key] for answer in answers[each])
                    for key in answers[each][0]
                    if key != "mean"
                },
                ratio=median_ratio(own, seconds[first]),
                gflops=median(rates),
                peak_gflops=median(peaks) if peaks else None,
                share=100 * median_ratio(rates, peaks) if peaks else None,
                best_opponent=best.name if best else None,
                lead=median_ratio(seconds[best], own) if best else None,
            )
        )
    return rows


def leads(rows: list[Row], library: str) -> str:
    """Say how often a library is behind the best opponent of the case."""
    found = [row for row in rows if row.library == library and row.lead is not None]
    if not found:
        return f"{library}: no opponents"
    behind = [row for row in found if (row.lead or 0) < 1]
    return (
        f"{library}: lead over the best opponent below 1.0 in {len(behind)} of {len(found)} cases, "
        f"median {median(row.lead or 0 for row in found):.2f}"
        + "".join(
            f"\n  {row.lead:.2f}  {row.network}, batch {row.examples}, {row.n_threads} threads, "
            f"{row.isa}, {row.best_opponent}"
            for row in behind
        )
    )


def machine() -> str:
    """Return the processor's name, with the number of CPUs that may be used."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} CPUs"


def versions() -> dict[str, str]:
    """Return the versions of what takes part, as far as it is installed."""
    found = {
        "python": platform.python_version(),
        "compiler of chainrule": runtime.config()["compiler"],
    }
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Return the commit of the working tree; empty outside of one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def write(path: Path, rows: list[Any], args: Namespace) -> None:
    """Write rows, with what has to be the same where files are compared."""
    about = {
        "machine": machine(),
        "system": platform.platform(),
        "versions": versions(),
        "settings": {key: value for key, value in vars(args).items() if key in SETTINGS},
        "commit": commit(),
    }
    content = {"about": about, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n")
