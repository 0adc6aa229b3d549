"""Which way did the numbers come about? Switches and counters of the core that tests need.

`path_counters` says how many updates were fused into the backward pass and how many were sweeps
over all parameters, how many operations, or predictions in tiles of rows, were shared between
threads, how many were such predictions, and the most threads that took part in one. With
`set_wait_for_all_workers(True)` a shared operation begins only when all its threads have.
`available_isas` are the kernels that this machine can run, best first; `break_isa`, before anything
else, makes some of them seem to be wrong.
"""

from __future__ import annotations

from chainrule._core import (
    available_isas,
    break_isa,
    isa,
    path_counters,
    reset_path_counters,
    set_wait_for_all_workers,
)

__all__ = [
    "available_isas",
    "break_isa",
    "isa",
    "path_counters",
    "reset_path_counters",
    "set_wait_for_all_workers",
]
