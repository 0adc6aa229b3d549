"""Is every callback found where users look, does it look on only, and is a fit whole after it?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

import chainrule as cr
from helpers import interrupted, state_bytes
from small_fits import CALLBACKS, Does, DoesPerBatch, X, Y, make, network

if TYPE_CHECKING:
    from pathlib import Path

HOOKS = [name for name in vars(cr.Callback) if name.startswith("on_")]


@pytest.mark.parametrize("name", CALLBACKS)
def test_every_callback_is_at_top_level(name: str) -> None:
    assert getattr(cr, name) is getattr(cr.callbacks, name)
    assert name in cr.__all__
    assert issubclass(getattr(cr, name), cr.Callback)


@pytest.mark.parametrize("batch_hooks", [False, True])
@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_never_changes_bits(name: str, batch_hooks: bool, tmp_path: Path) -> None:
    nets = [network(), network()]
    callbacks = [make(name, tmp_path), *([DoesPerBatch("none", None)] if batch_hooks else [])]
    given = {"epochs": 4, "batch_size": 7, "validation_split": 0.2}
    histories = [
        dict(nets[0].fit(X, Y, **given)),
        dict(nets[1].fit(X, Y, **given, callbacks=callbacks)),
    ]
    assert state_bytes(nets[0]) == state_bytes(nets[1])
    for history in histories:
        assert np.diff(history["val_loss"]).max() < 0  # so the best epoch is the last
        history.pop("seconds")
    assert histories[0] == histories[1]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", CALLBACKS)
def test_an_exception_of_another_comes_through(
    name: str, hook: str, error: type[BaseException], tmp_path: Path
) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise error("theirs")

    callback, net = make(name, tmp_path), network()
    failing = DoesPerBatch(hook, fail, None if hook.startswith("on_train") else 3)
    for callbacks in ([callback, failing], [failing, callback]):
        with pytest.raises(error, match="theirs") as raised:
            net.fit(X, Y, epochs=4, batch_size=5, callbacks=callbacks)
        assert type(raised.value) is error
    twin = cr.from_bytes(state_bytes(net))
    for each in (net, twin):
        each.fit(X, Y, epochs=2, batch_size=5, callbacks=[callback])
    assert state_bytes(net) == state_bytes(twin)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_stands_a_fit_that_is_stopped_at_once(name: str, tmp_path: Path) -> None:
    stop = Does("on_train_begin", lambda run: run.stop("enough"))
    for callbacks in ([make(name, tmp_path), stop], [stop, make(name, tmp_path)]):
        net = network()
        assert net.fit(X, Y, epochs=3, callbacks=callbacks).n_epochs == 0
        assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in network().weights]


@pytest.mark.parametrize("name", CALLBACKS)
def test_divergence_comes_through(name: str, tmp_path: Path) -> None:
    explode = Does("on_epoch_begin", lambda run: setattr(run, "learning_rate", 1e30), 3)
    net, kept = network(), Does("on_epoch_end", lambda run: states.append(state_bytes(run.network)))
    states: list[bytes] = []
    callbacks = [make(name, tmp_path), kept, explode]
    with pytest.raises(cr.DivergenceError):
        net.fit(X, Y, epochs=9, batch_size=5, optimizer="sgd", callbacks=callbacks)
    assert len(states) == net.history.n_epochs == 2
    assert state_bytes(net) == states[1]


def check_file(name: str, path: Path) -> None:
    """Assert that what a callback has written is whole."""
    if name == "ModelCheckpoint":
        cr.load(path).predict(X)
    else:
        assert path.read_bytes()[-1:] in (b"", b"\n")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of a file at whose closing Ctrl-C came
@pytest.mark.parametrize("name", CALLBACKS)
def test_ctrl_c_anywhere_in_a_callback_breaks_nothing(name: str, tmp_path: Path) -> None:
    modules = {getattr(cr.callbacks, name).__module__, "chainrule.callbacks._watching"}
    for instruction in itertools.count():
        net, callback = network(), make(name, tmp_path)
        came = interrupted(
            lambda to=net, call=callback: to.fit(X, Y, epochs=2, callbacks=[call], verbose=0),
            modules,
            instruction,
        )
        for path in tmp_path.iterdir():
            check_file(name, path)
        assert {len(column) for column in net.history.values()} <= {net.history.n_epochs}
        twin = cr.from_bytes(state_bytes(net))
        for each in (net, twin):
            each.train_step(X, Y)
        assert state_bytes(net) == state_bytes(twin)
        if not came:
            break
    assert net.history.n_epochs == 2
    assert instruction > 0 or name == "LambdaCallback"  # without functions, it does nothing
