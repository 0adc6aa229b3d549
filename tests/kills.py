"""What does a kill during save leave? A child saves two models in turn until it is killed.

``kills.py PATH N`` kills N children and prints which models were found; anything else raises.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING, NoReturn

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Iterator


def _save_for_ever(nets: list[cr.Network], path: str) -> NoReturn:
    """Save one model after the other, and end the process if that fails."""
    signal.alarm(10)  # for a child whose parent is killed
    try:
        while True:
            for net in nets:
                net.save(path)
    finally:
        traceback.print_exc()
        os._exit(1)


def found_after_kills(path: str) -> Iterator[int]:
    """Yield after each kill which of the two models is there, 0 or 1; without end."""
    nets = [cr.mlp([64, 512, 64], seed=seed) for seed in (1, 2)]
    known = [net.to_bytes() for net in nets]
    nets[0].save(path)
    draw = random.Random(0)
    while True:
        child = os.fork()
        if child == 0:
            _save_for_ever(nets, path)
        time.sleep(draw.uniform(0.001, 0.03))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise RuntimeError("the child ended before it was killed")
        yield known.index(cr.load(path).to_bytes())


if __name__ == "__main__":
    kills = zip(range(int(sys.argv[2])), found_after_kills(sys.argv[1]), strict=False)
    print(sorted({found for _, found in kills}))
