"""How long does one prediction take? Against other libraries, with the same number of threads.

Each library predicts with the same network for the same inputs in a process of its own; first all
must have the same outputs. Then rounds alternate between the libraries and the FMA peak. Printed
are medians over the rounds; ratios are taken inside each round. README.md explains the columns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from problem import PROBLEMS, spaced_problems

sys.path.append(str(Path(__file__).resolve().parents[1]))
import command_line
import scaling

if TYPE_CHECKING:
    import race

HERE = Path(__file__).resolve().parent
OURS = "chainrule_predictor"
TOLERANCE = 1e-4


def check_outputs(libraries: race.Libraries) -> race.Libraries:
    """Return those that have the network; refuse to time them unless they compute the same."""
    answers = {each: library.answer(ask="outputs") for each, library in libraries.items()}
    outputs = {each: np.array(answer) for each, answer in answers.items() if answer is not None}
    expected = next(iter(outputs.values()))
    for each, found in outputs.items():
        error = np.abs(found - expected).max()
        if not error <= TOLERANCE:
            raise SystemExit(f"{each.name}: outputs differ from those of {OURS} by {error:.1e}")
    return {each: libraries[each] for each in outputs}


def main() -> None:
    args = command_line.options(__doc__, seconds=0.2).parse_args()
    if args.scaling:
        scaling.run(HERE, OURS, (*PROBLEMS, *spaced_problems()), check_outputs, args)
        return
    command_line.run(HERE, OURS, PROBLEMS, check_outputs, args, ("p50", "p99", "p99.9"))


if __name__ == "__main__":
    main()
