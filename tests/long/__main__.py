"""Which tests are too long for the suite? Each is a module whose run() returns whether it passed.

python -m tests.long mutants --minutes 30
"""

from __future__ import annotations

import argparse
import importlib
import sys

TASKS = ("ulp", "products", "architectures", "fuzz", "kill", "mutants", "asan", "soak", "coverage")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.long")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long, without the build")
    arguments = parser.parse_args()
    task = importlib.import_module(f"tests.long.{arguments.task}")
    return 0 if task.run(arguments.minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
