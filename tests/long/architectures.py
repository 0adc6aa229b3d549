"""Are the gradients of ten thousand networks, drawn at random, those of differences?"""

from __future__ import annotations

import time

from tests.architectures import check

N = 10_000


def run(minutes: float) -> bool:
    """Check one architecture after the other; True if nothing is wrong with any."""
    end, n_done, n_wrong = time.monotonic() + 60 * minutes, 0, 0
    while n_done < N and time.monotonic() < end:
        complaint = check(n_done).complaint
        if complaint is not None:
            print(complaint, flush=True)
            n_wrong += 1
        n_done += 1
    print(f"{n_done} of {N} architectures, {n_wrong} with wrong gradients")
    return n_wrong == 0
