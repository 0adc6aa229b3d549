"""Do fit and evaluate report the metrics of any network, and refuse those without a meaning?"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from helpers import state_bytes

D = 40
RNG = np.random.default_rng(3)
X = RNG.standard_normal((D, 3))
WEIGHTS = RNG.random(D)
CLASSES = RNG.integers(0, 6, D)
YES = RNG.integers(0, 2, (D, 6)).astype(float)
NUMBERS = RNG.standard_normal((D, 6))
MEANT_TO_GROW = {
    *("accuracy", "top_k", "precision", "recall", "f1"),
    *("roc_auc", "average_precision", "r2"),
}

# (output, outputs, y, loss, the metrics that have a meaning)
_DECIDED = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss")
_COMPARED = ("mse", "rmse", "mae", "r2")
_SCORES = ("roc_auc", "average_precision")
NETWORKS: dict[str, tuple[str, int, Any, str, tuple[str, ...]]] = {
    "classes": ("softmax", 6, CLASSES, "cross_entropy", (*_DECIDED, "top_k")),
    "two classes": ("softmax", 2, CLASSES % 2, "cross_entropy", (*_DECIDED, "top_k")),
    "rows of classes": (
        *("softmax", 6, np.eye(6)[CLASSES], "mse"),
        tuple(cr.metrics.names()),
    ),
    "yes or no": ("sigmoid", 1, YES[:, 0], "binary_cross_entropy", _DECIDED + _COMPARED),
    "labels": ("sigmoid", 6, YES, "binary_cross_entropy", _DECIDED + _COMPARED),
    "probabilities": (
        *("sigmoid", 6, 0.9 * YES, "binary_cross_entropy"),
        ("accuracy", "log_loss", *_COMPARED),
    ),
    "numbers": ("identity", 6, NUMBERS, "mse", _COMPARED),
    "a number": ("tanh", 1, NUMBERS[:, 0], "mse", _COMPARED),
    "scores": ("identity", 6, YES, "mse", (*_COMPARED, *_SCORES)),
}
every_network = pytest.mark.parametrize("kind", NETWORKS)


def made(kind: str, dtype: str = "float64") -> tuple[cr.Network, Any, tuple[str, ...]]:
    output, m, y, loss, usable = NETWORKS[kind]
    net = cr.mlp([3, 8, m], output=output, loss=loss, dtype=dtype, seed=0)
    return net, y, usable


def measured(net: cr.Network, name: str, y: Any, weights: Any) -> float:
    """The metric of what the network predicts."""
    cls = getattr(cr.metrics, "".join(word.capitalize() for word in name.split("_")))
    y = np.asarray(y, np.int64 if y.dtype == np.int64 else net.dtype)
    return cls()(net.predict(X), y, weights, output=net.layers[-1].activation.name)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["none", "drawn"])
@every_network
def test_fit_validation_and_evaluate(kind: str, weights: Any, dtype: str) -> None:
    net, y, usable = made(kind, dtype)
    given = {"sample_weight": weights, "metrics": usable}
    expected = {name: measured(net, name, y, weights) for name in usable}
    assert all(np.isfinite(list(expected.values())))
    found = net.evaluate(X, y, **given)
    assert {name: found[name] for name in usable} == expected
    # One batch: the predictions made while training are those from before the update.
    validation = (X, y) if weights is None else (X, y, weights)
    history = net.fit(X, y, batch_size=D, validation_data=validation, **given)
    assert {name: history[name] for name in usable} == {n: [v] for n, v in expected.items()}
    after = {name: [measured(net, name, y, weights)] for name in usable}
    assert {name: history[f"val_{name}"] for name in usable} == after


@every_network
def test_metrics_without_a_meaning_are_refused_before_anything_happens(kind: str) -> None:
    net, y, usable = made(kind)
    before = state_bytes(net)
    for name in set(cr.metrics.names()) - set(usable):
        remedy = rf"^metrics: {name} (expects|compares) .*; (use|give) "
        with pytest.raises(ValueError, match=remedy):
            net.evaluate(X, y, metrics=[name])
        with pytest.raises(ValueError, match=remedy):
            net.fit(X, y, metrics=[name])
        assert state_bytes(net) == before
        assert net.history.n_epochs == 0


def test_validation_targets_are_checked_before_training_too() -> None:
    net, y, _ = made("labels")
    with pytest.raises(ValueError, match="f1 expects targets of 0 or 1"):
        net.fit(X, y, metrics=["f1"], validation_data=(X, 0.9 * y))
    assert net.history.n_epochs == 0


def test_metrics_of_training_are_over_the_whole_epoch() -> None:
    net, y, _ = made("classes")
    seen = np.empty((D, 6))

    class Watch(cr.Callback):
        def on_batch_begin(self, run: cr.callbacks.Run) -> None:
            start = 10 * (run.step - 1)
            seen[start : start + 10] = run.network.predict(X[start : start + 10])

    history = net.fit(X, y, batch_size=10, shuffle=False, metrics=["log_loss"], callbacks=[Watch()])
    assert history["log_loss"] == [cr.metrics.LogLoss()(seen, y)]


def test_weights_of_single_outputs() -> None:
    net, y, usable = made("labels")
    weights = np.where(RNG.random((D, 6)) < 0.5, 0.0, RNG.random((D, 6)))
    found = net.evaluate(X, y, sample_weight=weights, metrics=usable)
    assert found == {
        "loss": found["loss"],
        **{name: measured(net, name, y, weights) for name in usable},
    }
    assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-12)


def test_the_log_loss_of_a_classifier_is_its_loss() -> None:
    for kind in ("classes", "yes or no", "labels"):
        net, y, _ = made(kind)
        found = net.evaluate(X, y, sample_weight=WEIGHTS, metrics=["log_loss"])
        assert found["log_loss"] == pytest.approx(found["loss"], rel=1e-12)


def test_names_and_objects_mean_the_same() -> None:
    net, y, _ = made("classes")
    for chosen in (["accuracy"], [cr.metrics.Accuracy()], ("accuracy",), {"accuracy"}):
        assert net.evaluate(X, y, metrics=chosen) == net.evaluate(X, y)
    assert net.evaluate(X, y, metrics=()).keys() == {"loss"}
    found = net.evaluate(X, y, metrics=[cr.metrics.TopK(1)])
    assert found["top_k"] == net.evaluate(X, y)["accuracy"]
    with pytest.raises(ValueError, match=r"unknown name 'acuracy'; did you mean accuracy\?"):
        net.evaluate(X, y, metrics=["acuracy"])


# ---- Early stopping ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cr.metrics.names())
@pytest.mark.parametrize("prefix", ["", "val_"])
def test_early_stopping_knows_whether_more_is_better(name: str, prefix: str) -> None:
    net = made("rows of classes")[0]
    stopping = cr.EarlyStopping(prefix + name)
    run = cr.callbacks.Run(net, 9, cr.History(), (prefix + name,), 0.1)
    stopping.on_train_begin(run)
    for epoch, value in enumerate((0.5, 0.7, 0.6, 0.4), start=1):
        run.epoch, run.logs = epoch, {prefix + name: value}
        stopping.on_epoch_end(run)
    assert stopping.best == (0.7 if name in MEANT_TO_GROW else 0.4)


# ---- Own functions -------------------------------------------------------------------------------


def test_a_function_is_a_metric_by_its_name() -> None:
    net, y, _ = made("classes", "float32")
    calls: list[Any] = []

    def largest(y_pred: np.ndarray, y_true: np.ndarray) -> np.float32:
        calls.append((y_pred.copy(), y_true))
        y_pred[:] = 0  # its own
        return calls[-1][0].max()

    before = net.predict(X)
    found = net.evaluate(X, y, metrics=[largest, "accuracy"])
    assert list(found) == ["loss", "largest", "accuracy"]
    assert found["largest"] == float(before.max())
    assert type(found["largest"]) is float
    assert found["accuracy"] == net.evaluate(X, y)["accuracy"]
    history = net.fit(X, y, metrics=["accuracy", largest], epochs=2, validation_split=0.25)
    assert list(history)[:3] == ["loss", "accuracy", "largest"]
    assert "val_largest" in history
    assert [a.shape for a, _ in calls] == [(D, 6), *2 * [(30, 6), (10, 6)]]
    assert all(a.dtype == np.float32 for a, _ in calls)
    assert calls[0][1].dtype == np.int64
    for _, y_true in calls:
        assert not y_true.flags.writeable


@pytest.mark.parametrize("weights", [WEIGHTS, np.tile(WEIGHTS[:, None], 6)])
def test_a_function_may_take_weights(weights: np.ndarray) -> None:
    net, y, _ = made("labels")

    def weighed(y_pred: Any, y_true: Any, sample_weight: Any = None) -> float:
        if sample_weight is None:
            return -1.0
        assert not sample_weight.flags.writeable
        return float(sample_weight[3].max())

    def simple(y_pred: Any, y_true: Any) -> int:
        return 1

    assert net.evaluate(X, y, metrics=[weighed, simple])["weighed"] == -1.0
    given = {"sample_weight": weights}
    assert net.evaluate(X, y, metrics=[weighed], **given)["weighed"] == WEIGHTS[3]
    for call in (net.evaluate, net.fit):
        with pytest.raises(ValueError, match=r"simple is given weights.*add the parameter s"):
            call(X, y, metrics=[simple], **given)
    history = net.fit(X, y, metrics=[weighed], validation_data=(X, y), **given)
    assert len(history["weighed"]) == 1
    assert history["val_weighed"] == [-1.0]


def _named(name: str) -> Any:
    def function(y_pred: Any, y_true: Any) -> float:
        return 0.0

    function.__name__ = name
    return function


def test_names_of_functions() -> None:
    net, y, _ = made("labels")
    for name in ("loss", "penalty", "learning_rate", "seconds", "epoch", "val_x"):
        with pytest.raises(ValueError, match=f"metrics: a function cannot be called '{name}'"):
            net.evaluate(X, y, metrics=[_named(name)])
    for repeated in ([_named("a"), _named("a")], [_named("f1"), "f1"]):
        with pytest.raises(ValueError, match=r"metrics: (a|f1) given more than once"):
            net.evaluate(X, y, metrics=repeated)
    with pytest.raises(TypeError, match=r"metrics: .* got a class; give F1\(\)"):
        net.evaluate(X, y, metrics=[cr.metrics.F1])
    assert net.evaluate(X, y, metrics=[_named("f1")])["f1"] == 0.0
    for odd in (functools.partial(_named("a")), cr.metrics.F1, float, "f1 "):
        with pytest.raises((TypeError, ValueError), match="metrics: "):
            net.evaluate(X, y, metrics=[odd])


@pytest.mark.parametrize("value", [None, "1", np.ones(1), 1j, [0.5]])
def test_what_a_function_returns_must_be_a_number(value: Any) -> None:
    net, y, _ = made("labels")

    def odd(y_pred: Any, y_true: Any) -> Any:
        return value

    with pytest.raises(TypeError, match="metrics: expected a number from odd, got "):
        net.evaluate(X, y, metrics=[odd])


def test_an_exception_in_a_function_leaves_a_whole_network() -> None:
    net, y, _ = made("labels")

    def breaks(y_pred: Any, y_true: Any) -> float:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        net.fit(X, y, metrics=[breaks])
    assert np.isfinite(net.fit(X, y)["loss"][0])
