"""Does EarlyStopping stop when nothing becomes better, and give back the best epoch?"""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr
from helpers import state_bytes
from small_fits import Does, Script, X, Y, network


def follow(values: list[float], **arguments: Any) -> tuple[int, int, bool]:
    """Epochs run, the best of them, and whether the network came back to it."""
    script, stopping = Script(values), cr.EarlyStopping("loss", **arguments)
    net = network()
    net.fit(X, Y, epochs=len(values), callbacks=[script, stopping])
    back = state_bytes(net) == script.states[stopping.best_epoch - 1]
    assert stopping.best == values[stopping.best_epoch - 1]
    return len(script.states), stopping.best_epoch, back


@pytest.mark.parametrize(
    ("values", "arguments", "expected"),
    [
        ([5, 4, 3, 2, 1], {"patience": 1}, (5, 5, True)),
        ([5, 4, 6, 7, 8, 9], {"patience": 2}, (4, 2, True)),
        ([5, 4, 6, 3, 8, 9], {"patience": 2}, (6, 4, True)),
        ([5, 4, 4, 4, 4], {"patience": 3}, (5, 2, True)),  # the first best wins
        ([5, 4.5, 4.1, 3.9, 3.5], {"patience": 3, "min_delta": 1.0}, (5, 4, True)),
        ([5, 4, 3, 2], {"patience": 2, "min_delta": 1.0}, (4, 3, True)),  # more than delta
        ([1, 2, 3, 2, 2, 9], {"patience": 2, "mode": "max"}, (5, 3, True)),
        ([5, 4, 6, 7], {"patience": 2, "restore_best_weights": False}, (4, 2, False)),
        ([5, 4, 6], {"patience": 9}, (3, 2, True)),  # given back also where nothing was stopped
    ],
)
def test_early_stopping(
    values: list[float], arguments: dict[str, Any], expected: tuple[int, int, bool]
) -> None:
    assert follow(values, **arguments) == expected


def test_early_stopping_watches_validation_where_there_is_some() -> None:
    for arguments, watched in (({}, "loss"), ({"validation_split": 0.2}, "val_loss")):
        stopping = cr.EarlyStopping(patience=99)
        history = network().fit(X, Y, epochs=4, callbacks=[stopping], **arguments)
        assert stopping.best == min(history[watched])


def test_more_accuracy_is_better() -> None:
    net = cr.mlp([3, 6, 1], output="sigmoid", seed=0)
    stopping = cr.EarlyStopping("val_accuracy", patience=99)
    data = {"validation_data": (X, Y > 0), "callbacks": [stopping]}
    history = net.fit(X, Y > 0, epochs=9, optimizer=cr.Adam(0.1), **data)
    assert stopping.best == max(history["val_accuracy"])
    assert stopping.best_epoch == history["val_accuracy"].index(stopping.best) + 1
    assert net.evaluate(X, Y > 0)["accuracy"] == stopping.best


def test_one_object_may_stop_many_fits() -> None:
    stopping, script = cr.EarlyStopping("loss", patience=1), Script([1, 2, 3])
    for _ in range(2):
        script.states.clear()
        net = network()
        net.fit(X, Y, epochs=3, callbacks=[script, stopping])
        assert (len(script.states), stopping.best_epoch) == (2, 1)
        assert state_bytes(net) == script.states[0]


def test_an_interrupted_fit_gives_back_the_best_weights_too() -> None:
    def interrupt(run: cr.callbacks.Run) -> None:
        raise KeyboardInterrupt

    net, script = network(), Script([1, 2, 3])
    callbacks = [script, cr.EarlyStopping("loss"), Does("on_epoch_end", interrupt, 3)]
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=3, callbacks=callbacks)
    assert state_bytes(net) == script.states[0]
