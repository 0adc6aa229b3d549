"""Do trained weights have the recorded bytes? By SHA-256, for a program that prints them.

``python tests/trained_weights.py PROGRAM [ARGUMENT ...]`` compares, for example with
``qemu-aarch64 build/neon/trained_weights``; ``--record`` before them writes the file anew.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECORD = Path(__file__).resolve().parent / "files" / "trained_weights.json"


def digests(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Run the program, and return the digest of each case by its name."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    cases = (line.rsplit(" ", 1) for line in done.stdout.splitlines())
    return {name: hashlib.sha256(bytes.fromhex(data)).hexdigest() for name, data in cases}


def recorded() -> dict[str, str]:
    """Return the digests that must come out."""
    return dict(json.loads(RECORD.read_text()))


def main() -> None:
    """Compare or record."""
    words = sys.argv[1:]
    record = words[:1] == ["--record"]
    found = digests(words[record:])
    if record:
        RECORD.write_text(json.dumps(found, indent=1) + "\n")
        return
    expected = recorded()
    different = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    if different:
        raise SystemExit(f"{len(different)} of {len(expected)} differ: {different[:5]}")
    print(f"{len(found)} trainings have the recorded weights")


if __name__ == "__main__":
    main()
