"""What do the tests of the Python layer share? All that a network knows as bytes, a fresh
interpreter, and Ctrl-C at any instruction."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

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


def interrupted(call: Callable[[], object], modules: set[str], instruction: int) -> bool:
    """Call, with a Ctrl-C before so many instructions of these modules; return whether it came."""
    left = instruction

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal left
        if frame.f_globals.get("__name__") not in modules:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    earlier = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(earlier)
    return False


def mse(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
    """Return losses and derivatives of the loss "mse", as a function of one's own."""
    error = y_pred - y_true
    return (error**2).mean(axis=1), 2 * error / error.shape[1]
