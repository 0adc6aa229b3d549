"""What can be done from a shell? ``chainrule train digits`` and ``chainrule config``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Sequence


class CommandError(Exception):
    """What the user can mend; shown without a traceback."""


def _load_digits() -> tuple[Any, Any, Any, Any]:
    """Return the handwritten digits that scikit-learn ships, four fifths and one fifth of them."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise CommandError(
            "the digits come with scikit-learn, which is not installed; type: "
            "pip install 'chainrule[sklearn]'"
        ) from None
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x / 16, y, test_size=0.2, stratify=y, random_state=0
    )
    return x_train, y_train, x_test, y_test


def _check_can_write(path: Path) -> None:
    """Refuse a path for a model file before the work is done, not after it."""
    if not path.absolute().parent.is_dir():
        raise CommandError(f"--out: cannot write {str(path)!r}: No such file or directory")
    if path.is_dir():
        raise CommandError(f"--out: cannot write {str(path)!r}: Is a directory")


def _train_digits(options: argparse.Namespace) -> None:
    _check_can_write(options.out)
    x_train, y_train, x_test, y_test = _load_digits()
    net = cr.mlp([64, 256, 128, 10], activation="relu", output="softmax", seed=options.seed)
    print(
        f"chainrule {cr.__version__}: UCI handwritten digits of 8 x 8 pixels, {len(x_train)} to "
        f"learn from, {len(x_test)} held out\n{net}\n"
    )
    net.fit(
        x_train,
        y_train,
        epochs=options.epochs,
        batch_size=32,
        optimizer=cr.Adam(1e-3),
        validation_split=0.1,
        verbose=2,
    )
    accuracy = net.evaluate(x_test, y_test)["accuracy"]
    net.save(options.out)
    print(
        f"\naccuracy on the {len(x_test)} held-out images: {accuracy:.4f}\n"
        "saved; use it with: import chainrule as cr; "
        f"cr.load({str(options.out)!r}).predict_classes(x)\n"
        "where a row of x has the 64 pixels of an image, divided by 16"
    )


def _show_config(_: argparse.Namespace) -> None:
    cr.show_config()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chainrule", description="Fully-connected neural networks on CPUs."
    )
    parser.add_argument("--version", action="version", version=f"chainrule {cr.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a network and save it")
    data = train.add_subparsers(required=True, metavar="DATA")
    digits = data.add_parser("digits", help="the handwritten digits that scikit-learn ships")
    digits.add_argument("--epochs", type=int, default=40, help="passes over the images (40)")
    digits.add_argument("--seed", type=int, default=0, help="seed of everything random (0)")
    digits.add_argument(
        "--out",
        type=Path,
        default=Path("digits.safetensors"),
        help="model file (digits.safetensors)",
    )
    digits.set_defaults(run=_train_digits)

    config = commands.add_parser("config", help="show versions, kernels and threads")
    config.set_defaults(run=_show_config)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 1 after an error that was told, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (CommandError, ValueError, OSError) as error:
        print(f"chainrule: error: {error}", file=sys.stderr)
        return 1
    return 0
