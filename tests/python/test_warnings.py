"""Is a notice told where the library is first used, at the line that used it?"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import chainrule as cr

if TYPE_CHECKING:
    from pathlib import Path

FIRST_USES = {
    "building": "cr.mlp([2, 1], seed=0)",
    "building of layers": "cr.Network(2, [cr.Dense(1)], seed=0)",
    "loading": "cr.load('net.safetensors')",
    "bytes": "cr.from_bytes(open('net.safetensors', 'rb').read())",
    "pickle": "pickle.load(open('net.pickle', 'rb'))",
    "threads": "cr.get_num_threads()",
}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_a_notice_is_told_once_at_the_first_use(use: str, tmp_path: Path) -> None:
    net = cr.mlp([2, 1], seed=0)
    net.save(tmp_path / "net.safetensors")
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(net))
    script = tmp_path / "script.py"
    script.write_text(f"import pickle\nimport chainrule as cr\n{use}\n{use}\n")
    environment = os.environ | {"CHAINRULE_ISA": "sse9"}
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    warning, line = done.stderr.splitlines()
    assert warning.startswith(f"{script}:3: RuntimeWarning: CHAINRULE_ISA=sse9 is not a known tier")
    assert line.strip() == use
