"""Do the commands do what they say, and tell in words what a person can mend?"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sklearn.datasets

import chainrule as cr
from chainrule import _cli
from helpers import run_python

if TYPE_CHECKING:
    from pathlib import Path


def command(*words: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of ``python -m chainrule``."""
    done = run_python("-m", "chainrule", *words, **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_train_digits_and_use_what_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output, errors = command("train", "digits", "--epochs", "2")
    assert (code, errors) == (0, "")
    assert output.startswith(f"chainrule {cr.__version__}: ")
    assert re.findall(r"^epoch (\d)/2  loss .* val_accuracy 0\.\d{4}  ", output, re.MULTILINE) == [
        "1",
        "2",
    ]
    accuracy = re.search(r"^accuracy on the 360 held-out images: (0\.\d{4})$", output, re.MULTILINE)
    assert accuracy is not None
    assert float(accuracy[1]) > 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["digits.safetensors"]
    line = re.search(r"^saved; use it with: (.*)$", output, re.MULTILINE)
    assert line is not None
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    names: dict[str, object] = {"x": x / 16}
    *statements, expression = line[1].split("; ")
    exec("\n".join(statements), names)
    assert np.mean(eval(expression, names) == y) > 0.5


def test_the_same_seed_saves_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a b", tmp_path / "second"]
    for path in paths:
        assert (
            command("train", "digits", "--epochs", "1", "--seed", "5", "--out", str(path))[0] == 0
        )
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert cr.load(paths[0]).seed == 5


def test_version_and_configuration() -> None:
    assert command("--version") == (0, f"chainrule {cr.__version__}\n", "")
    code, output, _ = command("config")
    assert code == 0
    assert output.split()[:2] == ["chainrule", cr.__version__]


@pytest.mark.parametrize(
    "words",
    ["", "fly", "train", "train fish", "train digits --epochs many", "train digits --fast"],
)
def test_what_is_no_command_ends_with_2_and_the_usage(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        _cli.main(words.split())
    assert raised.value.code == 2
    assert capsys.readouterr().err.startswith("usage: chainrule")
    if words == "fly":
        assert command(words)[0] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "0"], "epochs: expected at least 1, got 0"),
        (["--seed", "-1"], "seed: expected at least 0, got -1"),
        (["--epochs", "1", "--out", "missing/model"], "No such file or directory"),
        (["--epochs", "1", "--out", "."], "Is a directory"),
    ],
)
def test_errors_are_told_without_a_traceback(
    words: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _cli.main(["train", "digits", *words]) == 1
    printed, errors = capsys.readouterr()
    assert "epoch 1" not in printed
    assert errors.count("\n") == 1
    assert errors.startswith("chainrule: error: ")
    assert message in errors
    assert list(tmp_path.iterdir()) == []


def test_without_scikit_learn_the_remedy_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert _cli.main(["train", "digits"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "pip install 'chainrule[sklearn]'" in captured.err


def test_ctrl_c_ends_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_cli, "_load_digits", interrupt)
    assert _cli.main(["train", "digits"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
