"""Do the callbacks that watch a value find it, and do they know what is better?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
from helpers import state_bytes
from small_fits import CALLBACKS, Does, Script, X, Y, make, network, parameters

if TYPE_CHECKING:
    from pathlib import Path

WATCHING = [name for name in CALLBACKS if "monitor" in parameters(name)]


@pytest.mark.parametrize("name", WATCHING)
def test_an_unknown_monitor_is_refused_before_the_first_update(name: str, tmp_path: Path) -> None:
    net = network()
    before = state_bytes(net)
    for arguments in ({}, {"validation_split": 0.2}):
        with pytest.raises(ValueError, match=r"monitor: 'val_los' .* expected one of loss, "):
            net.fit(X, Y, callbacks=[make(name, tmp_path, monitor="val_los")], **arguments)
    with pytest.raises(ValueError, match="; give validation_data or validation_split"):
        net.fit(X, Y, callbacks=[make(name, tmp_path, monitor="val_loss")])
    assert state_bytes(net) == before
    assert net.history.n_epochs == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", WATCHING)
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"monitor": 3}, TypeError, "monitor: expected a key of the history or None, got 3"),
        ({"monitor": b"loss"}, TypeError, "monitor: expected a key"),
        ({"mode": "least"}, ValueError, "mode: expected 'auto', 'min' or 'max', got 'least'"),
        ({"mode": None}, TypeError, "mode: expected"),
        ({"mode": np.array(["min", "max"])}, TypeError, "mode: expected"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    name: str, arguments: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        make(name, tmp_path, **arguments)


@pytest.mark.parametrize("name", WATCHING)
def test_the_best_epoch_is_the_first_of_equals_and_forgotten_in_the_next_fit(
    name: str, tmp_path: Path
) -> None:
    for mode, values, best in (
        ("auto", [5.0, 3.0, 3.0, 4.0], 2),
        ("max", [5.0, 8.0, 8.0, 4.0], 2),
        ("min", [9.0, math.inf, math.nan, 8.5], 4),
        ("max", [math.nan, -math.inf, 3.0, math.nan], 3),
    ):
        callback: Any = make(name, tmp_path, mode=mode, monitor="loss")
        for scripted in ([-1e3 if mode == "min" else 1e3, 2.0], values):
            net = network()
            net.fit(X, Y, epochs=len(scripted), callbacks=[Script(scripted), callback])
        assert (callback.best_epoch, callback.best) == (best, values[best - 1])
    network().fit(X, Y, callbacks=[Script([math.nan]), callback])
    assert (callback.best_epoch, callback.best) == (0, -math.inf)


@pytest.mark.parametrize("name", WATCHING)
def test_validation_is_watched_where_there_is_some(name: str, tmp_path: Path) -> None:
    for arguments, watched in (({}, "loss"), ({"validation_split": 0.2}, "val_loss")):
        callback: Any = make(name, tmp_path)
        keep: list[float] = []
        look = Does("on_epoch_end", lambda run, to=keep, of=callback: to.append(of.best))
        history = network().fit(X, Y, epochs=4, callbacks=[callback, look], **arguments)
        assert keep[0] == history[watched][0]


@pytest.mark.parametrize("name", WATCHING)
def test_more_accuracy_is_better(name: str, tmp_path: Path) -> None:
    net = cr.mlp([3, 6, 1], output="sigmoid", seed=0)
    callback: Any = make(name, tmp_path, monitor="val_accuracy")
    data = {"validation_data": (X, Y > 0), "callbacks": [callback]}
    history = net.fit(X, Y > 0, epochs=9, optimizer=cr.Adam(0.1), **data)
    assert len(set(history["val_accuracy"])) > 1
    assert callback.best == max(history["val_accuracy"])
    assert callback.best_epoch == history["val_accuracy"].index(callback.best) + 1
