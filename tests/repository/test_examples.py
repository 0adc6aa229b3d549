"""Do the examples run, in README.md and in the docstrings, and do they print what they show?"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import chainrule as cr
from public_objects import MODULES, PUBLIC_OBJECTS

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


class Fence(NamedTuple):
    """A code block of README.md."""

    language: str
    text: str


FENCES = [Fence(*found) for found in re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", README)]


def test_the_first_two_commands_are_one_line_each() -> None:
    train, test = (fence.text for fence in FENCES[:2])
    assert {fence.language for fence in FENCES[:2]} == {"sh"}
    assert train.count("\n") == test.count("\n") == 1
    assert "chainrule train" in train
    assert "pytest" in test
    assert all("python3 -m venv" in command for command in (train, test))


def test_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for position, fence in enumerate(FENCES):
        if fence.language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(fence.text, "README.md", "exec"), names)
        follower = FENCES[position + 1] if position + 1 < len(FENCES) else None
        if follower and follower.language == "text":
            assert printed.getvalue().splitlines() == follower.text.splitlines()
        else:
            assert printed.getvalue() == ""


# What the lists of the README leave out: bases of one's own classes, and what is made by others.
NOT_LISTED = {"Callback", "NetworkLayer", "Noise", "Norm", "Run", "Schedule", "names"}


@pytest.mark.parametrize(
    "family",
    [
        *("layers", "activations", "initializers", "losses"),
        *("optimizers", "schedules", "callbacks", "metrics"),
    ],
)
def test_the_readme_names_all_there_is(family: str) -> None:
    row = re.search(rf"(?m)^\| \[{family}\]\((\S+)\) \| (.*) \|$", README)
    assert row is not None
    assert (REPOSITORY / row[1]).exists()
    module = getattr(cr, family)
    by_name = family not in ("layers", "schedules", "callbacks")
    expected = module.names() if by_name else set(module.__all__) - NOT_LISTED
    assert sorted(re.findall(r"`(\w+)`", row[2])) == sorted(expected)


@pytest.mark.parametrize("public", PUBLIC_OBJECTS | MODULES)
def test_the_examples_of_a_docstring_run(
    public: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    finder = doctest.DocTestFinder(recurse=False)
    report = io.StringIO()
    for test in finder.find((PUBLIC_OBJECTS | MODULES)[public], public, globs={"cr": cr, "np": np}):
        runner.run(test, out=report.write)
    assert runner.summarize(verbose=False).failed == 0, report.getvalue()
