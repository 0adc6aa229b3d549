"""What is raced, and with what? The command line that races of training and serving share."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import race
import results

from chainrule import runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPOSITORY = Path(__file__).resolve().parents[1]


def options(doc: str, seconds: float) -> ArgumentParser:
    """Return the options of a race whose rounds take about `seconds` per library."""
    parser = ArgumentParser(description=doc.partition("\n")[0])
    all_cpus = len(os.sched_getaffinity(0))
    isa, *tiers = re.findall(r"\w+", runtime.config()["kernels"].replace("available", ""))
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument(
        "--isas",
        nargs="+",
        choices=tiers,
        default=[isa],
        help="tiers of chainrule",
    )
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, all_cpus}))
    parser.add_argument("--networks", nargs="+", help="sizes with dashes; all by default")
    parser.add_argument("--against", nargs="*", help="opponents; all in the folder by default")
    parser.add_argument(
        "--against-package", nargs="+", default=[], help="folders with other versions of chainrule"
    )
    parser.add_argument(
        "--scaling", action="store_true", help="chainrule alone: one thread against more"
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--seconds", type=float, default=seconds, help="of a library in a round, about"
    )
    parser.add_argument("--peak", type=Path, default=REPOSITORY / "build/cpp/measure_peak")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    return parser


def entrants(
    folder: Path, ours: str, n_threads: int, isa: str, args: Namespace
) -> list[race.Entrant]:
    """Return those that the command line names; `ours` comes first, then other versions of it."""
    names = sorted(path.stem for path in (folder / "opponents").glob("*.py"))
    others = names if args.against is None else args.against
    return [
        *(race.Entrant(ours, n_threads, isa, package) for package in ("", *args.against_package)),
        *(race.Entrant(name, n_threads, isa) for name in others if name != ours),
    ]


def chosen(problems: Iterable[Any], args: Namespace) -> list[Any]:
    """Return the problems whose networks the command line names, in its type."""
    found = [
        replace(problem, dtype=args.dtype)
        for problem in problems
        if not args.networks or problem.name in args.networks
    ]
    if not found:
        raise SystemExit(f"--networks: none of {', '.join(problem.name for problem in problems)}")
    return found


def run(
    folder: Path,
    ours: str,
    problems: Iterable[Any],
    check: Callable[[race.Libraries], race.Libraries],
    args: Namespace,
    percentiles: Iterable[str] = (),
) -> None:
    """Race, print a row per library and case, and write them if that is asked for."""
    print(f"{args.dtype}, medians of {args.rounds} rounds; load before: {os.getloadavg()[0]:.1f}")
    print(results.header(percentiles))
    rows: list[results.Row] = []
    for isa in args.isas:
        print(f"kernels: {isa}")
        for n_threads in args.threads:
            for problem in chosen(problems, args):
                entered = entrants(folder, ours, n_threads, isa, args)
                found, peaks = race.race(folder, entered, problem, args, check)
                case = results.rows_of_case(problem, found, peaks.get(n_threads, []))
                print(*case, sep="\n", flush=True)
                rows += case
    print(results.leads(rows, ours))
    print(f"load after: {os.getloadavg()[0]:.1f}")
    if args.json:
        results.write(args.json, rows, args)
