"""Are callbacks called when and with what the contract says, and can none of them break a fit?"""

from __future__ import annotations

import math
import os
import signal
import threading
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from helpers import run_code, state_bytes
from small_fits import D, Does, DoesPerBatch, X, Y, network

HOOKS = [name for name in vars(cr.Callback) if name.startswith("on_")]


class Diary(cr.Callback):
    """Writes down each hook with what the run says at that moment."""

    def __init__(self) -> None:
        self.pages: list[tuple[Any, ...]] = []

    def _write(self, hook: str, run: cr.callbacks.Run) -> None:
        self.pages.append((hook, run.epoch, run.step, sorted(run.logs), run.history.n_epochs))


for _hook in HOOKS:
    setattr(Diary, _hook, lambda self, run, _hook=_hook: self._write(_hook, run))


# ---- Order and fields ----------------------------------------------------------------------------


def test_hooks_come_in_order_with_their_fields() -> None:
    diary = Diary()
    network().fit(X, Y, epochs=2, batch_size=8, callbacks=[diary])
    epoch_logs = ["learning_rate", "loss", "seconds"]
    expected: list[tuple[Any, ...]] = [("on_train_begin", 0, 0, [], 0)]
    for epoch in (1, 2):
        before = [] if epoch == 1 else epoch_logs
        expected.append(("on_epoch_begin", epoch, 3 * epoch - 3, before, epoch - 1))
        for step in range(3 * epoch - 2, 3 * epoch + 1):
            seen = before if step == 3 * epoch - 2 else ["loss"]
            expected.append(("on_batch_begin", epoch, step, seen, epoch - 1))
            expected.append(("on_batch_end", epoch, step, ["loss"], epoch - 1))
        expected.append(("on_epoch_end", epoch, 3 * epoch, epoch_logs, epoch))
    assert diary.pages == [*expected, ("on_train_end", 2, 6, epoch_logs, 2)]


def test_a_run_tells_its_network_and_epochs() -> None:
    net, seen = network(), []
    callback = Does("on_train_begin", lambda run: seen.append((run.network, run.epochs, run.keys)))
    history = net.fit(X, Y, epochs=4, validation_split=0.2, callbacks=[callback])
    assert seen[0][0] is net
    assert seen[0][1] == 4
    assert list(seen[0][2]) == list(history)


def test_batch_hooks_see_each_batch_and_never_change_bits() -> None:
    losses: list[float] = []
    nets = [network(), network()]
    callback = Does("on_batch_end", lambda run: losses.append(run.logs["loss"]))
    histories = [
        nets[0].fit(X, Y, epochs=3, batch_size=5),
        nets[1].fit(X, Y, epochs=3, batch_size=5, callbacks=[DoesPerBatch("x", None), Diary()]),
    ]
    assert state_bytes(nets[0]) == state_bytes(nets[1])
    assert histories[0]["loss"] == histories[1]["loss"]
    network().fit(X, Y, epochs=3, batch_size=5, callbacks=[callback])
    assert len(losses) == 12
    assert np.mean(losses[:4]) == pytest.approx(histories[0]["loss"][0], rel=1e-12)


def test_a_learning_rate_that_is_set_is_used_and_recorded() -> None:
    halve = Does("on_epoch_end", lambda run: setattr(run, "learning_rate", run.learning_rate / 2))
    net, steps = network(), network()
    history = net.fit(X, Y, epochs=3, batch_size=D, optimizer=cr.SGD(0.5), callbacks=[halve])
    assert history["learning_rate"] == [0.5, 0.25, 0.125]
    assert net.optimizer == cr.SGD(0.5)
    steps.fit(X, Y, epochs=1, batch_size=D, optimizer=cr.SGD(0.5))
    steps.fit(X, Y, epochs=1, batch_size=D, optimizer=cr.SGD(0.25))
    steps.fit(X, Y, epochs=1, batch_size=D, optimizer=cr.SGD(0.125))
    assert [w.tobytes() for w in steps.weights] == [w.tobytes() for w in net.weights]


@pytest.mark.parametrize("rate", ["0.1", None, -0.1, math.nan, math.inf])
@pytest.mark.parametrize("kind", [Does, DoesPerBatch])
def test_a_learning_rate_that_is_none_is_refused(kind: type[Does], rate: Any) -> None:
    net, states = network(), []
    keep = Does("on_epoch_end", lambda run: states.append(state_bytes(run.network)))
    change = kind("on_epoch_begin", lambda run: setattr(run, "learning_rate", rate), 2)
    with pytest.raises((TypeError, ValueError), match=r"learning_rate: expected a number in"):
        net.fit(X, Y, epochs=4, callbacks=[keep, change])
    assert states == [state_bytes(net)]


@pytest.mark.parametrize(
    ("hook", "updates", "epochs"),
    [
        ("on_train_begin", 0, 0),
        ("on_epoch_begin", 4, 1),
        ("on_batch_begin", 5, 1),
        ("on_batch_end", 5, 1),
        ("on_epoch_end", 8, 2),
    ],
)
def test_a_fit_can_be_stopped(hook: str, updates: int, epochs: int) -> None:
    ended: list[str | None] = []
    epoch = None if hook == "on_train_begin" else 2
    stop = DoesPerBatch(hook, lambda run: run.stop("enough"), epoch)
    end = Does("on_train_end", lambda run: ended.append(run.stop_reason))
    net = network()
    history = net.fit(X, Y, epochs=9, batch_size=5, optimizer="sgd", callbacks=[stop, end])
    assert ended == ["enough"]
    assert history.n_epochs == net.history.n_epochs == epochs
    plain = network()
    plain.fit(X, Y, epochs=math.ceil(updates / 4) or 1, batch_size=5, optimizer="sgd")
    same = [w.tobytes() for w in net.weights] == [w.tobytes() for w in plain.weights]
    assert same == (updates in (4, 8))
    net.fit(X, Y)


def test_a_fit_is_stopped_without_a_reason_too() -> None:
    stop = Does("on_epoch_end", lambda run: run.stop(None))
    assert network().fit(X, Y, epochs=9, callbacks=[stop]).n_epochs == 1


# ---- Exceptions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, StopIteration])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_exception_in_a_hook_comes_through_and_breaks_nothing(
    hook: str, error: type[BaseException]
) -> None:
    def fail(run: cr.callbacks.Run) -> None:
        raise error("mine")

    ended: list[int] = []
    epoch = None if hook in ("on_train_begin", "on_train_end") else 3
    end = Does("on_train_end", lambda run: ended.append(run.epoch))
    failing = DoesPerBatch(hook, fail, epoch)
    net = network()
    for before in (0, 1):
        with pytest.raises(error, match="mine") as raised:
            net.fit(X, Y, epochs=4, batch_size=5, callbacks=[end, failing])
        assert type(raised.value) is error
        assert len(ended) == before + 1
    whole = {"on_train_begin": 0, "on_epoch_end": 3, "on_train_end": 4}.get(hook, 2)
    assert net.history.n_epochs == 2 * whole
    assert all(np.isfinite(w).all() for w in net.weights)
    twin = cr.from_bytes(net.to_bytes(optimizer=True))
    for each in (net, twin):
        each.fit(X, Y, epochs=2, batch_size=5)
    assert state_bytes(net) == state_bytes(twin)


def test_ctrl_c_in_the_main_thread_leaves_a_whole_network() -> None:
    net = cr.mlp([3, 64, 64, 1], seed=0)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    start = Does("on_epoch_end", lambda run: timer.start(), 1)
    with pytest.raises(KeyboardInterrupt):
        net.fit(np.tile(X, (50, 1)), np.tile(Y, 50), epochs=10**9, batch_size=8, callbacks=[start])
    timer.join()
    assert 0 < net.history.n_epochs < 10**9
    twin = cr.from_bytes(net.to_bytes(optimizer=True))
    for each in (net, twin):
        each.fit(X, Y)
    assert state_bytes(net) == state_bytes(twin)


def test_ctrl_c_in_a_process_of_its_own() -> None:
    printed = run_code(
        "import os, signal, threading, numpy as np, chainrule as cr\n"
        "net = cr.mlp([50, 500, 1], seed=0)\n"
        "x = np.ones((20000, 50))\n"  # an epoch takes longer than the wait
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try: net.fit(x, np.ones(20000), epochs=1000)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
        "net.fit(x[:9], np.ones(9)); print(net.history.n_epochs > 0)"
    )
    assert printed.split() == ["interrupted", "True"]


def test_ctrl_c_is_answered_during_a_long_validation() -> None:
    printed = run_code(
        "import os, signal, threading, time, numpy as np, chainrule as cr\n"
        "net = cr.mlp([50, 500, 500, 1], seed=0)\n"
        "x = np.ones((200000, 50), np.float32)\n"  # some seconds
        "y = np.ones(len(x), np.float32)\n"
        "def interrupt():\n"
        "    global start; start = time.monotonic(); os.kill(os.getpid(), signal.SIGINT)\n"
        "class Waits(cr.Callback):\n"
        "    def on_batch_end(self, run): threading.Timer(0.2, interrupt).start()\n"
        "try: net.fit(x[:9], y[:9], validation_data=(x, y), callbacks=[Waits()])\n"
        "except KeyboardInterrupt: print(time.monotonic() - start)"
    )
    assert float(printed) < 0.5


@pytest.mark.parametrize("name", ["on_epoch_ends", "on_train_batch_end", "on_epochs_begin"])
def test_almost_a_hook_is_refused(name: str) -> None:
    callback = type("Mine", (cr.Callback,), {name: lambda self, run: None})()
    with pytest.raises(TypeError, match=rf"Mine\.{name} is not one .* did you mean on_\w+\?"):
        network().fit(X, Y, callbacks=[callback])


def test_other_methods_may_have_any_name() -> None:
    callback = type("Mine", (cr.Callback,), {"on_close": lambda self: None})()
    assert network().fit(X, Y, callbacks=[callback]).n_epochs == 1


def test_a_class_is_no_callback() -> None:
    with pytest.raises(TypeError, match=r"got a class; give EarlyStopping\(\.\.\.\)"):
        network().fit(X, Y, callbacks=[cr.EarlyStopping])  # type: ignore[list-item]
