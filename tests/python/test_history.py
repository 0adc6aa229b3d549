"""Does the record of training say what happened, in each fit and over all of them?"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import History
from helpers import interrupted

X = np.random.default_rng(0).standard_normal((20, 3))
Y = X @ [1.0, -2.0, 0.5]
CLASSES = np.arange(20) % 3


def network(output: str = "identity", outputs: int = 1) -> cr.Network:
    return cr.mlp([3, 4, outputs], output=output, seed=0)


REST = ["learning_rate", "seconds"]
KEYS: list[tuple[cr.Network, Any, dict[str, Any], list[str]]] = [
    (network(), Y, {}, ["loss"]),
    (network(), Y, {"metrics": ["mse", "r2"]}, ["loss", "mse", "r2"]),
    (network(), Y, {"validation_split": 0.2}, ["loss", "val_loss"]),
    (network("softmax", 3), CLASSES, {}, ["loss", "accuracy"]),
    (network("softmax", 3), CLASSES, {"metrics": ()}, ["loss"]),
    (network("softmax", 3), CLASSES, {"loss": "mse", "metrics": []}, ["loss"]),
    (network("sigmoid"), Y > 0, {}, ["loss", "accuracy"]),
    (network("sigmoid"), np.full(20, 0.5), {}, ["loss"]),  # no classes, so no accuracy
    (
        network("softmax", 3),
        CLASSES,
        {"validation_data": (X, CLASSES)},
        ["loss", "accuracy", "val_loss", "val_accuracy"],
    ),
]


@pytest.mark.parametrize(("net", "y", "arguments", "keys"), KEYS)
def test_keys(net: cr.Network, y: Any, arguments: dict[str, Any], keys: list[str]) -> None:
    if arguments.get("loss") == "mse":
        y = np.eye(3)[y]
    history = net.copy().fit(X, y, epochs=2, **arguments)
    assert list(history) == keys + REST
    assert all(len(values) == 2 for values in history.values())
    assert all(isinstance(value, float) for values in history.values() for value in values)
    assert min(history["seconds"]) >= 0


def test_it_is_a_mapping_with_the_dict_inside() -> None:
    history = network().fit(X, Y, epochs=3)
    assert history["loss"] is history.history["loss"]
    assert dict(history) == history.history
    assert (len(history), "loss" in history, "val_loss" in history) == (3, True, False)
    assert repr(history) == "History(3 epochs: loss, learning_rate, seconds)"
    with pytest.raises(KeyError):
        _ = history["val_loss"]


def test_a_full_batch_epoch_reports_the_loss_before_its_update() -> None:
    net = network()
    before = net.evaluate(X, Y)["loss"]
    assert net.fit(X, Y, batch_size=20)["loss"] == [pytest.approx(before, rel=1e-5)]


def test_the_network_keeps_all_epochs_of_all_fits() -> None:
    net = network()
    first = net.fit(X, Y, epochs=2)
    second = net.fit(X, Y, epochs=3, validation_split=0.2)
    assert net.history["loss"] == first["loss"] + second["loss"]
    assert net.history["val_loss"][2:] == second["val_loss"]
    assert all(math.isnan(value) for value in net.history["val_loss"][:2])
    net.fit(X, Y)
    assert net.history.n_epochs == 6
    assert math.isnan(net.history["val_loss"][5])
    assert second.n_epochs == 3


def test_best_is_the_first_epoch_with_the_least_loss() -> None:
    history = cr.History()
    with pytest.raises(RuntimeError, match="call fit first"):
        _ = history.best
    for loss in (3.0, 1.0, 2.0, 1.0):
        history.add({"loss": loss, "learning_rate": loss * 2})
    assert history.best == {"loss": 1.0, "learning_rate": 2.0, "epoch": 2}
    history.add({"loss": 9.0, "learning_rate": 1.0, "val_loss": 5.0})
    history.add({"loss": 0.5, "learning_rate": 1.0, "val_loss": 6.0})
    assert history.best["epoch"] == 5
    assert history.best["val_loss"] == 5.0


def test_ctrl_c_anywhere_leaves_whole_epochs() -> None:
    values = [{"loss": 3.0, "seconds": 1.0}, {"loss": 2.0, "accuracy": 0.5, "seconds": 2.0}]
    for instruction in itertools.count():
        history = cr.History()
        history.add(values[0])
        came = interrupted(lambda to=history: to.add(values[1]), {History.__module__}, instruction)
        assert {len(column) for column in history.values()} == {history.n_epochs}
        if not came:
            break
    assert instruction > 20
    assert history["loss"] == [3.0, 2.0]


def test_a_copy_begins_its_own_history() -> None:
    net = network()
    net.fit(X, Y)
    assert net.copy().history.n_epochs == 0
    assert cr.from_bytes(net.to_bytes()).history.n_epochs == 0
