"""Does the reader of model files keep its promises for millions of files? Needs Clang.

Each fuzzer goes on from tests/cpp/fuzz/corpus and keeps what it finds in build/fuzz/corpus-NAME. A
file that breaks a promise is written to build/fuzz; given its path, the fuzzer reads just that.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests import cmake_build
from tests.long.programs import passes

if TYPE_CHECKING:
    from pathlib import Path

FUZZERS = ("fuzz_raw", "fuzz_structured", "fuzz_network")
CORPUS = cmake_build.REPOSITORY / "tests" / "cpp" / "fuzz" / "corpus"


def run(minutes: float) -> bool:
    """Run each fuzzer for its share of the time; True if none found anything."""
    folder = cmake_build.build(
        "fuzz",
        *FUZZERS,
        CMAKE_CXX_COMPILER=os.environ.get("CLANG", "clang++-14"),
        CHAINRULE_BUILD_FUZZERS="ON",
        CHAINRULE_SANITIZE="address,undefined",
    )
    passed = [_fuzz(folder, name, minutes / len(FUZZERS)) for name in FUZZERS]
    return all(passed)


def _fuzz(folder: Path, name: str, minutes: float) -> bool:
    found = folder / f"corpus-{name}"
    found.mkdir(exist_ok=True)
    options = {
        "max_total_time": max(1, round(60 * minutes)),
        "max_len": 4096,
        "entropic": 0,  # its bookkeeping takes longer than the reading
        "timeout": 10,  # seconds for one file
        "verbosity": 0,
        "print_funcs": 0,  # each name that is new takes the symbolizer seconds
        "print_final_stats": 1,
        "artifact_prefix": f"{folder}/{name}-",
    }
    flags = [f"-{option}={value}" for option, value in options.items()]
    return passes([folder / name, *flags, found, CORPUS], ASAN_OPTIONS="malloc_context_size=3")
