"""Is every epoch in the file when it ends, exactly, and is no other file spoiled?"""

from __future__ import annotations

import csv
import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from helpers import run_python, state_bytes
from small_fits import Does, Script, X, Y, network

LOGGERS = [cr.CSVLogger, cr.JSONLLogger]


def refuse_constant(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


def rows(path: Path, logger: type[Any]) -> list[dict[str, float | None]]:
    """What a file of this logger tells."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    if logger is cr.CSVLogger:
        table = csv.DictReader(text.splitlines(), strict=True)
        return [{key: float(value) for key, value in row.items()} for row in table]
    return [json.loads(line, parse_constant=refuse_constant) for line in text.splitlines()]


@pytest.mark.parametrize("logger", LOGGERS)
def test_a_file_has_the_history_exactly(logger: type[Any], tmp_path: Path) -> None:
    net = cr.mlp([3, 6, 1], output="sigmoid", seed=0)
    callbacks = [logger(tmp_path / "log")]
    history = net.fit(X, Y > 0, epochs=3, validation_split=0.2, callbacks=callbacks)
    found = rows(tmp_path / "log", logger)
    assert [list(row) for row in found] == [["epoch", *history]] * 3
    assert [row.pop("epoch") for row in found] == [1, 2, 3]
    assert {key: [row[key] for row in found] for key in history} == dict(history)


@pytest.mark.parametrize("logger", LOGGERS)
def test_a_line_is_there_when_its_epoch_ends(logger: type[Any], tmp_path: Path) -> None:
    seen: list[int] = []
    look = Does("on_epoch_end", lambda run: seen.append(len(rows(tmp_path / "log", logger))))
    network().fit(X, Y, epochs=3, callbacks=[logger(tmp_path / "log"), look])
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("logger", LOGGERS)
def test_lines_survive_a_killed_process(logger: type[Any], tmp_path: Path) -> None:
    done = run_python(
        "-c",
        "import os, signal, numpy as np, chainrule as cr\n"
        "def kill(run): run.epoch == 3 and os.kill(os.getpid(), signal.SIGKILL)\n"
        f"callbacks = [cr.{logger.__name__}({str(tmp_path / 'log')!r}),\n"
        "             cr.LambdaCallback(on_epoch_begin=kill)]\n"
        "cr.mlp([2, 1]).fit(np.ones((4, 2)), np.ones(4), epochs=9, callbacks=callbacks)",
    )
    assert done.returncode == -signal.SIGKILL
    assert [row["epoch"] for row in rows(tmp_path / "log", logger)] == [1, 2]


@pytest.mark.parametrize("logger", LOGGERS)
def test_numbers_that_are_not_finite(logger: type[Any], tmp_path: Path) -> None:
    values = [math.inf, -math.inf, math.nan, 5e-324]
    callbacks = [Script(values), logger(tmp_path / "log")]
    network().fit(X, Y, epochs=4, callbacks=callbacks)
    found = [row["loss"] for row in rows(tmp_path / "log", logger)]
    if logger is cr.CSVLogger:
        assert [repr(value) for value in found] == ["inf", "-inf", "nan", "5e-324"]
    else:
        assert found == [None, None, None, 5e-324]


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("logger", LOGGERS)
def test_a_second_fit_replaces_or_appends(logger: type[Any], append: bool, tmp_path: Path) -> None:
    log, net = logger(tmp_path / "log", append=append), network()
    for epochs in (2, 3):
        net.fit(X, Y, epochs=epochs, callbacks=[log])
    found = rows(tmp_path / "log", logger)
    assert [row["epoch"] for row in found] == ([1, 2, 1, 2, 3] if append else [1, 2, 3])
    assert [row["loss"] for row in found] == net.history["loss"][0 if append else 2 :]


@pytest.mark.parametrize("logger", LOGGERS)
def test_appending_to_an_empty_file_begins_it(logger: type[Any], tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    network().fit(X, Y, callbacks=[logger(tmp_path / "log", append=True)])
    assert len(rows(tmp_path / "log", logger)) == 1


@pytest.mark.parametrize("logger", LOGGERS)
def test_nothing_follows_a_line_that_is_cut_off(logger: type[Any], tmp_path: Path) -> None:
    log, net = logger(tmp_path / "log", append=True), network()
    net.fit(X, Y, callbacks=[log])
    whole = (tmp_path / "log").read_bytes()
    before = state_bytes(net)
    for length in range(1, len(whole)):
        (tmp_path / "log").write_bytes(whole[:length])
        if whole[length - 1 : length] != b"\n":
            with pytest.raises(ValueError, match=r"path: the last line of .* is cut off"):
                net.fit(X, Y, callbacks=[log])
            assert (tmp_path / "log").read_bytes() == whole[:length]
    assert state_bytes(net) == before


@pytest.mark.parametrize(
    "text", ["epoch,loss\n", "other\n1\n", "epoch;loss;learning_rate;seconds\n", "\xe4\n", "\n"]
)
def test_nothing_follows_other_columns(text: str, tmp_path: Path) -> None:
    net, path = network(), tmp_path / "log.csv"
    path.write_text(text, encoding="latin-1")
    before = state_bytes(net)
    with pytest.raises(ValueError, match=r"path: expected .* begins with 'epoch,.*, got "):
        net.fit(X, Y, callbacks=[cr.CSVLogger(path, append=True)])
    assert state_bytes(net) == before
    assert path.read_text(encoding="latin-1") == text


def test_json_follows_json_alone(tmp_path: Path) -> None:
    net, path = network(), tmp_path / "log"
    path.write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(ValueError, match=r"path: expected .* begins with '\{', got 'epoch,loss"):
        net.fit(X, Y, callbacks=[cr.JSONLLogger(path, append=True)])
    assert path.read_text() == "epoch,loss\n1,0.5\n"


def test_fits_with_other_values_share_a_file_of_json_lines(tmp_path: Path) -> None:
    log, net = cr.JSONLLogger(tmp_path / "log", append=True), network()
    net.fit(X, Y, callbacks=[log])
    net.fit(X, Y, validation_split=0.2, callbacks=[log])
    assert [len(row) for row in rows(tmp_path / "log", cr.JSONLLogger)] == [4, 5]


@pytest.mark.parametrize("separator", [";", "\t", " ", ".", "1"])
def test_values_are_told_apart_by_any_separator(separator: str, tmp_path: Path) -> None:
    log = cr.CSVLogger(tmp_path / "log.csv", separator=separator)
    history = network().fit(X, Y, epochs=2, callbacks=[log])
    with (tmp_path / "log.csv").open(newline="") as file:
        table = list(csv.reader(file, delimiter=separator, strict=True))
    assert table[0] == ["epoch", *history]
    assert [float(row[1]) for row in table[1:]] == history["loss"]


@pytest.mark.parametrize(
    ("separator", "error"),
    [*((text, ValueError) for text in ("", ", ", "\n", "\r", '"')), (b",", TypeError)],
)
def test_a_separator_that_is_none_is_refused(separator: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="separator: expected one character"):
        cr.CSVLogger("log.csv", separator=separator)


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("logger", LOGGERS)
@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("missing/log", FileNotFoundError),
        (".", IsADirectoryError),
        ("file/log", NotADirectoryError),
        ("x" * 300, OSError),
    ],
)
def test_a_bad_place_is_refused_before_the_first_update(
    place: str, error: type[OSError], logger: type[Any], append: bool, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    net, path = network(), str(tmp_path / place)
    before = state_bytes(net)
    with pytest.raises(error) as raised:
        net.fit(X, Y, callbacks=[logger(path, append=append)])
    assert os.fspath(raised.value.filename) == str(Path(path))
    assert state_bytes(net) == before


@pytest.mark.parametrize("logger", LOGGERS)
def test_a_full_disk_comes_through_and_breaks_nothing(logger: type[Any]) -> None:
    net, script = network(), Script([1.0] * 9)
    before = state_bytes(net)
    with pytest.raises(OSError, match="No space left on device"):
        net.fit(X, Y, epochs=9, callbacks=[script, logger("/dev/full")])
    if logger is cr.CSVLogger:  # the names did not fit in
        assert state_bytes(net) == before
    else:
        assert state_bytes(net) == script.states[0]
        assert net.history.n_epochs == 1
    twin = cr.from_bytes(state_bytes(net))
    for each in (net, twin):
        each.fit(X, Y)
    assert state_bytes(net) == state_bytes(twin)


@pytest.mark.parametrize("logger", LOGGERS)
def test_the_file_is_closed_however_training_ends(logger: type[Any], tmp_path: Path) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise KeyboardInterrupt

    open_files = len(list(Path("/proc/self/fd").iterdir()))
    callbacks = [logger(tmp_path / "log"), Does("on_epoch_begin", fail, 3)]
    with pytest.raises(KeyboardInterrupt):
        network().fit(X, Y, epochs=9, callbacks=callbacks)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files
    assert [row["epoch"] for row in rows(tmp_path / "log", logger)] == [1, 2]


@pytest.mark.parametrize("logger", LOGGERS)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": None}, TypeError, "path: expected text"),
        ({"path": "a\0b"}, ValueError, "path: expected one without NUL"),
        ({"append": 1}, TypeError, "append: expected True or False"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(
    logger: type[Any], arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        logger(**{"path": "log"} | arguments)
