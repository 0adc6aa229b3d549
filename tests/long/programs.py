"""How is a program run whose exit status is the answer?"""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

from tests.cmake_build import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence

# Leaves out the test whose steps have 30 s beside the predictions of six threads: code that counts
# or checks what it does needs longer.
IN_TIME = (
    "--deselect=tests/python/test_runtime.py::test_a_fit_goes_on_beside_predictions_without_a_pause"
)


def passes(command: Sequence[object], minutes: float | None = None, **variables: str) -> bool:
    """Print a command, run it in the repository; return whether it succeeded, and in time."""
    words = [str(word) for word in command]
    print(shlex.join(["env", *map("=".join, variables.items()), *words]), flush=True)
    try:
        done = subprocess.run(
            words,
            cwd=REPOSITORY,
            env=os.environ | variables,
            timeout=None if minutes is None else 60 * minutes,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"not finished after {minutes:g} minutes")
        return False
    return done.returncode == 0
