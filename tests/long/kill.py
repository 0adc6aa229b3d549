"""Does a kill at any moment of save leave the old file or the new one, thousands of times?"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.kills import found_after_kills


def run(minutes: float) -> bool:
    """Kill processes that save; a file that is neither model raises.

    True if each model was found, and some kills came within a save, which leaves a temporary file.
    """
    end, counts = time.monotonic() + 60 * minutes, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for found in found_after_kills(str(Path(folder, "model"))):
            counts[("one", "other")[found]] += 1
            counts["temporary files"] += remove_others(Path(folder), "model")
            if time.monotonic() > end:
                break
    print(f"{counts['one'] + counts['other']} kills: {dict(counts)}")
    return all(counts[what] > 0 for what in ("one", "other", "temporary files"))


def remove_others(folder: Path, name: str) -> int:
    """Remove what a killed save has left beside its file; return how many files that are."""
    others = [path for path in folder.iterdir() if path.name != name]
    for path in others:
        path.unlink()
    return len(others)
