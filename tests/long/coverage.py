"""How much of cpp/ do the tests run? Needs GCC, whose gcov counts lines and branches.

Counted are the C++ tests, but for those that try the most cases, and the Python tests. A branch
that only an exception takes is none, nor is one that the compiler added; a line of a template is
one line, whatever it is compiled for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests import cmake_build
from tests.long.programs import IN_TIME, passes

if TYPE_CHECKING:
    from pathlib import Path

LEAST = {"line": 95.0, "branch": 85.0}  # per cent
SETTINGS = {
    "CMAKE_CXX_COMPILER": "g++",
    "CMAKE_CXX_FLAGS": "--coverage -fprofile-update=prefer-atomic",
    "CMAKE_CXX_FLAGS_RELEASE": "-O1",
}
MOST_CASES = ("-random_layers", "-mutations")


def run(minutes: float) -> bool:
    """Run both parts, print the files that are covered least; True if enough of all is covered."""
    package = cmake_build.build_package("coverage", **SETTINGS)
    folder = cmake_build.build("coverage", "chainrule_tests", **SETTINGS)
    for counts in folder.rglob("*.gcda"):
        counts.unlink()
    end = time.monotonic() + 60 * minutes
    pytest = [sys.executable, "-m", "pytest", "--quiet", "tests/python", IN_TIME]
    if not passes([folder / "chainrule_tests", *MOST_CASES], minutes):
        return False
    # What libgcov has to say belongs into no program's errors: tests compare those.
    variables = {"PYTHONPATH": str(package), "GCOV_ERROR_FILE": str(folder / "gcov_errors.txt")}
    if not passes(pytest, (end - time.monotonic()) / 60, **variables):
        return False
    return _enough(_summary(folder))


def _summary(folder: Path) -> dict[str, float]:
    """Return what gcovr sums up, after a table of files and pages with their lines."""
    pages, summary = folder / "pages", folder / "summary.json"
    pages.mkdir(exist_ok=True)
    options = {
        "root": cmake_build.REPOSITORY,
        "filter": cmake_build.REPOSITORY / "cpp",
        "html-details": pages / "index.html",
        "json-summary": summary,
    }
    flags = [f"--{option}={value}" for option, value in options.items()]
    flags += ["--exclude-throw-branches", "--exclude-unreachable-branches", "--merge-lines"]
    flags += ["--gcov-suspicious-hits-threshold=0"]  # kernels do run thousands of millions of times
    subprocess.run([sys.executable, "-m", "gcovr", *flags, "--txt=-", "."], cwd=folder, check=True)
    return json.loads(summary.read_text())


def _enough(summary: dict[str, float]) -> bool:
    """Print the shares of lines and branches; True if none is below its least."""
    shares = {kind: summary[f"{kind}_percent"] for kind in LEAST}
    for kind, share in shares.items():
        covered, total = summary[f"{kind}_covered"], summary[f"{kind}_total"]
        print(f"{kind}: {share} % ({covered} of {total}), {LEAST[kind]} % wanted")
    return all(shares[kind] >= least for kind, least in LEAST.items())
