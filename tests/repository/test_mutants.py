"""Is the table of mutants true to the code, so that `python -m tests.long mutants` can apply it?"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from long.mutant_table import MUTANTS, Mutant

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_mutant_applies_once(mutant: Mutant) -> None:
    assert (REPOSITORY / mutant.file).read_text().count(mutant.text) == 1
    assert mutant.replacement != mutant.text


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_mutant_is_a_whole_expression_or_statements(mutant: Mutant) -> None:
    for text in (mutant.text, mutant.replacement):
        assert all(text.count(left) == text.count(right) for left, right in ("()", "[]", "{}"))
        assert not re.search(r"[,|&*/=<?:]$|^[,|/=<>?:]", text)
    if mutant.replacement:
        assert mutant.replacement.endswith(";") == mutant.text.endswith(";")


def test_mutants_do_not_overlap() -> None:
    for file in {mutant.file for mutant in MUTANTS}:
        source = (REPOSITORY / file).read_text()
        texts = [mutant.text for mutant in MUTANTS if mutant.file == file]
        places = sorted((source.index(text), source.index(text) + len(text)) for text in texts)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(places)), file


def test_there_are_enough_mutants() -> None:
    assert len({mutant.what for mutant in MUTANTS}) == len(MUTANTS) >= 40
