"""Is each version and each minimum written once, or the same wherever it is written?"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import chainrule as cr

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
CMAKE = (REPOSITORY / "CMakeLists.txt").read_text()


def minimum(requirements: list[str], package: str) -> str:
    """The version after ``>=`` of one package."""
    (found,) = (r for r in requirements if re.match(rf"{package}\b(?!-)", r))
    return found.partition(">=")[2]


def test_the_installed_package_is_this_one() -> None:
    written = (REPOSITORY / "python" / "chainrule" / "_version.py").read_text()
    assert f'__version__ = "{cr.__version__}"' in written, "run pip install again"
    assert importlib.metadata.version("chainrule") == cr.__version__


def test_the_version_is_written_once() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert not re.search(r"project\([^)]*VERSION +\d", CMAKE)


def test_the_changelog_opens_with_this_version() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    newest = re.search(r"^## (\S+)", changelog, flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == cr.__version__


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert min(named, key=lambda v: int(v[2:])) == oldest
    readme = (REPOSITORY / "README.md").read_text()
    assert set(re.findall(r"Python (3\.\d+)", readme)) == {oldest}


def test_the_build_tools_are_the_same_everywhere() -> None:
    build = PROJECT["build-system"]["requires"]
    test = PROJECT["project"]["optional-dependencies"]["test"]
    dev = PROJECT["dependency-groups"]["dev"]
    for package in ("pybind11", "scikit-build-core"):
        assert minimum(build, package) == minimum(dev, package)
    assert f"find_package(pybind11 {minimum(build, 'pybind11')} " in CMAKE
    assert f"cmake_minimum_required(VERSION {minimum(test, 'cmake')}." in CMAKE


def test_the_compilers_are_the_same_everywhere() -> None:
    texts = [CMAKE, (REPOSITORY / "README.md").read_text(), str(PROJECT["tool"]["scikit-build"])]
    for compiler in ("GCC", "Clang"):
        oldest = {v for text in texts for v in re.findall(rf"{compiler} (\d+) or newer", text)}
        assert len(oldest) == 1, f"{compiler}: {oldest}"
