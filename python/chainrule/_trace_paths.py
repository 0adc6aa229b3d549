"""What stands at the end of a block? What its sum adds, written out, and where gradients add up."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Path", "kinds_in_front", "kinds_in_order", "paths", "split_forks"]


@dataclass
class Path:
    """From one product with weights to the next: ``A2 = tanh(Z2) + A1``.

    ``value`` is the right side, ``kinds`` what it is made of in order, forks at its end left out:
    they are `skips`, the gradients which come back past the blocks that begin there.
    """

    name: str
    value: str
    kinds: list[str]
    skips: list[str]


def kinds_in_order(layers: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Iterate over what descriptions do, in order: "dense", "relu", "fork", "sum", "dropout"."""
    for layer in layers:
        if layer["type"] == "residual":
            yield "fork"
            yield from kinds_in_order(layer["block"])
            yield "sum"
        else:
            yield layer["activation"]["name"] if layer["type"] == "activation" else layer["type"]


def kinds_in_front(layers: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Iterate over what stands in front of the first weights."""
    return itertools.takewhile(lambda kind: kind != "dense", kinds_in_order(layers))


def split_forks(kinds: Iterable[str]) -> tuple[list[str], int]:
    """Return what there is without identities and forks at its end, and the number of these."""
    body = [kind for kind in kinds if kind != "identity"]
    n_forks = len(list(itertools.takewhile(lambda kind: kind == "fork", reversed(body))))
    return body[: len(body) - n_forks], n_forks


def _gradient_behind(path: Path, position: int, number: int) -> str:
    """Return the derivative of J by a sum, which stands at this position of path `number`."""
    if all(kind == "sum" for kind in path.kinds[position:]):
        return f"dA{number}"
    if all(kind == "sum" for kind in path.kinds[:position]):
        return f"dZ{number}"
    return f"∂J/∂({path.value})"


def paths(stages: Sequence[Sequence[str]]) -> list[Path]:
    """Return the paths 0..L, of which the first leads from X to the first weights."""
    found: list[Path] = []
    kept: list[tuple[str, list[str]]] = []  # what blocks in progress add, and who gets its gradient
    for number, kinds in enumerate(stages):
        body, n_forks = split_forks(kinds)
        start = f"Z{number}" if number else "X"
        path = Path(f"A{number}" if number or body else "X", start, body, [])
        for position, kind in enumerate(body):
            if kind == "fork":
                kept.append((path.value, []))
            elif kind == "sum":
                value, skips = kept.pop()
                path.value += f" + {value}"
                skips.append(_gradient_behind(path, position, number))
            else:
                path.value = f"{'σ' if kind == 'sigmoid' else kind}({path.value})"
        kept += [(path.name, path.skips)] * n_forks
        found.append(path)
    return found
