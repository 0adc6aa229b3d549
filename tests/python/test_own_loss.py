"""Is a function a loss like any other: in every call, with weights and masks, and by its errors?"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
from cases import twin
from chainrule import _own_loss
from helpers import mse, same_bits, state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

D, N, M = 40, 3, 2
RNG = np.random.default_rng(5)
X = RNG.standard_normal((D, N))
Y = RNG.standard_normal((D, M))
CLASSES = RNG.integers(0, M, D)
WEIGHTS = RNG.integers(1, 5, D).astype(float)
# Sums of 40 terms of about 1, and weights after a few steps of SGD: hundred roundings are enough.
TOLERANCE = {"float32": 200 * 2.0**-24, "float64": 200 * 2.0**-53}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE)


def cross_entropy(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
    rows = np.arange(len(y_true))
    p = y_pred[rows, y_true]
    gradient = np.zeros_like(y_pred)
    gradient[rows, y_true] = -1 / p
    return -np.log(p), gradient


def made(output: str = "tanh", dtype: str = "float64", **settings: Any) -> cr.Network:
    layers = [cr.Dense(6, "relu", l2=0.01), cr.Dropout(0.2), cr.Dense(M, output)]
    return cr.Network(N, layers, dtype=dtype, seed=2, **settings)


# Each function, what it is in the library, and for which outputs and targets.
TWINS: dict[str, tuple[Any, str, str, Any]] = {
    "mse": (mse, "mse", "tanh", Y),
    "mse behind softmax": (mse, "mse", "softmax", np.eye(M)[CLASSES]),
    "cross_entropy": (cross_entropy, "cross_entropy", "softmax", CLASSES),
}
every_twin = pytest.mark.parametrize("kind", TWINS)


def close(a: Any, b: Any, dtype: str) -> bool:
    return bool(np.allclose(a, b, rtol=0, atol=TOLERANCE[dtype]))


# ---- The same as the library's -------------------------------------------------------------------


@every_twin
@both_dtypes
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sample_weight": WEIGHTS, "l1": 0.01, "l2": 0.1},
        {"clip_norm": 0.1, "clip_value": 0.05, "shuffle": False},
        {"schedule": "cosine", "validation_split": 0.25, "batch_size": 7},
        {"validation_data": (X[:9], None, WEIGHTS[:9]), "metrics": ("mse",)},
    ],
)
def test_fits_are_those_of_the_formula(kind: str, dtype: str, options: dict[str, Any]) -> None:
    function, name, output, y = TWINS[kind]
    options = {"epochs": 4, "batch_size": 16, "optimizer": cr.SGD(0.1), **options}
    if "validation_data" in options:
        if kind == "cross_entropy":
            options["metrics"] = ("accuracy", "log_loss")
        options["validation_data"] = (X[:9], y[:9], WEIGHTS[:9])
    nets = made(output, dtype), made(output, dtype)
    histories = [
        net.fit(X, y, loss=loss, **options)
        for net, loss in zip(nets, (function, name), strict=True)
    ]
    for a, b in zip(nets[0].weights, nets[1].weights, strict=True):
        assert close(a, b, dtype)
    assert list(histories[0].history) == list(histories[1].history)
    for key in set(histories[0].history) - {"seconds"}:
        assert close(histories[0][key], histories[1][key], dtype), key
    assert nets[0].loss is function


@every_twin
@both_dtypes
def test_single_calls_are_those_of_the_formula(kind: str, dtype: str) -> None:
    function, name, output, y = TWINS[kind]
    by_function = made(output, dtype, loss=function)
    by_name = made(output, dtype, loss=name)
    results = []
    for net in (by_function, by_name):
        g = net.gradients(X, y, sample_weight=WEIGHTS)
        dX = g.inputs
        t = net.trace(X, y)
        j = net.train_step(X, y, optimizer="sgd", sample_weight=WEIGHTS, l2=0.1, clip_norm=1.0)
        values = net.evaluate(X, y, sample_weight=WEIGHTS)
        results.append(
            [
                *(g.flat, dX, g.loss, g.weight_sum),
                *(t.dA[2], t.dZ[2], t.new_W[1], t.loss, t.new_loss, t.losses, t.Y),
                *(j, values["loss"], net.example_losses(X, y), *net.weights),
            ]
        )
        assert list(values) == (["loss"] if output == "tanh" else ["loss", "accuracy"])
    for a, b in zip(*results, strict=True):
        assert close(a, b, dtype)
        assert np.shape(a) == np.shape(b)


def test_it_holds_for_one_call_only_where_it_is_not_kept() -> None:
    net = made()
    net.train_step(X, Y, loss=mse)
    net.gradients(X, Y, loss=mse)
    net.evaluate(X, Y, loss=mse)
    net.trace(X, Y, loss=mse)
    assert net._loss is None
    net.fit(X, Y, loss=mse)
    assert net.loss is mse
    assert cr.mlp([N, M], loss=mse).loss is mse
    net.fit(X, Y, loss="mae")
    assert net.loss == cr.losses.Mae()


def quantic(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
    """A loss that the library has not: (y_hat - y)^4 / 4 with weights of the outputs."""
    error = y_pred - y_true
    return (error**4 / 4) @ np.array([1.0, 3.0]), error**3 * np.array([1.0, 3.0])


def test_gradients_are_those_of_differences() -> None:
    net = cr.Network(
        N, [cr.Dense(4, "tanh"), cr.Dense(M, "softmax")], loss=quantic, dtype="float64", seed=1
    )
    weights, step = [w.copy() for w in net.weights], 1e-5
    gradients = net.gradients(X, Y, sample_weight=WEIGHTS, training=False)
    for layer, w in enumerate(weights):
        for index in np.ndindex(w.shape):
            sides = []
            for sign in (1, -1):
                changed = [each.copy() for each in weights]
                changed[layer][index] += sign * step
                net.set_weights(changed)
                sides.append(net.evaluate(X, Y, sample_weight=WEIGHTS)["loss"])
            difference = (sides[0] - sides[1]) / (2 * step)
            # step^2 / 6 of the third derivative, and rounding over the step.
            assert abs(difference - gradients.weights[layer][index]) < 1e-7
    net.set_weights(weights)
    expected = WEIGHTS @ quantic(twin(net).forward(X)[-1], Y)[0] / WEIGHTS.sum()
    assert abs(net.evaluate(X, Y, sample_weight=WEIGHTS)["loss"] - expected) < 1e-14


@both_dtypes
def test_any_number_of_threads(dtype: str) -> None:
    fits = []
    for n_threads in (1, 2, 3):
        net = cr.mlp([N, 256, 256, M], loss=mse, dtype=dtype, seed=0)
        net.n_threads = n_threads
        net.fit(np.tile(X, (20, 1)), np.tile(Y, (20, 1)), epochs=2, batch_size=300)
        fits.append(state_bytes(net))
    assert fits[0] == fits[1] == fits[2]


def test_fits_in_parts_are_one_fit() -> None:
    whole, parts = made(loss=mse), made(loss=mse)
    whole.fit(X, Y, epochs=4, batch_size=16)
    for epochs in (1, 3):
        parts.fit(X, Y, epochs=epochs, batch_size=16)
    assert state_bytes(whole) == state_bytes(parts)


def test_steps_are_gradients_that_are_applied() -> None:
    a, b = made(loss=mse), made(loss=mse)
    a.train_step(X, Y, sample_weight=WEIGHTS)
    b.apply(b.gradients(X, Y, sample_weight=WEIGHTS), optimizer="adam")
    assert state_bytes(a) == state_bytes(b)


def test_it_goes_with_everything_else_of_a_fit() -> None:
    net = made(loss=mse)
    stop = cr.EarlyStopping(patience=1)
    seen: list[int] = []
    hook = cr.LambdaCallback(on_batch_end=lambda run: seen.append(run.step))
    h = net.fit(
        X, Y, epochs=50, batch_size=20, callbacks=[stop, hook], validation_split=0.5, metrics=()
    )
    assert list(h.history) == ["loss", "val_loss", "penalty", "learning_rate", "seconds"]
    assert len(seen) == h.n_epochs
    before = state_bytes(net)
    curve = net.find_learning_rate(X, Y, steps=11)
    by_name = made(loss="mse").find_learning_rate(X, Y, steps=11, loss=mse)
    assert len(curve.losses) == len(by_name.losses) == 11
    assert state_bytes(net) == before
    assert net.loss is mse


# ---- What it is given, and what it may return ----------------------------------------------------


def spy(seen: list[Any]) -> Callable[[Any, Any], Any]:
    def loss(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        seen.append((y_pred, y_true))
        return np.zeros(len(y_pred)), np.zeros_like(y_pred)

    return loss


@both_dtypes
@pytest.mark.parametrize(
    "y",
    [
        np.arange(D),
        np.arange(D) > 3,
        np.arange(float(D)),
        RNG.standard_normal((D, 1)),
        RNG.standard_normal((D, 2, 5)),
        RNG.integers(0, 9, (D, 3, 1)),
    ],
    ids=lambda y: f"{y.dtype} {y.shape}",
)
def test_targets_keep_their_shape(y: Any, dtype: str) -> None:
    seen: list[Any] = []
    net = cr.mlp([N, 1], loss=spy(seen), dtype=dtype)
    net.fit(X, y, batch_size=16, validation_data=(X[:3], y[:3]), verbose=0)
    assert len(seen) == 4
    for y_pred, y_true in seen:
        assert y_pred.shape == (len(y_true), 1)
        assert y_pred.dtype == np.dtype(dtype)
        assert y_true.shape[1:] == y.shape[1:]
        assert y_true.dtype == (np.dtype(dtype) if y.dtype.kind == "f" else y.dtype)
    order = np.concatenate([y_true for _, y_true in seen[:3]])
    assert sorted(order.ravel().tolist()) == sorted(y.astype(order.dtype).ravel().tolist())
    for call in (net.evaluate, net.gradients, net.train_step, net.example_losses, net.trace):
        call(X, y)
        assert same_bits(seen[-1][1], y.astype(order.dtype))
    assert net.trace(X, y).Y.shape[-1] == D


def test_each_row_has_its_own_target() -> None:
    seen: list[Any] = []
    net = cr.mlp([N, M], loss=spy(seen), dtype="float64", seed=0)
    net.fit(X, net.predict(X), epochs=2, batch_size=7, optimizer=cr.SGD(0.0))
    assert len(seen) == 12
    assert all(np.array_equal(y_pred, y_true) for y_pred, y_true in seen)


def test_a_whole_set_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_own_loss, "_ROWS", 16)
    seen: list[Any] = []
    net = cr.mlp([N, M], loss=spy(seen), dtype="float64", seed=0)
    monkeypatch.setattr(net, "_predict", lambda x, out: seen.append(len(x)), raising=False)
    for ask in (net.example_losses, net.evaluate):
        ask(X, Y)
        assert seen[::2] == [16, 16, 8]  # so that Ctrl-C is answered between them
        assert [len(y_pred) for y_pred, _ in seen[1::2]] == [16, 16, 8]
        seen.clear()


def test_arrays_of_the_caller_stay_as_they_are() -> None:
    def writes(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        y_pred[:] = y_true[:] = 7
        return np.zeros(len(y_pred)), y_pred

    y = Y.copy()
    net = cr.mlp([N, M], loss=writes, dtype="float64", seed=0)
    predicted = net.predict(X)
    net.evaluate(X, y, metrics=("mse",))
    for call in (net.gradients, net.trace, net.example_losses):
        call(X, y)
    net.train_step(X, y, optimizer=cr.SGD(0.0))
    net.fit(X, y, metrics=("mse",), optimizer=cr.SGD(0.0))
    assert same_bits(y, Y)
    assert same_bits(predicted, net.predict(X))


@pytest.mark.parametrize(
    ("convert", "tolerance"), [(list, 0.0), (np.float32, 1e-6), (np.longdouble, 0.0)]
)
def test_what_it_returns_may_be_any_array_of_numbers(convert: Any, tolerance: float) -> None:
    def converted(y_pred: Any, y_true: Any) -> Any:
        return [convert(part) for part in mse(y_pred, y_true)]

    a, b = made(loss=mse).gradients(X, Y), made(loss=converted).gradients(X, Y)
    assert np.allclose(a.flat, b.flat, rtol=0, atol=tolerance)


def test_one_output_may_have_derivatives_of_shape_d() -> None:
    def flat(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        error = y_pred[:, 0] - y_true
        return error**2, 2 * error

    net, other = cr.mlp([N, 1], loss=flat, seed=0), cr.mlp([N, 1], loss="mse", seed=0)
    for each in (net, other):
        each.fit(X, Y[:, 0], optimizer=cr.SGD(0.1))
    assert close(net.weights[0], other.weights[0], "float32")


FEW = np.zeros(D)
RETURNED: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (None, TypeError, r"loss: f: expected \(losses, derivatives\).*got None"),
    "losses alone": (FEW, TypeError, r"expected \(losses, derivatives\) of shapes \(40,\) and"),
    "three": ((FEW, FEW, FEW), TypeError, "got 3 values"),
    "an array": (np.zeros((D, M)), TypeError, "got ndarray"),
    "a mean": ((0.5, np.zeros((D, M))), ValueError, r"one loss for each row.*got \(\)"),
    "losses (d, 1)": (
        (FEW[:, None], np.zeros((D, M))),
        ValueError,
        r"of shape \(40,\), got \(40, 1\)",
    ),
    "no derivatives": ((FEW, None), TypeError, "f: derivatives: expected an array of numbers"),
    "derivatives (d,)": ((FEW, FEW), ValueError, r"of shape \(40, 2\), got \(40,\); nothing is"),
    "text": ((FEW, np.full((D, M), "a")), TypeError, "f: derivatives: expected real numbers"),
    "complex": ((FEW * 1j, np.zeros((D, M))), TypeError, "f: losses: expected real numbers"),
    "infinite": (
        (FEW, np.where(np.arange(D * M).reshape(D, M) == 7, np.inf, 0)),
        ValueError,
        "loss: expected finite derivatives where the losses are finite, got inf in row 3, column 1",
    ),
}


@pytest.mark.parametrize("kind", RETURNED)
def test_what_it_must_not_return(kind: str) -> None:
    value, error, words = RETURNED[kind]

    def f(y_pred: Any, y_true: Any) -> Any:
        return value

    net = made(loss=f)
    before = state_bytes(net)
    calls: list[Callable[..., Any]] = [net.train_step, net.gradients, net.trace]
    if kind != "infinite":
        calls += [net.evaluate, net.example_losses]
    for call in (*calls, functools.partial(net.fit, shuffle=False)):
        with pytest.raises(error, match=words):
            call(X, Y)
        assert state_bytes(net) == before
    assert net.history.n_epochs == 0


def test_targets_without_columns_are_named_where_shapes_do_not_fit() -> None:
    def square(y_pred: Any, y_true: Any) -> Any:
        error = y_pred - y_true  # (d, d) if y has no columns
        return (error**2).sum(axis=1), 2 * error

    net = cr.mlp([X.shape[1], 1], loss=square, seed=0)
    with pytest.raises(ValueError, match=r"got \(40, 40\); .*, and y_true is 1-D because y is"):
        net.train_step(X, Y[:, 0])
    net.train_step(X, Y[:, :1])


def test_a_loss_that_is_not_finite_is_divergence() -> None:
    def breaks(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        calls.append(1)
        losses, gradient = mse(y_pred, y_true)
        return (losses if len(calls) < 5 else losses * np.nan), gradient

    calls: list[int] = []
    net = made(loss=breaks)
    with pytest.raises(cr.DivergenceError) as error:
        net.fit(X, Y, epochs=9, batch_size=20)
    assert (error.value.step, error.value.epoch) == (5, 3)
    assert net.history.n_epochs == 2
    assert np.isfinite(net.weights[0]).all()
    before = net.weights[0]
    with pytest.raises(cr.DivergenceError):
        net.train_step(X, Y)
    assert same_bits(net.weights[0], before)


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (Y[:7], ValueError, r"y: expected targets for 40 examples, got shape \(7, 2\)"),
        (3.0, ValueError, r"y: expected targets for 40 examples, got shape \(\)"),
        (["a"] * D, TypeError, "y: expected real numbers"),
        (None, TypeError, "y: expected an array of numbers, got None"),
        (np.where(Y > 1, np.nan, Y), ValueError, "y: expected finite numbers, got nan in row"),
    ],
)
def test_targets_that_are_none(y: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        made().fit(X, y, loss=mse)


def test_losses_that_are_none() -> None:
    for wrong in (3, [mse], cr.losses.Mse):
        with pytest.raises(TypeError, match="loss: expected a name or an object"):
            made(loss=wrong)


# ---- Weights and masks ---------------------------------------------------------------------------


def test_weight_2_is_a_duplicated_row() -> None:
    weights = np.where(np.arange(D) < 5, 2.0, 1.0)
    doubled = np.r_[np.arange(D), np.arange(5)]
    net = made(loss=mse)
    a = net.gradients(X, Y, sample_weight=weights, training=False)
    b = net.gradients(X[doubled], Y[doubled], training=False)
    assert close(a.flat, b.flat, "float64")
    assert abs(a.loss - b.loss) < TOLERANCE["float64"]


def test_weights_of_single_outputs_are_refused() -> None:
    for call in (made().fit, made().evaluate, made().train_step, made().gradients):
        with pytest.raises(ValueError, match="sample_weight: this loss is one number per example"):
            call(X, Y, loss=mse, sample_weight=np.ones((D, M)))


def test_masked_rows_have_no_influence() -> None:
    def spoilt(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        losses, gradient = mse(y_pred, y_true)
        absent = (y_true == 0).all(axis=1)
        return np.where(absent, np.nan, losses), np.where(absent[:, None], np.inf, gradient)

    y = Y.copy()
    y[[1, 30]] = np.nan
    known = ~np.isnan(y).any(axis=1)
    net, other = made(loss=spoilt), made(loss=mse)
    a = net.evaluate(X, y, ignore_nan_targets=True)["loss"]
    assert abs(a - other.evaluate(X[known], Y[known])["loss"]) < 1e-14
    w = known.astype(float)
    g = net.gradients(X, np.where(known[:, None], Y, 0), sample_weight=w, training=False)
    h = other.gradients(X[known], Y[known], training=False)
    assert close(g.flat, h.flat, "float64")
    assert not g.inputs[~known].any()
    values = net.fit(X, y, epochs=2, ignore_nan_targets=True, validation_data=(X, y), verbose=0)
    assert np.isfinite([*values["loss"], *values["val_loss"]]).all()
    y[2, 0] = np.nan
    with pytest.raises(ValueError, match=r"y: expected rows with all targets or none.* row 2"):
        net.evaluate(X, y, ignore_nan_targets=True)


def test_masked_rows_of_any_shape() -> None:
    y = np.repeat(Y[:, :, None], 3, axis=2)
    y[[1, 2]] = np.nan
    seen: list[Any] = []
    cr.mlp([N, M], loss=spy(seen)).fit(X, y, ignore_nan_targets=True)
    assert seen[0][1].shape == (D, M, 3)


@pytest.mark.parametrize("given", [{0: 3.0}, "balanced"])
def test_weights_of_classes(given: Any) -> None:
    nets = made("softmax", loss=cross_entropy), made("softmax", loss="cross_entropy")
    for net in nets:
        net.fit(X, CLASSES, class_weight=given, optimizer=cr.SGD(0.1), validation_split=0.3)
    assert close(nets[0].weights[0], nets[1].weights[0], "float64")
    assert close(nets[0].history["val_loss"], nets[1].history["val_loss"], "float64")
    with pytest.raises(ValueError, match="class_weight: expected targets that are classes"):
        made(loss=mse).fit(X, Y, class_weight=given)


def test_weights_of_classes_of_one_output() -> None:
    for y in (CLASSES, CLASSES[:, None], CLASSES > 0, 2 * CLASSES - 1):
        fits = []
        for settings in ({"class_weight": {1: 3.0}}, {"sample_weight": 1 + 2.0 * CLASSES}):

            def hinge(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
                sign = np.where(y_true.reshape(-1, 1) > 0, 1.0, -1.0)
                return np.maximum(1 - sign * y_pred, 0)[:, 0], -sign * (sign * y_pred < 1)

            net = cr.mlp([N, 1], loss=hinge, seed=0)
            net.fit(X, y, optimizer=cr.SGD(0.1), **settings)  # type: ignore[arg-type]
            fits.append(net.weights[0])
        assert close(*fits, "float32")


def test_metrics_where_targets_have_their_usual_form() -> None:
    net = made("softmax", loss=cross_entropy)
    assert "accuracy" in net.fit(X, CLASSES).history
    columns = made("softmax", loss=lambda y_pred, y_true: cross_entropy(y_pred, y_true[:, 0]))
    assert columns.fit(X, CLASSES[:, None], validation_split=0.2).history == {
        **made("softmax", loss=cross_entropy).fit(X, CLASSES, validation_split=0.2).history,
        "seconds": columns.history["seconds"],
    }
    assert "accuracy" not in made(loss=spy([])).fit(X, Y).history
    strange = np.zeros((D, M, 2))
    with pytest.raises(ValueError, match=r"metrics: mse needs a target.*shape \(40, 2, 2\)"):
        made(loss=spy([])).fit(X, strange, metrics=["mse"])

    def own(y_pred: Any, y_true: Any) -> float:
        return float(y_true.shape[-1])

    assert made(loss=spy([])).fit(X, strange, metrics=[own])["own"] == [2.0]
    assert list(made("softmax", loss=spy([])).evaluate(X, strange)) == ["loss"]
