"""Does the suite find every mistake of mutant_table.py?

All mutants are compiled at once into a copy of the tree, and CHAINRULE_MUTANT chooses one of them
for a process: one build in place of a hundred.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from tests import cmake_build
from tests.long.mutant_table import MUTANTS, Mutant

if TYPE_CHECKING:
    from pathlib import Path

CHOICE = """#pragma once
#include <cstdlib>
inline const int chainrule_mutant = std::atoi(std::getenv("CHAINRULE_MUTANT"));
"""
# A mutant that takes this many times as long as the code without one loops for ever, and is killed.
PATIENCE = 5


def run(minutes: float) -> bool:
    """Run the C++ tests, then the Python tests on the survivors; True if there are none."""
    end = time.monotonic() + 60 * minutes
    tree, left = _mutated_tree(), dict(enumerate(MUTANTS, start=1))
    for suite in (_cpp_tests, _python_tests):
        if left:
            left = _survivors(suite(tree), left, end)
    for number, mutant in left.items():
        print(f"{number:2} {mutant.file}: {mutant.what}: SURVIVED")
    print(f"{len(MUTANTS) - len(left)} mutants killed, {len(left)} survived")
    return not left


def _survivors(command: list[str], mutants: dict[int, Mutant], end: float) -> dict[int, Mutant]:
    """Run a command on each mutant; return those on which nothing fails."""
    print(" ".join(command), flush=True)
    start = time.monotonic()
    failure = _failure(command, 0, end - start)
    if failure:
        raise RuntimeError(f"fails without a mutant: {failure}")
    patience = PATIENCE * (time.monotonic() - start)
    left = {}
    for number, mutant in mutants.items():
        if time.monotonic() > end:
            raise TimeoutError(f"the time is over before mutant {number}")
        failure = _failure(command, number, patience)
        if failure is None:
            left[number] = mutant
        else:
            print(f"{number:2} {mutant.file}: {mutant.what}: killed by {failure}", flush=True)
    return left


def _mutated_tree() -> Path:
    """Copy what is compiled, with all mutants."""
    tree = cmake_build.REPOSITORY / "build" / "mutants" / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("cpp", "python", "tests/cpp"):
        shutil.copytree(cmake_build.REPOSITORY / folder, tree / folder)
    shutil.copy2(cmake_build.REPOSITORY / "CMakeLists.txt", tree)
    (tree / "choice.hpp").write_text(CHOICE)
    for file in {mutant.file for mutant in MUTANTS}:
        (tree / file).write_text(_with_mutants(file))
    return tree


def _with_mutants(file: str) -> str:
    """Return the text of a file in which a variable chooses between its code and mutants."""
    text = (cmake_build.REPOSITORY / file).read_text()
    places = [(text.index(m.text), n, m) for n, m in enumerate(MUTANTS, start=1) if m.file == file]
    for start, number, mutant in sorted(places, reverse=True):
        end = start + len(mutant.text)
        text = f"{text[:start]}{_choice(number, mutant)}{text[end:]}"
    return text


def _choice(number: int, mutant: Mutant) -> str:
    chosen = f"chainrule_mutant == {number}"
    if mutant.text.endswith(";"):
        return f"if ({chosen}) {{ {mutant.replacement} }} else {{ {mutant.text} }}"
    return f"({chosen} ? ({mutant.replacement}) : ({mutant.text}))"


def _cpp_tests(tree: Path) -> list[str]:
    folder = cmake_build.build("mutants/build", "chainrule_tests", **_settings(tree))
    return [str(folder / "chainrule_tests"), "--first"]


def _python_tests(tree: Path) -> list[str]:
    package = cmake_build.build_package("mutants/build", **_settings(tree))
    pytest = [sys.executable, "-m", "pytest", "--quiet", "--exitfirst", "tests/python"]
    return ["env", f"PYTHONPATH={package}", *pytest]


def _settings(tree: Path) -> dict[str, Any]:
    flags = f"-include {tree / 'choice.hpp'}"
    return {"source": tree, "CMAKE_CXX_FLAGS": flags, "CMAKE_UNITY_BUILD": "ON"}


def _failure(command: list[str], number: int, patience: float) -> str | None:
    """Return the first test that fails on a mutant, or how the program ended; None if all pass."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=patience,
            cwd=cmake_build.REPOSITORY,
            env=os.environ | {"CHAINRULE_MUTANT": str(number)},
        )
    except subprocess.TimeoutExpired:
        return f"a time limit of {patience:.0f} s"
    if done.returncode == 0:
        return None
    test = re.search(r"^(?:FAILED|ERROR) +(\S+)", done.stdout, re.MULTILINE)
    return test[1] if test else f"exit status {done.returncode}"
