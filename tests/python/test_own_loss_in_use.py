"""Is a network whole, whatever its loss function does? Exceptions, threads, files, Ctrl-C."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
from helpers import mse, run_code, same_bits, state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

D, N, M = 40, 3, 2
RNG = np.random.default_rng(5)
X = RNG.standard_normal((D, N))
Y = RNG.standard_normal((D, M))


def another() -> Any:
    """A function which nobody else has."""
    return lambda y_pred, y_true: mse(y_pred, y_true)  # noqa: PLW0108


def made(**settings: Any) -> cr.Network:
    layers = [cr.Dense(6, "relu"), cr.Dropout(0.2), cr.Dense(M, "tanh")]
    return cr.Network(N, layers, dtype="float64", seed=2, **settings)


# ---- When it fails, and what it may do -----------------------------------------------------------


class OwnError(Exception):
    pass


@pytest.mark.parametrize("good_calls", [0, 1, 2, 5, 6])
def test_exceptions_leave_the_network_whole(good_calls: int) -> None:
    calls: list[int] = []

    def fails(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        calls.append(1)
        if len(calls) > good_calls:
            raise OwnError("no")
        return mse(y_pred, y_true)

    net, other = made(loss="mse"), made(loss="mse")
    with pytest.raises(OwnError):
        net.fit(X, Y, loss=fails, epochs=9, batch_size=20, shuffle=False)
    # Each epoch asks for two batches.
    assert net.history.n_epochs == good_calls // 2
    assert net.loss == cr.losses.Mse() if good_calls == 0 else net.loss is fails
    for call in range(good_calls):
        rows = slice(20 * (call % 2), 20 + 20 * (call % 2))
        other.train_step(X[rows], Y[rows], loss=mse)
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in other.weights]
    before = state_bytes(net)
    for call in (net.train_step, net.gradients, net.evaluate, net.trace):
        with pytest.raises(OwnError):
            call(X, Y, loss=fails)
        assert state_bytes(net) == before
    assert np.isfinite(net.train_step(X, Y, loss=mse))  # it is free for the next one


@pytest.mark.parametrize("weights", [None, RNG.uniform(0, 2, D)])
def test_accumulated_batches_are_one_of_all_their_rows(weights: Any) -> None:
    one, several = (cr.mlp([N, 6, M], dtype="float64", loss=mse, seed=2) for _ in range(2))
    for net, size in ((one, {"batch_size": 15}), (several, {"batch_size": 5, "accumulate": 3})):
        net.fit(X, Y, epochs=3, ema=0.5, sample_weight=weights, **size)
    for a, b in zip(one.weights, several.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    np.testing.assert_allclose(one.history["loss"], several.history["loss"], rtol=1e-12)


def test_it_may_ask_the_network() -> None:
    def asks(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        assert np.shape(net.predict(X)) == (D, M)
        assert net.evaluate(X, Y, loss="mse")["loss"] > 0
        assert cr.from_bytes(net.to_bytes()).n_features == N
        assert len(net.weights) == 2
        return mse(y_pred, y_true)

    net, other = made(loss=asks), made(loss=mse)
    for each in (net, other):
        each.fit(X, Y, epochs=3, batch_size=16, validation_split=0.2)
        each.train_step(X, Y)
        each.trace(X, Y)
        each.evaluate(X, Y)
    assert [w.tobytes() for w in net.weights] == [w.tobytes() for w in other.weights]


def test_it_may_not_train_or_change_the_network() -> None:
    def doing(act: Callable[[], object]) -> Callable[[Any, Any], Any]:
        def f(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
            act()
            return mse(y_pred, y_true)

        return f

    net = made()
    for act in (
        lambda: net.train_step(X, Y, loss="mse"),
        lambda: net.fit(X, Y, loss="mse"),
        net.initialize,
        net.reset_optimizer,
    ):
        for call in (net.train_step, net.fit):
            with pytest.raises(RuntimeError, match="this network is being trained"):
                call(X, Y, loss=doing(act))
    new = [np.ones_like(w) for w in net.weights]
    for call in (net.train_step, net.gradients, net.trace, net.fit):
        with pytest.raises(RuntimeError, match="loss: the parameters of the network have changed"):
            call(X, Y, loss=doing(lambda: net.set_weights(new)))
    assert np.isfinite(net.train_step(X, Y, loss="mse"))


def test_it_may_call_itself_until_python_has_enough() -> None:
    def f(y_pred: Any, y_true: Any) -> Any:
        return net.gradients(X, Y)

    net = made(loss=f)
    with pytest.raises(RecursionError):
        net.gradients(X, Y)


def test_other_threads_predict_and_train_meanwhile() -> None:
    inside, done = threading.Event(), threading.Event()

    def waits(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        inside.set()
        assert done.wait(60)
        return mse(y_pred, y_true)

    net = made(loss=waits)
    thread = threading.Thread(target=net.fit, args=(X, Y))
    thread.start()
    assert inside.wait(60)
    assert net.predict(X).shape == (D, M)  # the lock is free
    with pytest.raises(RuntimeError, match="this network is being trained"):
        net.train_step(X, Y, loss="mse")
    other = made(loss=mse)
    other.fit(X, Y, epochs=2)
    done.set()
    thread.join()
    assert net.history.n_epochs == 1


def test_many_threads_with_networks_of_their_own() -> None:
    fitted: dict[int, bytes] = {}

    def train(i: int) -> None:
        net = made(loss=mse)
        net.fit(X, Y, epochs=20, batch_size=8)
        fitted[i] = state_bytes(net)

    threads = [threading.Thread(target=train, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(fitted.values())) == 1
    assert len(fitted) == 6


def test_ctrl_c_inside_it() -> None:
    code = """
import os, signal
import numpy as np, chainrule as cr
def loss(y_pred, y_true):
    calls.append(1)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return ((y_pred - y_true) ** 2)[:, 0], 2 * (y_pred - y_true)
calls = []
net = cr.mlp([2, 1], loss=loss, seed=0)
try:
    net.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=9, batch_size=4)
except KeyboardInterrupt:
    print(len(calls), net.history.n_epochs)
"""
    assert run_code(code) == "3 1\n"


def test_a_program_ends_while_it_trains_in_a_daemon_thread() -> None:
    code = """
import threading, time
import numpy as np, chainrule as cr
def loss(y_pred, y_true):
    inside.set()
    return ((y_pred - y_true) ** 2)[:, 0], 2 * (y_pred - y_true)
inside = threading.Event()
net = cr.mlp([2, 1], loss=loss, seed=0)
x = np.ones((64, 2))
threading.Thread(target=lambda: net.fit(x, x[:, :1], epochs=10**9), daemon=True).start()
inside.wait()
time.sleep(0.05)
print("end")
"""
    assert run_code(code) == "end\n"


def test_a_process_may_fork_inside_it() -> None:
    code = """
import os, signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import numpy as np, chainrule as cr
cr.set_num_threads(2)
x, y = np.ones((512, 64)), np.ones((512, 8))
def loss(y_pred, y_true):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        assert net.predict(x).shape == y.shape
        net.copy().train_step(x, y, loss="mse")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return ((y_pred - y_true) ** 2).sum(axis=1), 2 * (y_pred - y_true)
net = cr.mlp([64, 256, 8], loss=loss, seed=0)
print(net.fit(x, y, epochs=2).n_epochs)
"""
    assert run_code(code) == "2\n"


def test_it_runs_in_the_float_environment_of_the_caller() -> None:
    tiny = np.float32(1e-40)  # subnormal, which the core takes for 0

    def f(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        seen.append(float(np.full(4, tiny)[1:].sum()) > 0)
        return mse(y_pred, y_true)

    seen: list[bool] = []
    net = made(loss=f)
    net.fit(X, Y, validation_split=0.2)
    for call in (net.train_step, net.evaluate, net.gradients, net.trace, net.example_losses):
        call(X, Y)
    assert seen
    assert all(seen)


# ---- Kept ----------------------------------------------------------------------------------------


def test_files_hold_its_name_alone(tmp_path: Path) -> None:
    net = made(loss=mse)
    net.fit(X, Y)
    net.save(tmp_path / "model", optimizer=True)
    loaded = cr.load(tmp_path / "model")
    assert loaded.loss is None
    assert same_bits(loaded.predict(X), net.predict(X))
    words = "loss: this network learnt with the function 'mse', which files and states do not hold"
    for call in (loaded.fit, loaded.train_step, loaded.evaluate, loaded.gradients, loaded.trace):
        with pytest.raises(ValueError, match=words):
            call(X, Y)
    with pytest.raises(ValueError, match=words):
        loaded.example_losses(X, Y)
    loaded.evaluate(X, Y, loss="mse")
    for each in (net, loaded):
        each.fit(X, Y, loss=mse)
    assert state_bytes(loaded) == state_bytes(net)
    assert loaded.loss is mse
    net.set_state(loaded.get_state())
    with pytest.raises(ValueError, match=words):
        net.train_step(X, Y)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (another(), "<lambda>"),
        (functools.partial(mse), "partial"),
        (type("Loss", (), {"__call__": staticmethod(mse)})(), "Loss"),
    ],
)
def test_functions_of_every_kind(function: Any, name: str) -> None:
    net = made(loss=function)
    net.fit(X, Y)
    with pytest.raises(ValueError, match=f"learnt with the function {name!r}"):
        cr.from_bytes(net.to_bytes()).train_step(X, Y)


def test_names_that_no_file_could_hold() -> None:
    def f(y_pred: Any, y_true: Any) -> Any:
        return mse(y_pred, y_true)

    f.__name__ = "a\n\x00é\ud800" + "b" * 999
    net = made(loss=f)
    with pytest.raises(ValueError, match=r"the function 'a\?\?\?\?b{35}'"):
        cr.from_bytes(net.to_bytes()).train_step(X, Y)


def test_pickles_and_copies_have_it() -> None:
    net = made(loss=mse)
    net.fit(X, Y)
    for other in (pickle.loads(pickle.dumps(net)), net.copy(), copy.deepcopy(net), copy.copy(net)):
        assert other.loss is mse
        other.fit(X, Y)
        assert net.loss is mse
    net.fit(X, Y)
    assert state_bytes(other) == state_bytes(net)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(net, protocol)).loss is mse
    lost = pickle.loads(pickle.dumps(cr.from_bytes(net.to_bytes())))
    assert lost.loss is None
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(made(loss=another()))


def test_a_fit_without_a_batch_comes_back_to_the_function_before() -> None:
    def fails(y_pred: Any, y_true: Any) -> Any:
        raise OwnError

    net = made(loss=mse)
    with pytest.raises(OwnError):
        net.fit(X, Y, loss=fails)
    assert net.loss is mse
    with pytest.raises(TypeError, match="callbacks"):
        net.fit(X, Y, loss=fails, callbacks=[3])  # type: ignore[list-item]
    assert net.loss is mse

    def diverges(y_pred: Any, y_true: Any) -> Any:
        return np.full(len(y_pred), np.nan), y_pred

    with pytest.raises(cr.DivergenceError):
        net.fit(X, Y, loss=diverges)
    assert net.loss is mse
    net.fit(X, Y)


def test_functions_that_are_no_longer_needed_are_let_go() -> None:
    net, function = made(), another()
    gone = weakref.ref(function)
    net.fit(X, Y, loss=function)
    assert net.loss is function
    net.fit(X, Y, loss="mse")
    del function
    gc.collect()
    assert gone() is None


def test_a_network_that_its_own_loss_refers_to_is_let_go() -> None:
    net = made()
    net.fit(X, Y, loss=functools.partial(lambda _, p, y: mse(p, y), net))
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


def test_a_trace_is_printed_with_its_name() -> None:
    text = str(made(loss=mse).trace(X[:1], Y[:1]))
    assert "J = own:mse(Ŷ, Y)" in text
    assert "dZ2 = dA2 ⊙ tanh'(Z2)" in text
