"""Does a predictor have the bits of its network, at once where it can, and refuse what it must?"""

from __future__ import annotations

import copy
import ctypes
import inspect
import pickle
import platform
import threading
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import helpers
from chainrule import predictor

N, M = 4, 3


def network(dtype: str, **settings: Any) -> cr.Network:
    return cr.mlp([N, 5, M], output="softmax", dtype=dtype, seed=0, **settings)


def nowhere(*_: object, **__: object) -> None:
    raise AssertionError("went the way of calls that need a conversion")


@pytest.fixture
def plain_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that the core does not answer at once fail."""
    for name in ("as_inputs", "as_vector"):
        monkeypatch.setattr(predictor, name, nowhere)


# ---- Plain calls ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain_only")
@pytest.mark.parametrize("given", ["float32", "float64"])
@pytest.mark.parametrize("d", [0, 1, 2, 3, 7, 600])
def test_rows_are_predicted_at_once(
    d: int, given: str, dtype: str, rng: np.random.Generator
) -> None:
    net = network(dtype)
    p = net.predictor()
    x = cases.inputs(rng, d, N, given)
    expected, before = net.predict(x.astype(dtype)), x.tobytes()
    out = np.full((d, M), np.nan, dtype)
    x.flags.writeable = False
    assert helpers.same_bits(p.predict(x), expected)
    assert p.predict(x, out=out) is out
    assert helpers.same_bits(out, expected)
    assert x.tobytes() == before


@pytest.mark.usefixtures("plain_only")
@pytest.mark.parametrize("given", ["float32", "float64"])
def test_one_row_is_predicted_at_once(given: str, dtype: str, rng: np.random.Generator) -> None:
    net = network(dtype)
    p = net.predictor()
    x = cases.inputs(rng, 9, N, given)
    for row, expected in zip(x, net.predict(x.astype(dtype)), strict=True):
        out = np.full(M, np.nan, dtype)
        assert helpers.same_bits(p.predict_one(row), expected)
        assert p.predict_one(row, out) is out
        assert helpers.same_bits(out, expected)
        assert p.predict_one(row, out=out) is out
        assert helpers.same_bits(out, expected)


@pytest.mark.parametrize("name", ["predict", "predict_one"])
def test_methods_look_like_those_of_python(name: str) -> None:
    p = network("float32").predictor()
    plain, bound = getattr(cr.Predictor, name), getattr(p, name)
    written = plain.__wrapped__
    for method in (plain, bound):
        assert (method.__name__, method.__doc__) == (name, written.__doc__)
        assert method.__qualname__ == f"Predictor.{name}"
        assert inspect.unwrap(method) is written
    assert list(inspect.signature(bound).parameters) == ["x", "out"]
    assert inspect.isroutine(plain)
    assert bound.__self__ is p


# ---- The way through Python ----------------------------------------------------------------------


def test_other_forms_of_data_are_converted(dtype: str, rng: np.random.Generator) -> None:
    net = network(dtype)
    p = net.predictor()
    x = rng.integers(-9, 9, (7, N)).astype(np.float64)
    expected = net.predict(x)
    forms = [x.tolist(), x.astype(int), np.asfortranarray(x), x[::-1][::-1], x.astype(">f4")]
    for form in forms:
        assert helpers.same_bits(p.predict(form), expected)
        assert helpers.same_bits(p.predict_one(form[2]), expected[2])
    wide = rng.standard_normal((2000, N))
    assert helpers.same_bits(p.predict(wide), net.predict(wide))


REFUSED: dict[str, Any] = {
    "no array": ("text", TypeError),
    "none": (None, TypeError),
    "masked": (np.ma.zeros((1, N)), TypeError),
    "complex": (np.zeros((1, N), complex), TypeError),
    "NaN": (np.full((1, N), np.nan), ValueError),
    "infinity": (np.full((1, N), -np.inf, np.float32), ValueError),
    "features": (np.zeros((1, N + 1)), ValueError),
    "too few": (np.zeros((1, N - 1), np.float32), ValueError),
    "dimensions": (np.zeros((1, 1, N)), ValueError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_inputs_are_refused(what: str, dtype: str) -> None:
    p = network(dtype).predictor()
    x, error = REFUSED[what]
    out = np.zeros((1, M), dtype)
    with pytest.raises(error, match="x: "):
        p.predict(x, out=out)
    with pytest.raises(error, match="x: "):
        p.predict_one(x[0] if isinstance(x, np.ndarray) else x, out[0])
    assert not out.any()


def test_a_number_too_large_for_the_dtype_is_refused() -> None:
    p = network("float32").predictor()
    with pytest.raises(ValueError, match=r"x: .*float32"):
        p.predict_one(np.array([0, 1e39, 0, 0]))


def test_wrong_outputs_are_refused(dtype: str) -> None:
    p = network(dtype).predictor()
    x = np.zeros((2, N), dtype)
    both = np.zeros((2, 9), dtype)
    fixed = np.zeros((2, M), dtype)
    fixed.flags.writeable = False
    other = "float64" if dtype == "float32" else "float32"
    wrong = [np.zeros((2, M), other), np.zeros((3, M), dtype), np.zeros((M, 2), dtype).T, fixed]
    for out in wrong:
        with pytest.raises(ValueError, match="out: "):
            p.predict(x, out=out)
    with pytest.raises(ValueError, match="out: must not share"):
        p.predict(both.reshape(-1)[: 2 * N].reshape(2, N), out=both.reshape(-1)[6:12].reshape(2, M))
    with pytest.raises(ValueError, match="out: "):
        p.predict_one(x[0], np.zeros((1, M), dtype))
    with pytest.raises(TypeError, match="out: "):
        p.predict_one(x[0], [0.0] * M)  # type: ignore[arg-type]


def test_an_out_in_the_memory_of_what_is_converted_is_refused(dtype: str) -> None:
    net = network(dtype)
    p = net.predictor()
    memory = np.ones(64, np.float64 if dtype == "float32" else np.float32)
    of_other, in_columns = memory[: 4 * N].reshape(4, N), np.ones((N, 4), dtype).T
    for x, out in (of_other, memory.view(dtype)), (in_columns, in_columns.ravel(order="K")):
        for predict in p.predict, net.predict:
            with pytest.raises(ValueError, match="out: must not share"):
                predict(x, out=out[: 4 * M].reshape(4, M))
    with pytest.raises(ValueError, match="out: must not share"):
        p.predict_one(memory[:N], memory.view(dtype)[:M])
    assert (memory == 1).all()
    assert (in_columns == 1).all()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the number of a mode is x86-64's")
@pytest.mark.usefixtures("plain_only")
def test_the_callers_rounding_mode_reaches_no_conversion(rng: np.random.Generator) -> None:
    p, x = network("float32").predictor(), rng.standard_normal((50, N))
    expected = p.predict(x)
    mathematics, upward = ctypes.CDLL("libm.so.6"), 0x800
    before = mathematics.fegetround()
    try:
        assert mathematics.fesetround(upward) == 0
        found = p.predict(x)
    finally:
        mathematics.fesetround(before)
    assert helpers.same_bits(found, expected)


def test_threads_with_small_stacks_train_and_predict(dtype: str) -> None:
    net, x = cr.mlp([100, 300, 10], dtype=dtype, seed=0), np.ones((200, 100), dtype)
    p, found = net.predictor(), []

    def work() -> None:
        net.train_step(x, np.zeros((200, 10), dtype))
        found.append(p.predict(x))

    before = threading.stack_size(128 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert helpers.same_bits(found[0], p.predict(x))


def test_calls_have_the_signature_of_python() -> None:
    p = network("float32").predictor()
    x, out = np.zeros((1, N), np.float32), np.zeros((1, M), np.float32)
    calls: list[Any] = [
        p.predict,
        lambda: p.predict(x, out),
        lambda: p.predict(x, to=out),
        lambda: p.predict_one(x[0], out[0], 1),
        lambda: p.predict_one(x[0], out[0], out=out[0]),
        cr.Predictor.predict,
    ]
    for call in calls:
        with pytest.raises(TypeError, match="predict"):
            call()
    with pytest.raises(AttributeError):
        cr.Predictor.predict_one(object(), x[0])  # type: ignore[arg-type]
    assert p.predict(x=x, out=out) is out
    assert p.predict_one(x=x[0], out=out[0]) is not None


@pytest.mark.parametrize("twin", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_the_network_that_is_pickled(twin: Any) -> None:
    with pytest.raises(TypeError, match="pickled or copied; do that with the network"):
        twin(network("float32").predictor())


# ---- What it is a copy of ------------------------------------------------------------------------


def test_it_stays_until_its_update(dtype: str, rng: np.random.Generator) -> None:
    net = network(dtype)
    x = cases.inputs(rng, 8, N, dtype)
    p, before = net.predictor(), net.predict(x)
    net.fit(x, np.arange(8) % M, epochs=2)
    assert helpers.same_bits(p.predict(x), before)
    p.update(net)
    after = net.predict(x)
    del net
    assert helpers.same_bits(p.predict(x), after)
    assert not helpers.same_bits(before, after)


def test_an_update_needs_a_network_alike() -> None:
    p = network("float32").predictor()
    before = p.predict(np.eye(N))
    for other, error in [
        (network("float64"), ValueError),
        (cr.mlp([N, 6, M], output="softmax"), ValueError),
        (cr.mlp([N, 5, M]), ValueError),
        (p, TypeError),
        (None, TypeError),
    ]:
        with pytest.raises(error, match="network: "):
            p.update(other)  # type: ignore[arg-type]
    assert helpers.same_bits(p.predict(np.eye(N)), before)
    with pytest.raises(TypeError, match="network: "):
        cr.Predictor("network")  # type: ignore[arg-type]


def test_what_was_never_built_says_so() -> None:
    with pytest.raises(RuntimeError, match="never built"):
        cr.Network.__new__(cr.Network).predictor()


def test_it_says_what_it_takes(dtype: str) -> None:
    p = network(dtype).predictor()
    assert (p.n_features, p.n_outputs, p.dtype) == (N, M, dtype)
    assert repr(p) == f"<Predictor 4 -> 3, {dtype}>"


def test_threads_predict_beside_updates(dtype: str, rng: np.random.Generator) -> None:
    x = cases.inputs(rng, 40, N, dtype)
    nets = [network(dtype), network(dtype)]
    nets[1].initialize(seed=9)
    expected = {net.predict(x).tobytes() for net in nets}
    p, found, done = nets[0].predictor(), [set(), set(), set()], threading.Event()

    def ask(results: set[bytes]) -> None:
        while not done.is_set():
            results.add(p.predict(x).tobytes())

    threads = [threading.Thread(target=ask, args=(results,)) for results in found]
    for thread in threads:
        thread.start()
    for i in range(1000):
        p.update(nets[i % 2])
    done.set()
    for thread in threads:
        thread.join()
    assert set().union(*found) <= expected


def test_large_batches_use_threads(dtype: str, rng: np.random.Generator) -> None:
    net = cr.mlp([64, 256, 8], dtype=dtype, seed=0)
    x = cases.inputs(rng, 1024, 64, dtype)
    expected = net.predict(x)
    for n_threads in (1, 2, 3):
        net.n_threads = n_threads
        assert helpers.same_bits(net.predictor().predict(x), expected)
