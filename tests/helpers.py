"""What do the tests of the Python layer share? All that a network knows as bytes, and a fresh
interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    import chainrule as cr

# Found from other folders too.
_PYTHONPATH = os.pathsep.join(
    str(Path(folder).resolve()) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep)
)


def state_bytes(net: cr.Network) -> bytes:
    """Parameters, optimiser state, counters, loss and seed of a network."""
    return net.to_bytes(optimizer=True)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays have the same shape, dtype and bytes."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh interpreter, with warnings as errors, and wait for it."""
    command = [sys.executable, "-W", "error", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONPATH": _PYTHONPATH} | environment,
    )


def run_code(code: str, **environment: str) -> str:
    """Run a program in a fresh interpreter and return what it printed."""
    done = run_python("-c", code, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
