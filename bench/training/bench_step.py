"""How long does one training step take? Against other libraries, with the same number of threads.

Each library trains the same network from the same weights on the same batches in a process of its
own; first all must have the same losses. Then rounds alternate between the libraries and the FMA
peak. Printed are medians over the rounds; ratios are taken inside each round. README.md explains
the columns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from problem import PROBLEMS, random_problems, spaced_problems

sys.path.append(str(Path(__file__).resolve().parents[1]))
import command_line
import scaling

if TYPE_CHECKING:
    import race

HERE = Path(__file__).resolve().parent
OURS = "chainrule_fit"
STEPS_COMPARED, TOLERANCE = 20, 1e-4


def check_losses(libraries: race.Libraries) -> race.Libraries:
    """Return those that have the network; refuse to time them unless they compute the same."""
    answers = {
        each: library.answer(ask="losses", steps=STEPS_COMPARED)
        for each, library in libraries.items()
    }
    losses = {each: answer for each, answer in answers.items() if answer is not None}
    expected = next(iter(losses.values()))
    for each, found in losses.items():
        error = max(abs(a - b) / abs(b) for a, b in zip(found, expected, strict=True))
        if not error <= TOLERANCE:
            raise SystemExit(f"{each.name}: losses differ from those of {OURS} by {error:.1e}")
    return {each: libraries[each] for each in losses}


def main() -> None:
    parser = command_line.options(__doc__, seconds=0.3)
    parser.add_argument("--random-shapes", type=int, metavar="N", help="instead of the five")
    parser.add_argument("--seed", type=int, default=0, help="of the random shapes")
    args = parser.parse_args()
    problems = PROBLEMS
    if args.random_shapes:
        problems = random_problems(args.random_shapes, args.seed)
        print(f"{args.random_shapes} random shapes, seed {args.seed}")
    if args.scaling:
        scaling.run(HERE, OURS, (*problems, *spaced_problems()), check_losses, args)
    else:
        command_line.run(HERE, OURS, problems, check_losses, args)


if __name__ == "__main__":
    main()
