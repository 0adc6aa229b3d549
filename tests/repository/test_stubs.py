"""Does the stub of the extension say what the extension offers?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def test_the_stub_matches_the_extension() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "chainrule._core", "--concise"]
    command += ["--allowlist", str(FOLDER / "stubtest_allowlist.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nCONTRIBUTING.md says how the stub is written anew."
    )
