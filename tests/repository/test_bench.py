"""Do the benchmarks judge rightly? What they compute is tested, what they measure is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
COMPARE = BENCH / "compare.py"
# Each with as little work as it can have, and what its last line says.
PROGRAMS = [
    (
        "training/bench_step.py",
        "--networks 8-32-32-2 --threads 1 --rounds 2 --seconds 0.01 --against numpy_by_hand",
        "load after",
    ),
    (
        "serving/bench_predict.py",
        "--networks 8-64-64-2 --threads 1 --rounds 2 --seconds 0.01 --against numpy_by_hand",
        "load after",
    ),
    ("training/bench_shuffled_fit.py", "--threads 1 --rounds 1", "wanted"),
    ("answers/bench_answers.py", "--tries 1", "wanted"),
]


def write(path: Path, seconds: dict[str, float], *, rounds: int = 15) -> Path:
    rows = [
        {
            "network": "8-32-32-2",
            "examples": 32,
            "dtype": "float32",
            "n_threads": 1,
            "isa": "avx2",
            "library": library,
            "microseconds": time,
        }
        for library, time in seconds.items()
    ]
    about = {"machine": "one", "commit": path.stem, "settings": {"rounds": rounds}}
    path.write_text(json.dumps({"about": about, "rows": rows}))
    return path


def compare(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(COMPARE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--at-least", 0.95), 1),
        (("--at-least", 0.85), 0),
        (("--at-least", 0.95, "--beside", "numpy_by_hand"), 0),
    ],
)
def test_a_slower_case_ends_with_status_1(
    tmp_path: Path, options: tuple[object, ...], status: int
) -> None:
    # chainrule took 10 % less time before, and so did NumPy: it was the machine.
    old = write(tmp_path / "old.json", {"chainrule_fit": 9.0, "numpy_by_hand": 90.0})
    new = write(tmp_path / "new.json", {"chainrule_fit": 10.0, "numpy_by_hand": 100.0})
    done = compare(old, new, *options)
    assert done.returncode == status, done.stderr
    assert done.stderr == ""
    assert ("slower" in done.stdout) == (status == 1)


def test_a_slower_opponent_is_nobodys_fault(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", {"chainrule_fit": 10.0, "numpy_by_hand": 90.0})
    new = write(tmp_path / "new.json", {"chainrule_fit": 10.0, "numpy_by_hand": 100.0})
    assert compare(old, new, "--at-least", 0.95).returncode == 0


def test_what_differs_is_warned_of(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", {"chainrule_fit": 10.0, "chainrule_step": 12.0})
    new = write(tmp_path / "new.json", {"chainrule_fit": 10.0}, rounds=3)
    warnings = compare(old, new).stderr
    assert "settings: rounds: 15 and 3" in warnings
    assert "only in one file" in warnings
    assert "chainrule_step" in warnings


def test_files_without_a_common_case_are_refused(tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", {"chainrule_fit": 10.0})
    new = write(tmp_path / "new.json", {"numpy_by_hand": 10.0})
    assert compare(old, new, "--at-least", 0.5).returncode == 2


@pytest.mark.parametrize(("program", "options", "end"), PROGRAMS)
def test_programs_run(program: str, options: str, end: str) -> None:
    command = [sys.executable, str(BENCH / program), *options.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stderr == ""
    assert done.returncode in (0, 1)  # what is wanted may be missed
    assert end in done.stdout.splitlines()[-1]
