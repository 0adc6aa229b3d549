"""What do all tests share? Dtypes, seeds, a report of the machine, and the compiled C++ tree."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import cmake_build

# Examples are drawn the same way in every run, and no test is judged by the clock.
hypothesis.settings.register_profile("chainrule", deadline=None, derandomize=True)
hypothesis.settings.load_profile("chainrule")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=0, help="seed of the tests that draw data")


def pytest_configure() -> None:
    # A shell lets programs in the background and their children ignore Ctrl-C, which tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config: pytest.Config) -> list[str]:
    import chainrule as cr

    isa = os.environ.get("CHAINRULE_ISA", "the best")
    return [
        f"chainrule {cr.__version__} from {Path(cr.__file__).parent}",
        f"asked for: CHAINRULE_ISA {isa}, --seed {config.getoption('seed')}",
    ]


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    """Each dtype a network can have."""
    return str(request.param)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run, shown in the header."""
    return int(request.config.getoption("seed"))


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A generator of test data, fresh for every test."""
    return np.random.default_rng(seed)


@dataclass(frozen=True)
class CppBuild:
    """The compiled core and its tests."""

    folder: Path

    @property
    def tests(self) -> Path:
        return self.folder / "chainrule_tests"

    def core_objects(self) -> dict[str, Path]:
        """Object files of the core by source, as in ``{"cpp/base/random.cpp": ...}``."""
        root = self.folder / "CMakeFiles" / "chainrule_core.dir"
        objects = {
            path.relative_to(root).with_suffix("").as_posix(): path for path in root.rglob("*.o")
        }
        # An object may have outlived its source.
        return {
            source: objects[source]
            for source in sorted(objects)
            if (cmake_build.REPOSITORY / source).is_file()
        }


@pytest.fixture(scope="session")
def cpp_build() -> CppBuild:
    """Compile the core with its tests into build/tests, or what changed since the last time."""
    try:
        return CppBuild(cmake_build.build("tests"))
    except RuntimeError as error:
        pytest.fail(str(error), pytrace=False)
