"""Do the tests of the C++ core pass? Compiled and run here, so that `pytest` runs everything."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trained_weights
from chainrule import _testing

if TYPE_CHECKING:
    from conftest import CppBuild

FOLDER = Path(__file__).resolve().parent


def test_core(cpp_build: CppBuild) -> None:
    done = subprocess.run([cpp_build.tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    # A file that CMakeLists.txt does not name would otherwise be missed in silence.
    written = [
        name
        for path in FOLDER.rglob("*.cpp")
        for name in re.findall(r"^TEST\((\w+)\)", path.read_text(), flags=re.MULTILINE)
    ]
    ran = re.findall(r"^passed +(\S+)$", done.stdout, flags=re.MULTILINE)
    assert sorted(ran) == sorted(written)


@pytest.mark.parametrize("tier", [tier for tier in _testing.available_isas() if tier != "scalar"])
def test_trained_weights_are_those_of_every_machine(tier: str, cpp_build: CppBuild) -> None:
    # The scalar tier has no FMA and bits of its own.
    found = trained_weights.digests(
        [cpp_build.folder / "trained_weights"], env={**os.environ, "CHAINRULE_ISA": tier}
    )
    assert found == trained_weights.recorded()
