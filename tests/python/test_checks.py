"""Are arguments that are no data checked by name, and does any mixture of odd ones end well?"""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import TYPE_CHECKING, Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import chainrule as cr
from helpers import state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

X = np.linspace(-1, 1, 15).reshape(5, 3)
Y = np.linspace(0, 1, 10).reshape(5, 2)


class Wide(cr.Dense):
    """Says to have any number of units."""

    def __init__(self, units: int) -> None:
        super().__init__(3)
        object.__setattr__(self, "units", units)

    def build(self) -> cr.Network:
        return cr.Network(3, [self])


# (what is called, the start of the message, values of the wrong kind, values out of range)
ARGUMENTS: dict[str, tuple[Callable[[cr.Network, Any], Any], list[Any], list[Any]]] = {
    "epochs": (lambda net, v: net.fit(X, Y, epochs=v), [1.0, "1", None, True], [0, -1]),
    "batch_size": (lambda net, v: net.fit(X, Y, batch_size=v), [2.0, "2", True], [0, -5]),
    "validation_split": (
        lambda net, v: net.fit(X, Y, validation_split=v),
        ["0.1", None, True, np.ones(3)],
        [-0.1, 1, 1.5, np.nan, np.inf],
    ),
    "validation_data": (
        lambda net, v: net.fit(X, Y, validation_data=v),
        [X, "ab", 3, (X,), (X, Y, None, None)],
        [],
    ),
    "ignore_nan_targets": (lambda net, v: net.fit(X, Y, ignore_nan_targets=v), ["no", 1, None], []),
    "shuffle": (lambda net, v: net.fit(X, Y, shuffle=v), ["no", 1, None], []),
    "callbacks": (
        lambda net, v: net.fit(X, Y, callbacks=v),
        [None, 3, cr.Callback(), [3]],
        [[cr.Callback()] * 2],
    ),
    "metrics": (
        lambda net, v: net.fit(X, Y, metrics=v),
        ["mse", 3, [3], [cr.metrics.Mse], len],
        [["acuracy"], ["mse", "mse"], ["accuracy"]],
    ),
    "verbose": (
        lambda net, v: net.fit(X, Y, verbose=v),
        [],
        [3, -1, "y", None, True, X],
    ),
    "optimizer": (
        lambda net, v: net.fit(X, Y, optimizer=v),
        [3, cr.Adam, cr.losses.Mse()],
        ["adma"],
    ),
    "loss": (lambda net, v: net.fit(X, Y, loss=v), [3, cr.Adam()], ["mae_", ""]),
    "learning_rate": (
        lambda net, v: net.train_step(X, Y, learning_rate=v),
        ["0.1", [0.1], True],
        [-1, np.nan, np.inf],
    ),
    "training": (lambda net, v: net.gradients(X, Y, training=v), ["no", 0, None], []),
    "gradients": (lambda net, v: net.apply(v), [None, np.ones(3)], []),
    "seed": (lambda net, v: net.copy(v), [1.0, "1", True], [-1, 2**64, 2**70]),
    "n_threads": (lambda net, v: setattr(net, "n_threads", v), [1.0, "1"], [0, -1, 1025, 2**70]),
    "weights": (lambda net, v: net.set_weights(v), [None, 3, "ab"], [[], [np.ones((4, 3))]]),
    "biases": (lambda net, v: net.set_weights(net.weights, v), [3, "ab"], [[], [None]]),
    "state": (
        lambda net, v: net.set_state(v),
        [None, [], "abc"],
        [{}, {"chainrule": b"{}"}, {"chainrule": "{}", 3: X}, {"chainrule": "{}", "\udcff": X}],
    ),
    "description": (
        lambda net, v: net.set_state({"chainrule": v}) if isinstance(v, str) else Wide(v).build(),
        [],
        ["\ud800", 10**30, -(10**30)],
    ),
    "path": (lambda net, v: net.save(v), [None, 5], ["a\0b", b"a\0b", "\ud800"]),
    "n_features": (lambda _, v: cr.Network(v, [cr.Dense(1)]), [2.0, "2", None], [0, -1, 2**32 + 1]),
    "units": (lambda _, v: cr.Dense(v), [2.0, "2", None, True], [0, -1, 2**32 + 1, 2**70]),
    "layers": (lambda _, v: cr.Network(3, v), [None, 5, "relu", cr.Dense(1)], [[]]),
    "layers[1]": (lambda _, v: cr.Network(3, [cr.Dense(1), v]), [None, "relu", 3], []),
    "dtype": (
        lambda _, v: cr.Network(3, [cr.Dense(1)], dtype=v),
        [],
        ["float16", "int32", "double precision", 3, None],
    ),
    "sizes": (lambda _, v: cr.mlp(v), [None, 5, "33"], [[], [3]]),
    "sizes[1]": (lambda _, v: cr.mlp([3, v]), [2.0, None], [0, 2**70]),
    "bias": (lambda _, v: cr.Dense(2, bias=v), [1, None, "yes"], []),
    "activation": (lambda _, v: cr.Dense(2, v), [3, None, cr.Adam()], ["rleu", "\ud800"]),
    "initializer": (lambda _, v: cr.Dense(2, initializer=v), [3], ["he"]),
    "n": (lambda _, v: cr.set_num_threads(v), [1.0, None, "2", True], [0, -1, 1025, 2**70]),
}
WRONG = [
    pytest.param(name, error, value, id=f"{name}-{error.__name__}-{i}")
    for name, (_, kinds, values) in ARGUMENTS.items()
    for error, found in ((TypeError, kinds), (ValueError, values))
    for i, value in enumerate(found)
]


@pytest.mark.parametrize(("name", "error", "value"), WRONG)
def test_a_wrong_argument_is_named_and_changes_nothing(
    name: str, error: type[Exception], value: Any
) -> None:
    call = ARGUMENTS[name][0]
    net = cr.mlp([3, 4, 2], seed=0)
    net.train_step(X, Y)
    before = state_bytes(net)
    with pytest.raises(error) as raised:
        call(net, value)
    assert type(raised.value) is error
    assert str(raised.value).startswith(name), str(raised.value)
    assert state_bytes(net) == before


def test_numbers_of_numpy_are_numbers() -> None:
    net = cr.mlp(np.array([3, 2]), seed=np.uint64(2**64 - 1))
    assert net.seed == 2**64 - 1
    net.fit(X, Y, epochs=np.int32(1), batch_size=np.int64(2), validation_split=np.float32(0.5))
    net.train_step(X, Y, learning_rate=np.float64(0.5))
    net.fit(X, Y, shuffle=np.bool_(False), verbose=np.int64(0))


@pytest.mark.parametrize("rate", [10**400, np.longdouble("1e400")])
def test_numbers_that_no_float_can_hold_are_out_of_range(rate: Any) -> None:
    net = cr.mlp([3, 2], seed=0)
    before = state_bytes(net)
    for call in (net.train_step, net.trace):
        with pytest.raises(ValueError, match=r"learning_rate: expected a number in \[0, inf\)"):
            call(X, Y, learning_rate=rate)
    with pytest.raises(ValueError, match="min_delta"):
        cr.EarlyStopping(min_delta=rate)
    assert state_bytes(net) == before


def test_a_batch_larger_than_the_data_is_the_data() -> None:
    nets = [cr.mlp([3, 2], seed=0) for _ in range(3)]
    for net, size in zip(nets, (5, 6, 2**80), strict=True):
        net.fit(X, Y, batch_size=size)
    assert len({state_bytes(net) for net in nets}) == 1


LATER: dict[str, Callable[[cr.Network], Any]] = {
    f"fit {name}": lambda net, name=name, value=value: net.fit(X, Y, **{name: value})
    for name, value in {"checkpoint": "x", "on_divergence": "stop"}.items()
}


@pytest.mark.parametrize("name", LATER)
def test_arguments_of_a_later_version_are_refused_by_name(name: str) -> None:
    net = cr.mlp([3, 4, 2], seed=0)
    with pytest.raises(NotImplementedError) as raised:
        LATER[name](net)
    assert str(raised.value).startswith(f"{name.rsplit(maxsplit=1)[-1]}: ")


@pytest.mark.parametrize("given", ["accuracy", {"accuracy": 1}, 3])
def test_what_is_no_list(given: Any) -> None:
    with pytest.raises(TypeError, match=r"metrics: expected a list, got .*(accuracy|3)"):
        cr.mlp([3, 2], seed=0).evaluate(X, Y, metrics=given)


# ---- Any mixture ---------------------------------------------------------------------------------

_numbers = st.sampled_from([0, 1, -1, 2, 5, 0.5, -0.0, 1e39, np.nan, np.inf, 2**24 + 1, 2**70])
_odd = st.sampled_from(
    [
        None,
        True,
        "abc",
        "mse",
        "binary_cross_entropy",
        "sgd",
        b"x",
        {},
        [],
        (),
        object(),
        3j,
        np.float16(2),
        np.ma.masked,
        os,
        len,
    ]
)
_dtypes = st.sampled_from(["f4", "f8", ">f4", "f2", "i8", "u1", "?", "c8", "O", "U3", "M8[s]"])


@st.composite
def _arrays(draw: Callable[..., Any]) -> Any:
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 5]), max_size=3))
    array = np.full(shape, draw(st.sampled_from([0, 1, 2, 7])), draw(_dtypes))
    if array.dtype.kind == "f" and array.size and draw(st.booleans()):
        array.flat[-1] = draw(st.sampled_from([np.nan, np.inf, 0.25]))
    turn = draw(st.sampled_from([np.asarray, np.transpose, np.asfortranarray, list, np.ma.array]))
    return turn(array) if array.ndim else array


_anything = st.one_of(st.just(X), st.just(Y), st.just([0, 1, 1, 0, 1]), _arrays(), _numbers, _odd)
_METHODS = {
    "fit": (
        *("x", "y", "epochs", "batch_size", "sample_weight", "validation_split", "shuffle"),
        *("validation_data", "loss", "optimizer", "metrics", "callbacks", "verbose"),
    ),
    "train_step": ("x", "y", "sample_weight", "learning_rate", "loss", "optimizer"),
    "evaluate": ("x", "y", "sample_weight", "loss", "metrics"),
    "predict": ("x", "out"),
    "predict_classes": ("x",),
    "gradients": ("x", "y", "sample_weight", "loss", "training"),
    "forward": ("x", "training"),
    "backward": ("dA",),
    "example_losses": ("x", "y"),
    "trace": ("x", "y", "learning_rate", "loss", "training"),
    "set_weights": ("weights", "biases"),
    "set_state": ("state",),
    "apply": ("gradients", "optimizer", "learning_rate"),
}
_USUAL = {"x": X, "y": Y, "dA": Y, "weights": [], "state": {}, "gradients": None}


@hypothesis.given(data=st.data(), output=st.sampled_from(["identity", "sigmoid", "softmax"]))
@hypothesis.settings(max_examples=400)
def test_any_mixture_of_arguments_ends_in_a_result_or_a_known_error(
    data: st.DataObject, output: str
) -> None:
    net = cr.mlp([3, 4, 2], output=output, seed=0)
    method = data.draw(st.sampled_from(list(_METHODS)))
    given = {name: _USUAL[name] for name in _METHODS[method] if name in _USUAL}
    for name in data.draw(st.lists(st.sampled_from(_METHODS[method]), max_size=3)):
        value = data.draw(_anything)
        # 2**70 epochs are no mistake, only long.
        given[name] = 1 if name == "epochs" and isinstance(value, int) and value > 5 else value
    before = state_bytes(net)
    with warnings.catch_warnings(), contextlib.suppress(cr.DivergenceError):
        warnings.simplefilter("ignore")
        try:
            getattr(net, method)(**given)
        except cr.DivergenceError:
            raise  # in the middle of training
        except (TypeError, ValueError, RuntimeError, NotImplementedError):
            assert state_bytes(net) == before
