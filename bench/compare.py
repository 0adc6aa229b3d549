"""Has anything become slower? Two files that `--json` wrote, from two versions or two machines.

The ratio is old time over new: above 1, the new one is faster. Times of different runs say little;
with ``--beside numpy_by_hand`` both are first divided by those of a library that is the same on
both sides. With ``--at-least`` the exit status is 1 if chainrule is slower than that in any case.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from typing import Any

CASE = ("network", "examples", "dtype", "n_threads", "isa")
OWN = "chainrule"

Case = tuple[Any, ...]
Times = dict[tuple[Case, str], float]


def times(rows: list[dict[str, Any]], *, with_isa: bool, beside: str | None = None) -> Times:
    """Return the time of each (case, library), in microseconds or in times of that of `beside`."""
    keys = CASE if with_isa else CASE[:-1]
    found = {(tuple(row[key] for key in keys), row["library"]): row["microseconds"] for row in rows}
    if beside is None:
        return found
    return {
        (case, library): time / found[case, beside]
        for (case, library), time in found.items()
        if (case, beside) in found
    }


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Return what differs in how two files were measured; the commit may."""
    found = []
    for key in sorted((old.keys() | new.keys()) - {"commit"}):
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found += differences(a, b, f"{prefix}{key}: ")
        elif a != b:
            found.append(f"{prefix}{key}: {a} and {b}")
    return found


def all_times(old: dict[str, Any], new: dict[str, Any], beside: str | None) -> tuple[Times, Times]:
    """Return the times of both files by the same kind of case."""
    isas = [{row["isa"] for row in content["rows"]} for content in (old, new)]
    # The best tiers of two machines are compared even if they are not the same.
    with_isa = any(len(each) > 1 for each in isas)
    old_times, new_times = (
        times(content["rows"], with_isa=with_isa, beside=beside) for content in (old, new)
    )
    return old_times, new_times


def slower(old: Times, new: Times, at_least: float) -> list[tuple[Case, str]]:
    """Return the cases of chainrule whose ratio is less than `at_least`."""
    return [key for key in new if key[1].startswith(OWN) and not old[key] / new[key] >= at_least]


def print_table(old: Times, new: Times, marked: list[tuple[Case, str]]) -> None:
    """Print a line per case and library, and the median of chainrule's ratios."""
    print(f"{'case':<52}{'library':<24}{'old':>12}{'new':>12}{'ratio':>8}")
    for key in new:
        case, library = key
        mark = "  slower" if key in marked else ""
        print(
            f"{', '.join(map(str, case)):<52}{library:<24}{old[key]:>12.2f}{new[key]:>12.2f}"
            f"{old[key] / new[key]:>8.3f}{mark}"
        )
    ratios = [old[key] / new[key] for key in new if key[1].startswith(OWN)]
    if ratios:
        print(f"{OWN}: median ratio {median(ratios):.3f} of {len(ratios)}, least {min(ratios):.3f}")


def main() -> None:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--beside", metavar="LIBRARY", help="divide by its times in the same file")
    parser.add_argument("--at-least", type=float, metavar="RATIO", help="else exit status 1")
    args = parser.parse_args()
    old, new = (json.loads(path.read_text()) for path in (args.old, args.new))
    for difference in differences(old["about"], new["about"]):
        print(f"warning: different {difference}", file=sys.stderr)
    old_times, new_times = all_times(old, new, args.beside)
    for case, library in old_times.keys() ^ new_times.keys():
        print(f"warning: only in one file: {case}, {library}", file=sys.stderr)
    new_times = {key: time for key, time in new_times.items() if key in old_times}
    if not any(library.startswith(OWN) for _, library in new_times):
        parser.error("the files have no case of chainrule in common")
    marked = []
    if args.at_least is not None:
        marked = slower(old_times, new_times, args.at_least)
    print_table(old_times, new_times, marked)
    sys.exit(bool(marked))


if __name__ == "__main__":
    main()
