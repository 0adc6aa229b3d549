"""Are the right epochs in the right files, and is a fit whole when one cannot be written?"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import chainrule as cr
from helpers import state_bytes
from small_fits import Does, Script, X, Y, network

if TYPE_CHECKING:
    from pathlib import Path


def fit(checkpoint: cr.ModelCheckpoint, values: list[float]) -> list[bytes]:
    """The states at the ends of epochs with these losses."""
    script = Script(values)
    network().fit(X, Y, epochs=len(values), callbacks=[script, checkpoint])
    return script.states


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("optimizer", [False, True])
def test_every_epoch_has_its_file(optimizer: bool, tmp_path: Path) -> None:
    checkpoint = cr.ModelCheckpoint(tmp_path / "net-{epoch:03d}", optimizer=optimizer)
    states = fit(checkpoint, [3.0, 4.0, 2.0])
    assert names(tmp_path) == ["net-001", "net-002", "net-003"]
    assert checkpoint.last_path == str(tmp_path / "net-003")
    for name, state in zip(names(tmp_path), states, strict=True):
        kept = cr.from_bytes(state).to_bytes(optimizer=optimizer)
        assert (tmp_path / name).read_bytes() == kept


def test_training_goes_on_from_a_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    net = network()
    checkpoint = cr.ModelCheckpoint(tmp_path / "{epoch}", optimizer=True)
    net.fit(X, Y, epochs=5, batch_size=7, callbacks=[checkpoint])
    for epoch in range(1, 5):
        twin = cr.load(tmp_path / str(epoch))
        twin.fit(X, Y, epochs=5 - epoch, batch_size=7)
        assert state_bytes(twin) == state_bytes(net)


def test_one_name_holds_the_last_epoch(tmp_path: Path) -> None:
    states = fit(cr.ModelCheckpoint(tmp_path / "net", optimizer=True), [1.0, 2.0])
    assert names(tmp_path) == ["net"]
    assert (tmp_path / "net").read_bytes() == states[-1]


@pytest.mark.parametrize(
    ("mode", "better"), [("auto", [1, 2, 5]), ("min", [1, 2, 5]), ("max", [1, 4])]
)
def test_only_the_best_are_saved(mode: str, better: list[int], tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"save_best_only": True, "mode": mode, "optimizer": True}
    checkpoint = cr.ModelCheckpoint(tmp_path / "{epoch}", monitor="loss", **arguments)
    states = fit(checkpoint, [5.0, 4.0, 4.0, 6.0, 3.5])
    assert names(tmp_path) == [str(epoch) for epoch in better]
    assert checkpoint.last_path == str(tmp_path / names(tmp_path)[-1])
    assert checkpoint.best_epoch == better[-1]
    assert (tmp_path / names(tmp_path)[-1]).read_bytes() == states[better[-1] - 1]


def test_fields_are_the_values_of_the_epoch(tmp_path: Path) -> None:
    name = "{{x}}-{epoch}-{val_loss:.3e}-{learning_rate}"
    checkpoint = cr.ModelCheckpoint(str(tmp_path / name))
    options = {"optimizer": cr.SGD(0.25), "validation_split": 0.2}
    history = network().fit(X, Y, epochs=2, callbacks=[checkpoint], **options)
    losses = [f"{loss:.3e}" for loss in history["val_loss"]]
    assert names(tmp_path) == [f"{{x}}-1-{losses[0]}-0.25", f"{{x}}-2-{losses[1]}-0.25"]


@pytest.mark.parametrize(
    "path",
    [
        "{accuracy}",  # not recorded in this fit
        "{}",
        "{0}",
        "{epoch",
        "epoch}",
        "{epoch.first}",
        "{epoch[0]}",
        "{epoch:.3q}",
        "{loss:d}",
        "run-{epoch}/net",
    ],
)
def test_fields_that_cannot_be_filled_in_are_refused(path: str, tmp_path: Path) -> None:
    net = network()
    before = state_bytes(net)
    with pytest.raises(ValueError, match="path: expected fields that can be filled in"):
        net.fit(X, Y, callbacks=[cr.ModelCheckpoint(tmp_path / path)])
    assert state_bytes(net) == before
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("missing/net", FileNotFoundError),
        ("folder", IsADirectoryError),
        ("link", IsADirectoryError),
        ("to nowhere", FileNotFoundError),
        ("file/net", NotADirectoryError),
        ("x" * 300, OSError),
        ("/dev/null/net", NotADirectoryError),
        ("/proc/net-{epoch}", OSError),  # nobody may make files there
    ],
)
def test_a_bad_place_is_refused_before_the_first_update(
    place: str, error: type[OSError], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "to nowhere").symlink_to("missing/net")
    before_names, net = names(tmp_path), network()
    before = state_bytes(net)
    path = tmp_path / place
    with pytest.raises(error, match=r"path: no file can be written there \(") as raised:
        net.fit(X, Y, callbacks=[cr.ModelCheckpoint(path)])
    assert raised.value.filename == str(path).format(epoch=1)
    assert state_bytes(net) == before
    assert names(tmp_path) == before_names


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    fit(cr.ModelCheckpoint(tmp_path / "link"), [1.0])
    assert names(tmp_path) == ["link", "target"]
    assert (tmp_path / "link").is_symlink()


def test_a_name_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fit(cr.ModelCheckpoint("net"), [1.0])
    fit(cr.ModelCheckpoint(b"bytes"), [1.0])  # type: ignore[arg-type]
    assert names(tmp_path) == ["bytes", "net"]


def test_a_save_that_fails_comes_through_and_breaks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    checkpoint, net, script = cr.ModelCheckpoint(folder / "net"), network(), Script([1.0] * 9)
    gone = Does("on_epoch_begin", lambda run: shutil.rmtree(folder), 3)
    with pytest.raises(FileNotFoundError, match=re.escape(str(folder / "net"))):
        net.fit(X, Y, epochs=9, callbacks=[script, checkpoint, gone])
    assert net.history.n_epochs == 3
    assert state_bytes(net) == script.states[2]
    folder.mkdir()
    net.fit(X, Y, callbacks=[checkpoint])
    assert names(folder) == ["net"]


def test_the_next_fit_begins_anew(tmp_path: Path) -> None:
    checkpoint = cr.ModelCheckpoint(tmp_path / "{epoch}", monitor="loss", save_best_only=True)
    fit(checkpoint, [1.0])
    told: list[Any] = []
    look = Does("on_train_begin", lambda run: told.append(checkpoint.last_path))
    network().fit(X, Y, epochs=2, callbacks=[Script([5.0, 4.0]), checkpoint, look])
    assert told == [None]
    assert names(tmp_path) == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": 3}, TypeError, "path: expected text"),
        ({"path": "a\0b"}, ValueError, "path: expected one without NUL"),
        ({"save_best_only": 1}, TypeError, "save_best_only: expected True or False"),
        ({"optimizer": "adam"}, TypeError, "optimizer: expected True or False"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cr.ModelCheckpoint(**{"path": "net"} | arguments)
