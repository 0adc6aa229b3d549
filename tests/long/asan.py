"""Does anything read or write where it must not, or do what C++ leaves undefined?

The C++ tests and the Python tests run with the sanitizers of GCC. Left out are tests/cpp, whose
program is run here without Python around it, and of tests/repository all but the examples: those
tests read sources and object files and call nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests import cmake_build
from tests.long.programs import IN_TIME, passes

if TYPE_CHECKING:
    from pathlib import Path

# Without NDEBUG pybind11 checks, too, that references are counted with the interpreter's lock.
SETTINGS = {
    "CMAKE_CXX_COMPILER": "g++",
    "CMAKE_CXX_FLAGS_RELEASE": "-O1",
    "CMAKE_UNITY_BUILD": "ON",
    "CHAINRULE_SANITIZE": "address,undefined",
}
PYTHON_TESTS = ("tests/python", "tests/repository/test_examples.py")
LEFT_OUT = (
    # AddressSanitizer keeps freed memory for a while, and reserves terabytes of addresses.
    "--ignore=tests/python/test_memory.py",
    IN_TIME,
)
# Some tests ask for more memory than there is, which has to end in std::bad_alloc.
ASAN_OPTIONS = "allocator_may_return_null=1:detect_stack_use_after_return=1"


def run(minutes: float) -> bool:
    """Run both parts; True if nothing was reported."""
    tests = cmake_build.build("asan", "chainrule_tests", **SETTINGS) / "chainrule_tests"
    package = cmake_build.build_package("asan", **SETTINGS)
    end = time.monotonic() + 60 * minutes
    cpp = passes([tests], minutes, ASAN_OPTIONS=ASAN_OPTIONS)
    pytest = [sys.executable, "-m", "pytest", "--quiet", *PYTHON_TESTS, *LEFT_OUT]
    return passes(pytest, (end - time.monotonic()) / 60, **_python(package)) and cpp


def _python(package: Path) -> dict[str, str]:
    """Return the variables that give Python the sanitizers, the package and malloc."""
    return {
        "LD_PRELOAD": f"{_library('libasan.so')} {_library('libstdc++.so')}",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(package),
        # An interpreter frees little when it ends; leaks are searched for in the C++ tests.
        "ASAN_OPTIONS": f"{ASAN_OPTIONS}:detect_leaks=0",
    }


def _library(name: str) -> str:
    asked = ["g++", f"-print-file-name={name}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
