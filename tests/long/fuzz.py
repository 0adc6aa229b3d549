"""Does any file end in something else than a model or a ModelFileError? libFuzzer looks for one.

What it has learnt stays in build/fuzz/corpus for the next time; a file that it finds is named in
what it prints.
"""

from __future__ import annotations

import os

from tests import cmake_build
from tests.long.programs import passes

PROGRAMS = ("fuzz_raw", "fuzz_structured", "fuzz_network")
SETTINGS = {
    "CMAKE_CXX_COMPILER": os.environ.get("CLANG", "clang++-14"),
    "CMAKE_CXX_FLAGS_RELEASE": "-O1",
    "CHAINRULE_BUILD_FUZZERS": "ON",
    "CHAINRULE_SANITIZE": "address,undefined",
}


def run(minutes: float) -> bool:
    """Run each program for its share of the time; True if none found anything."""
    folder = cmake_build.build("fuzz", *PROGRAMS, **SETTINGS)
    seconds = round(60 * minutes / len(PROGRAMS))
    seeds = cmake_build.REPOSITORY / "tests" / "files"
    well = True
    for program in PROGRAMS:
        corpus = folder / "corpus" / program
        corpus.mkdir(parents=True, exist_ok=True)
        limits = [f"-max_total_time={seconds}", "-timeout=10", f"-artifact_prefix={folder}/"]
        well = passes([folder / program, *limits, corpus, seeds]) and well
    return well
