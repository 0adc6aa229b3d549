"""Are calls with plain arrays answered in one entry, with the same bits, and only those?"""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import helpers
import oracle
from chainrule import _steps, predictor


def not_plain(*_: object, **__: object) -> None:
    """Get the calls that the core leaves."""


PLAIN_STEP = _steps._core.plain_step(not_plain)
PLAIN_PREDICT = _steps._core.plain_network_predict(not_plain)
LOSSES = cr.losses.names()
ROWS = ("classes", "probabilities")
# Which forms of targets a loss takes without a conversion.
TARGETS = [
    *((loss, "rows") for loss in LOSSES),
    *((loss, "vector") for loss in LOSSES if oracle.LOSSES[loss].targets not in ROWS),
    *((loss, "classes") for loss in LOSSES if oracle.LOSSES[loss].targets == "classes"),
]


def plain_data(
    rng: np.random.Generator, loss: str, form: str, dtype: str
) -> tuple[cr.Network, Any, Any]:
    m = oracle.LOSSES[loss].outputs_per_target() if form == "vector" else 4
    x, y = cases.inputs(rng, 7, 4, dtype), cases.targets(rng, 7, m, loss, dtype)
    output = oracle.LOSSES[loss].output
    net = cases.every_loss(cr.mlp([4, 5, m], "relu", output, loss=loss, dtype=dtype, seed=0), x)
    if form == "classes":
        return net, x, rng.integers(0, m, 7)
    return net, x, y[:, 0].copy() if form == "vector" else y


def nowhere(*_: object, **__: object) -> None:
    raise AssertionError("went the way of arrays that need a conversion")


@pytest.mark.parametrize(("loss", "form"), TARGETS)
def test_plain_steps_are_taken_with_the_same_bits(
    loss: str, form: str, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, x, y = plain_data(rng, loss, form, dtype)
    slow = net.copy()
    given = x.tobytes(), y.tobytes()
    # Naming the loss goes the other way, and so do lists.
    chosen: dict[str, Any] = {"optimizer": cr.SGD(0.1, momentum=0.9), "learning_rate": 0.05}
    expected = [slow.train_step(x, y, loss=loss), slow.train_step(x.tolist(), y.tolist())]
    expected += [slow.train_step(x, y, loss=loss, **chosen) for _ in range(2)]
    x.flags.writeable = y.flags.writeable = False
    monkeypatch.setattr(_steps, "check_examples", nowhere)
    got = [net.train_step(x, y), net.train_step(x, y)]
    assert got + [net.train_step(x, y, **chosen) for _ in range(2)] == expected
    assert net.optimizer == chosen["optimizer"]
    assert helpers.state_bytes(net) == helpers.state_bytes(slow)
    assert (x.tobytes(), y.tobytes()) == given


@pytest.mark.parametrize("output", cr.activations.names())
def test_the_usual_loss_is_that_of_the_outputs(output: str, dtype: str) -> None:
    net = cr.mlp([2, 3, 2], output=output, dtype=dtype, seed=0)
    x, y = np.eye(2, dtype=dtype), np.eye(2, dtype=dtype)
    if net.loss is None:
        assert PLAIN_STEP(net, x, y) is None
        with pytest.raises(ValueError, match="have no usual loss"):
            net.train_step(x, y)
        return
    assert PLAIN_STEP(net.copy(), x, y) == net.train_step(x, y, loss=net.loss)
    layered = cr.Network(2, [cr.Dense(2), cr.Activation(output)], dtype=dtype, seed=0)
    assert PLAIN_STEP(layered.copy(), x, y) == layered.train_step(x, y, loss=layered.loss)


def test_the_loss_of_a_fit_is_remembered() -> None:
    net = cr.mlp([2, 3, 2], output="softmax", seed=0)
    x, y = np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)
    net.fit(x, y, loss="mse", verbose=0)
    assert PLAIN_STEP(net.copy(), x, y) == net.train_step(x, y, loss="mse")


@pytest.mark.parametrize("optimizer", [None, "adam", cr.SGD(0.5)])
@pytest.mark.parametrize("learning_rate", [None, 0.0, 0.25])
def test_plain_steps_take_an_optimizer_and_a_rate(optimizer: Any, learning_rate: Any) -> None:
    net = cr.mlp([2, 3, 2], seed=0)
    twin = net.copy()
    x = np.eye(2, dtype=np.float32)
    named = {"optimizer": optimizer, "learning_rate": learning_rate}
    assert PLAIN_STEP(net, x, x, **named) == twin.train_step(x, x, loss="mse", **named)
    assert net.optimizer == twin.optimizer
    assert helpers.state_bytes(net) == helpers.state_bytes(twin)


@pytest.mark.parametrize(
    "named",
    [
        {"optimizer": "sdg"},
        {"optimizer": "mse"},
        {"optimizer": cr.losses.Mse()},
        {"optimizer": cr.SGD},
        {"optimizer": 1},
        {"learning_rate": -0.1},
        {"learning_rate": np.inf},
        {"learning_rate": "0.1"},
        {"x": 1},
        {"rate": 0.1},
        {"sample_weight": [1.0]},
    ],
)
def test_other_arguments_of_steps_are_not_taken(named: dict[str, Any]) -> None:
    net = cr.mlp([2, 3, 2], seed=0)
    before = helpers.state_bytes(net)
    x = np.eye(2, dtype=np.float32)
    assert PLAIN_STEP(net, x, x, **named) is None
    with pytest.raises((TypeError, ValueError)):
        net.train_step(x, x, **named)
    assert helpers.state_bytes(net) == before


@pytest.mark.parametrize("named", [{"learning_rate": 1}, {"loss": "mse"}, {"sample_weight": None}])
def test_right_arguments_that_are_not_plain_go_through_python(named: dict[str, Any]) -> None:
    net = cr.mlp([2, 3, 2], seed=0)
    x = np.eye(2, dtype=np.float32)
    assert PLAIN_STEP(net, x, x, **named) is None
    assert PLAIN_STEP(net, x=x, y=x) is None
    net.train_step(x, x, **named)
    net.train_step(x=x, y=x)
    assert PLAIN_PREDICT(net, x=x) is None
    assert helpers.same_bits(net.predict(x=x), net.predict(x))


class Subclass(np.ndarray):
    pass


def altered(array: Any, position: Any, value: float) -> Any:
    changed = array.copy()
    changed[position] = value
    return changed


def unaligned(array: Any) -> Any:
    bytes_ = np.zeros(array.nbytes + 1, np.uint8)
    moved = bytes_[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


ALIKE: dict[str, Any] = {
    "list": lambda a: a.tolist(),
    "other float": lambda a: a.astype("float64" if a.dtype == np.float32 else "float32"),
    "float16": lambda a: a.astype("float16"),
    "order": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "unaligned": unaligned,
    "byte order": lambda a: a.astype(a.dtype.newbyteorder()),
    "subclass": lambda a: a.view(Subclass),
    "masked": np.ma.array,
    "none": lambda a: None,
    "flat": lambda a: a.reshape(-1),
    "fewer columns": lambda a: a[:, :-1].copy(),
    "three dimensions": lambda a: a[None],
    "NaN": lambda a: altered(a, (0, 0), np.nan),
    "infinity": lambda a: altered(a, (-1, -1), -np.inf),
}
# What only targets may not be.
TARGETS_REFUSED: dict[str, Any] = {
    "fewer rows": lambda y: y[:-1].copy(),
    "negative": lambda y: altered(altered(y, (0, 0), -0.25), (0, 1), 1.25),
    "sum": lambda y: altered(y, (3, 0), y[3, 0] + 2e-4),
    "int64 of two dimensions": lambda y: y.astype(np.int64),
}
CLASSES_REFUSED: dict[str, Any] = {
    "list": lambda c: c.tolist(),
    "int32": lambda c: c.astype(np.int32),
    "uint64": lambda c: c.astype(np.uint64),
    "float": lambda c: c.astype(np.float32),
    "column": lambda c: c.reshape(-1, 1),
    "strided": lambda c: np.repeat(c, 2)[::2],
    "unaligned": unaligned,
    "byte order": lambda c: c.astype(c.dtype.newbyteorder()),
    "subclass": lambda c: c.view(Subclass),
    "too large": lambda c: altered(c, -1, 3),
    "negative": lambda c: altered(c, 0, -1),
    "too few": lambda c: c[:-1].copy(),
    "too many": lambda c: np.append(c, 0),
}


def outcome(call: Any) -> Any:
    """What a call returns or raises, its words included."""
    try:
        with np.errstate(all="ignore"):
            return call()
    except (TypeError, ValueError) as error:
        return type(error), str(error)


def refused(dtype: str, rng: np.random.Generator, **changes: Any) -> None:
    """Check that a step with one of x, rows and classes changed is not taken as plain."""
    net = cr.mlp([4, 5, 3], output="softmax", dtype=dtype, seed=0)
    net.train_step(np.eye(3, 4), [0, 1, 2])
    classes = rng.integers(0, 3, 7)
    plain = {
        "x": cases.inputs(rng, 7, 4, dtype),
        "rows": np.eye(3, dtype=dtype)[classes],
        "classes": classes,
    }
    given = plain | {name: change(plain[name]) for name, change in changes.items()}
    a, b = given["x"], given["classes" if "classes" in changes else "rows"]
    before = helpers.state_bytes(net)
    assert PLAIN_STEP(net, a, b) is None
    assert helpers.state_bytes(net) == before
    twin = net.copy()
    found = outcome(lambda: net.train_step(a, b))
    assert found == outcome(lambda: twin.train_step(a, b, loss="cross_entropy"))
    assert helpers.state_bytes(net) == helpers.state_bytes(twin)


@pytest.mark.parametrize("what", ALIKE)
def test_other_inputs_are_not_taken(what: str, dtype: str, rng: np.random.Generator) -> None:
    refused(dtype, rng, x=ALIKE[what])


@pytest.mark.parametrize("what", [*ALIKE, *TARGETS_REFUSED])
def test_other_targets_are_not_taken(what: str, dtype: str, rng: np.random.Generator) -> None:
    refused(dtype, rng, rows=(ALIKE | TARGETS_REFUSED)[what])


@pytest.mark.parametrize("what", CLASSES_REFUSED)
def test_other_classes_are_not_taken(what: str, dtype: str, rng: np.random.Generator) -> None:
    refused(dtype, rng, classes=CLASSES_REFUSED[what])


def test_classes_are_for_losses_that_take_them(dtype: str) -> None:
    net = cr.mlp([2, 2], dtype=dtype, seed=0)
    assert PLAIN_STEP(net, np.eye(2, dtype=dtype), np.array([0, 1])) is None
    single = cr.mlp([2, 1], output="softmax", dtype=dtype, seed=0)
    assert PLAIN_STEP(single, np.eye(2, dtype=dtype), np.zeros(2, dtype)) is None


def test_no_rows_are_not_taken(dtype: str) -> None:
    net = cr.mlp([2, 2], dtype=dtype, seed=0)
    assert PLAIN_STEP(net, np.zeros((0, 2), dtype), np.zeros((0, 2), dtype)) is None


def test_a_network_in_training_takes_no_step(dtype: str) -> None:
    net = cr.mlp([2, 2], dtype=dtype, seed=0)
    x = np.eye(2, dtype=dtype)
    limits, penalty = (np.inf, np.inf), (0.0, 0.0)
    run = net._start_training(
        x, x, net.loss, None, None, 2, True, False, *limits, *penalty, 1, 0.0, net._snapshot()
    )
    assert PLAIN_STEP(net, x, x) is None
    with pytest.raises(RuntimeError, match="being trained"):
        net.train_step(x, x)
    run.close()
    assert PLAIN_STEP(net, x, x) is not None


def test_a_refused_step_leaves_the_network_free(dtype: str) -> None:
    net = cr.mlp([2, 2], loss="binary_cross_entropy", dtype=dtype, seed=0)
    net.set_weights(net.weights, [np.full(2, 5.0)])
    x = np.eye(2, dtype=dtype)
    before = helpers.state_bytes(net)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"needs predictions in \[0, 1\]"):
            PLAIN_STEP(net, x, x)
    assert helpers.state_bytes(net) == before


def test_plain_steps_diverge_as_others(dtype: str) -> None:
    net = cr.mlp([1, 1], dtype=dtype, seed=0)
    net.set_weights([np.full((1, 1), np.finfo(dtype).max / 4)])
    twin = net.copy()
    x = np.full((1, 1), 100.0, dtype)
    with pytest.raises(cr.DivergenceError) as found:
        net.train_step(x, x)
    with pytest.raises(cr.DivergenceError) as expected:
        twin.train_step(x, x, loss="mse")
    assert vars(found.value) == vars(expected.value)
    assert helpers.state_bytes(net) == helpers.state_bytes(twin)


@pytest.mark.parametrize("d", [0, 1, 7, 600])
def test_plain_predictions_are_taken_with_the_same_bits(
    d: int, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = cr.mlp([4, 5, 3], output="softmax", dtype=dtype, seed=0)
    x = cases.inputs(rng, d, 4, dtype)
    given = x.tobytes()
    expected = net.predict(np.asfortranarray(x).view(Subclass))
    out = np.full((d, 3), np.nan, dtype)
    x.flags.writeable = False
    monkeypatch.setattr(predictor, "as_inputs", nowhere)
    assert helpers.same_bits(net.predict(x), expected)
    assert net.predict(x, out=out) is out
    assert helpers.same_bits(out, expected)
    assert x.tobytes() == given


@pytest.mark.parametrize("what", ALIKE)
def test_other_arrays_are_not_predicted_plainly(
    what: str, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([4, 5, 3], dtype=dtype, seed=0)
    x, out = cases.inputs(rng, 7, 4, dtype), np.zeros((7, 3), dtype)
    if what == "other float":  # a few are converted right there
        rounded = ALIKE[what](x)
        assert helpers.same_bits(PLAIN_PREDICT(net, rounded), net.predict(rounded.astype(dtype)))
        return
    assert PLAIN_PREDICT(net, ALIKE[what](x)) is None
    if what not in ("none", "NaN", "infinity"):
        changed = ALIKE[what](out)
        assert PLAIN_PREDICT(net, x, out=changed) is None
        assert not np.asarray(changed).any()


def test_outputs_that_cannot_be_written_are_not_taken(dtype: str) -> None:
    net = cr.mlp([3, 3], dtype=dtype, seed=0)
    x, out = np.eye(3, dtype=dtype), np.zeros((3, 3), dtype)
    out.flags.writeable = False
    both = np.zeros((5, 3), dtype)
    for first, second in ((x, out), (x, x), (both[:3], both[2:]), (both[2:], both[:3])):
        assert PLAIN_PREDICT(net, first, out=second) is None
        with pytest.raises(ValueError, match="out: "):
            net.predict(first, out=second)
    apart = np.zeros((6, 3), dtype)
    assert PLAIN_PREDICT(net, apart[:3], out=apart[3:]) is not None


def test_a_network_that_was_never_built_says_so() -> None:
    net = cr.Network.__new__(cr.Network)
    for call in (lambda: net.predict(np.eye(2)), lambda: net.train_step(np.eye(2), [0, 1])):
        with pytest.raises(RuntimeError, match="never built"):
            call()


@pytest.mark.parametrize(
    "method", [cr.Network.train_step, cr.Network.predict, cr.Predictor.predict_one]
)
def test_methods_are_kept_and_shown_as_functions_are(method: Any) -> None:
    assert pickle.loads(pickle.dumps(method)) is method
    assert copy.copy(method) is copy.deepcopy(method) is method
    assert weakref.ref(method)() is method
    assert repr(method) == repr(method.__wrapped__)


def test_methods_of_a_network_are_kept_and_shown_as_such() -> None:
    net, x = cr.mlp([3, 2], seed=0), np.eye(3, dtype=np.float32)
    assert helpers.same_bits(pickle.loads(pickle.dumps(net.predict))(x), net.predict(x))
    seen = weakref.WeakMethod(net.predict)
    assert helpers.same_bits(seen()(x), net.predict(x))
    assert repr(net.predict) == f"<bound method Predicting.predict of {net!r}>"
    gone = weakref.ref(_steps._core.plain_step(lambda: None))
    gc.collect()
    assert gone() is None
