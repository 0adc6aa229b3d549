"""Are gradients right in any network? An architecture for each integer, and the check of it."""

from __future__ import annotations

from typing import NamedTuple

from .drawing import Architecture
from .trial import NothingToldError, Trial

__all__ = ["Architecture", "Result", "check"]

N_DRAWS = 50  # of layers, parameters and data


class Result(NamedTuple):
    """The architecture of a number, and one line on what is wrong with it, None if nothing."""

    architecture: Architecture
    complaint: str | None


def check(number: int) -> Result:
    """Check the first draw of a number of which differences tell something."""
    for draw in range(N_DRAWS):
        architecture = Architecture(number, draw)
        try:
            complaint = Trial(architecture).complaint()
        except NothingToldError as error:
            complaint = f"nothing told by {N_DRAWS} draws, the last: {error}"
            continue
        except (RuntimeError, TypeError, ValueError) as error:
            complaint = f"{type(error).__name__}: {error}"
        break
    return Result(
        architecture, complaint and f"python -m tests.architectures {number}: {complaint}"
    )
