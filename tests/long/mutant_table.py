"""Which mistakes in backward and optimiser code must the suite find?

Each mutant is wrong in one way in which such code is wrong in practice. `text` stands exactly once
in its file and is one expression, or whole statements with their semicolons; so is `replacement`.
The tables, one per level of cpp/, have what is wrong, the text and its replacement by file.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from .mutants_of_formulas import OF_FORMULAS
from .mutants_of_kernels import OF_KERNELS
from .mutants_of_network import OF_NETWORK


@dataclass(frozen=True)
class Mutant:
    """What is wrong, and the change in a file under cpp/ that makes it so."""

    file: str
    what: str
    text: str
    replacement: str


MUTANTS = [
    Mutant(f"cpp/{file}", *mutant)
    for file, mutants in itertools.chain.from_iterable(
        table.items() for table in (OF_FORMULAS, OF_KERNELS, OF_NETWORK)
    )
    for mutant in mutants
]
