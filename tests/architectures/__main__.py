"""python -m tests.architectures 17: what is the architecture, and are its gradients right?"""

from __future__ import annotations

import argparse
import sys

from . import check


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.architectures")
    parser.add_argument("number", type=int, help="of the architecture, at least 0")
    number = parser.parse_args().number
    architecture, complaint = check(number)
    print(architecture)
    print(complaint or "gradients are right")
    return 0 if complaint is None else 1


if __name__ == "__main__":
    sys.exit(main())
