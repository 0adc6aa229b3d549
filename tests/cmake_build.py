"""How is the core compiled for a test? By CMake and Ninja from pip, into a folder under build/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cmake
import ninja

REPOSITORY = Path(__file__).resolve().parent.parent

# An editable install is found before anything in PYTHONPATH.
_SITECUSTOMIZE = """import sys

sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__name__.startswith("ScikitBuild")]
"""


def build(name: str, *targets: str, source: Path = REPOSITORY, **settings: object) -> Path:
    """Compile what has changed of the targets, by default all; return the folder build/<name>.

    Settings are cache variables of CMake. RuntimeError carries the output of the compiler.
    """
    folder = REPOSITORY / "build" / name
    settings = {
        "CMAKE_MAKE_PROGRAM": Path(ninja.BIN_DIR) / "ninja",
        "CMAKE_BUILD_TYPE": "Release",
        "CHAINRULE_BUILD_TESTS": "ON",
    } | settings
    defines = [f"-D{key}={value}" for key, value in settings.items()]
    _cmake("-G", "Ninja", "-S", source, "-B", folder, *defines)
    _cmake("--build", folder, "-j", os.environ.get("JOBS", "2"), "--target", *(targets or ["all"]))
    return folder


def build_package(name: str, source: Path = REPOSITORY, **settings: object) -> Path:
    """Compile the extension in build/<name>; return the folder for PYTHONPATH."""
    import pybind11

    settings |= {
        "CHAINRULE_BUILD_MODULE": "ON",
        "Python_EXECUTABLE": sys.executable,
        "pybind11_DIR": pybind11.get_cmake_dir(),
    }
    folder = build(name, "_core", source=source, **settings)
    package = folder / "python"
    shutil.rmtree(package, ignore_errors=True)
    _cmake("--install", folder, "--prefix", package, "--component", "python")
    shutil.copytree(source / "python", package, dirs_exist_ok=True, ignore=_compiled)
    (package / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    return package


def _compiled(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.endswith(".so") or name == "__pycache__"}


def _cmake(*arguments: object) -> None:
    command = [str(Path(cmake.CMAKE_BIN_DIR) / "cmake"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
