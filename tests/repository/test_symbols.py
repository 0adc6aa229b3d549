"""Does the machine code keep the promises? Read from the core's object files and the extension."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CppBuild

# Tiers with instructions beyond the baseline, each with what it must not contain.
WIDE_TIERS = {"avx2": r"%zmm|%k[0-7]|%[xy]mm(1[6-9]|2\d|3[01])", "avx512": r"\bnothing\b"}
TIERS = ("scalar", *WIDE_TIERS)

# Instructions that only estimate, so that processors differ; the same bits are promised.
ESTIMATES = r"\bv?(rsqrt|rcp|getexp|scalef|exp2p)\w*|\bfr(sqrt|ecp)[exs]\b"


def isa_source(tier: str) -> str:
    return f"cpp/kernels/isa/{tier}.cpp"


def _binutils(tool: str, *arguments: object) -> str:
    command = shutil.which(tool) or shutil.which(f"llvm-{tool}")
    if command is None:
        pytest.fail(f"{tool} is missing: install binutils or llvm", pytrace=False)
    words = [command, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@functools.cache
def instructions(path: Path) -> list[str]:
    """Each instruction as `mnemonic operands`, in AT&T syntax."""
    listing = _binutils("objdump", "-d", "--no-show-raw-insn", path)
    return re.findall(r"^ *[0-9a-f]+:\s+(\S.*)$", listing, flags=re.MULTILINE)


def symbols(path: Path) -> list[tuple[str, str]]:
    """(class letter of nm, demangled name) of each symbol that is defined here."""
    listing = _binutils("nm", "-C", "--defined-only", path)
    return re.findall(r"^[0-9a-f]* ([A-Za-z]) (.*)$", listing, flags=re.MULTILINE)


def assert_none(path: Path, pattern: str) -> None:
    found = sorted({line for line in instructions(path) if re.search(pattern, line)})
    assert found == [], f"{path.name}: {found[:5]}"


def test_there_is_something_to_read(cpp_build: CppBuild) -> None:
    objects = cpp_build.core_objects()
    assert {isa_source(tier) for tier in TIERS} <= objects.keys()
    assert all(instructions(path) for path in objects.values())


def extension() -> Path:
    found = importlib.util.find_spec("chainrule._core")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


def test_no_estimates(cpp_build: CppBuild) -> None:
    for path in [*cpp_build.core_objects().values(), extension()]:
        assert_none(path, ESTIMATES)


def test_the_extension_brings_no_other_threads() -> None:
    # A second OpenMP runtime in a process is a classic of crashes and deadlocks.
    needed = re.findall(r"NEEDED +(\S+)", _binutils("objdump", "-p", extension()))
    assert any(name.startswith("libc.") for name in needed)
    assert not [name for name in needed if re.search("omp|blas|mkl|tbb", name)]


def test_the_baseline_runs_everywhere(cpp_build: CppBuild) -> None:
    # What came after SSE4.2: AVX, FMA and AVX-512 begin with v; BMI, LZCNT and MOVBE are named.
    named = "andn|bextr|blsi|blsr|blsmsk|bzhi|lzcnt|movbe|mulx|pdep|pext|rorx|sarx|shlx|shrx"
    later = rf"^(v|({named})[lq]?\s)"
    wide = {isa_source(tier) for tier in WIDE_TIERS}
    for source, path in cpp_build.core_objects().items():
        if source not in wide:
            assert_none(path, later)


@pytest.mark.parametrize("tier", WIDE_TIERS)
def test_a_wide_tier_stays_within_its_instructions(tier: str, cpp_build: CppBuild) -> None:
    path = cpp_build.core_objects()[isa_source(tier)]
    assert any("vfmadd" in line for line in instructions(path))
    assert_none(path, WIDE_TIERS[tier])


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_shares_no_code(tier: str, cpp_build: CppBuild) -> None:
    # A function that two objects offer would be taken from either, whatever processor it is for.
    path = cpp_build.core_objects()[isa_source(tier)]
    for kind, symbol in symbols(path):
        if kind in "WVu":
            # nm leaves some long names as they are.
            namespaces = (f"chainrule::{tier}::", f"N9chainrule{len(tier)}{tier}")
            assert any(namespace in symbol for namespace in namespaces), f"weak: {symbol}"
        elif kind.isupper():
            assert re.fullmatch(rf"chainrule::{tier}::\w*table\w*(\(.*\))?", symbol), symbol


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_runs_nothing_at_start(tier: str, cpp_build: CppBuild) -> None:
    path = cpp_build.core_objects()[isa_source(tier)]
    assert ".init_array" not in _binutils("objdump", "-h", path)
