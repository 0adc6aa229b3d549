"""Does a network say what the equations say? Outputs, classes, losses, over any number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle

LOSSES = cr.losses.names()


@pytest.mark.parametrize("activation", cases.activations(), ids=repr)
def test_predictions(activation: Any, dtype: str, rng: np.random.Generator) -> None:
    # tanh keeps what grows exponentially within bounds.
    layers = [cr.Dense(18, activation), cr.Dense(7, "tanh"), cr.Dense(3, activation)]
    net = cr.Network(5, layers, dtype=dtype, seed=4)
    net.set_weights(net.weights, [rng.standard_normal(b.shape) for b in net.biases])
    x = 3 * cases.inputs(rng, 40, 5, dtype)
    found = net.predict(x)
    assert (found.shape, found.dtype) == ((40, 3), dtype)
    expected = cases.twin(net).forward(x.astype(float))[-1]
    # An error in one layer grows by the next one's weights, whose rows sum to less than 10 here.
    growth = np.prod([abs(w).sum(axis=1).max() for w in net.weights[1:]])
    largest = max(abs(v).max() for v in cases.twin(net).forward(x.astype(float)))
    k_u = (5 + 18 + 7 + 90) * cases.unit(dtype)
    cases.close(found, expected, k_u * (1 + growth) * largest)


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_probabilities(output: str, dtype: str, rng: np.random.Generator) -> None:
    net = cr.mlp([4, 10], output=output, dtype=dtype, seed=0)
    p = net.predict(50 * cases.inputs(rng, 200, 4, dtype))
    assert p.min() >= 0
    assert p.max() <= 1
    if output == "softmax":
        cases.close(p.sum(axis=1, dtype=float), np.ones(200), 20 * cases.unit(dtype))


def test_no_rows_give_no_rows(dtype: str) -> None:
    net = cr.mlp([4, 3, 2], output="softmax", dtype=dtype, seed=0)
    nothing = np.empty((0, 4))
    assert net.predict(nothing).shape == net.forward(nothing).shape == (0, 2)
    assert net.predict(nothing).dtype == dtype
    assert net.predict_classes(nothing).shape == (0,)


def test_out_is_filled_and_returned(dtype: str, rng: np.random.Generator) -> None:
    net = cr.mlp([4, 3, 2], dtype=dtype, seed=0)
    x = cases.inputs(rng, 9, 4, dtype)
    out = np.full((9, 2), np.nan, dtype)
    assert net.predict(x, out=out) is out
    assert out.tobytes() == net.predict(x).tobytes()


# ---- Classes -----------------------------------------------------------------------------------


def with_outputs(output: str, m: int, dtype: str) -> cr.Network:
    """A net whose Z is its input."""
    net = cr.mlp([m, m], output=output, dtype=dtype, seed=0)
    net.set_weights([np.eye(m)], [np.zeros(m)])
    return net


def test_classes_behind_softmax(dtype: str) -> None:
    net = with_outputs("softmax", 3, dtype)
    z = [[1, 2, 3], [3, 2, 1], [0, 5, 0], [2, 2, 2], [0, 4, 4], [-9, -9, -9.5]]
    classes = net.predict_classes(z)
    assert classes.dtype == np.int64
    assert classes.tolist() == [2, 0, 1, 0, 1, 0]  # the lowest of equals


def test_log_probabilities_have_the_classes_of_probabilities(
    dtype: str, rng: np.random.Generator
) -> None:
    nets = [cr.mlp([4, 5], output=name, dtype=dtype, seed=1) for name in ("softmax", "log_softmax")]
    x = cases.inputs(rng, 50, 4, dtype)
    classes, logs = (net.predict_classes(x) for net in nets)
    assert len(set(classes.tolist())) > 1
    assert classes.tobytes() == logs.tobytes()
    cases.close(np.exp(nets[1].predict(x)), nets[0].predict(x), 20 * cases.unit(dtype))


def test_classes_behind_sigmoid(dtype: str) -> None:
    classes = with_outputs("sigmoid", 1, dtype).predict_classes([[-1.0], [0.0], [1e-3], [30.0]])
    assert classes.dtype == np.int64
    assert classes.tolist() == [0, 0, 1, 1]  # 1/2 is not above 1/2
    classes = with_outputs("sigmoid", 2, dtype).predict_classes([[-1.0, 1.0], [2.0, 0.0]])
    assert classes.dtype == np.int64
    assert classes.tolist() == [[0, 1], [1, 0]]


def test_classes_need_probabilities() -> None:
    for name in cr.activations.names():
        net = cr.mlp([2, 2], output=name, seed=0)
        if name in ("softmax", "log_softmax", "sigmoid"):
            net.predict_classes([[1.0, 2.0]])
            continue
        with pytest.raises(ValueError, match=f"log_softmax or sigmoid, got {name}"):
            net.predict_classes([[1.0, 2.0]])


# ---- Losses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 7, 1500])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_of_examples_and_their_mean(
    loss: str, d: int, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([4, 6, 4], "tanh", oracle.LOSSES[loss].output, loss=loss, dtype=dtype, seed=1)
    x, y = cases.inputs(rng, d, 4, dtype), cases.targets(rng, d, 4, loss, dtype)
    before = cases.state(net)
    step = cases.twin(net).step(x.astype(float), y.astype(float), loss)
    losses = net.example_losses(x, y)
    assert losses.dtype == dtype
    k_u = cases.k_of(net, 1) * cases.unit(dtype)
    cases.close(losses, step.losses, k_u * (1 + step.losses))
    mean = losses.astype(float).mean()
    assert net.evaluate(x, y, metrics=()) == {
        "loss": pytest.approx(mean, rel=(d + 2) * cases.unit("float64"))
    }
    w = rng.uniform(0.1, 2, d)
    weighted = (w * losses.astype(float)).sum() / w.sum()
    found = net.evaluate(x, y, sample_weight=w)["loss"]
    assert found == pytest.approx(weighted, rel=4 * (d + 2) * cases.unit("float64"))
    assert cases.state(net) == before


@pytest.mark.parametrize("weight", [3e-308, 1e300])
def test_a_common_factor_of_weights_changes_nothing(weight: float) -> None:
    net = cr.mlp([1, 1], initializer="zeros", dtype="float64")
    x, weights = np.ones((9, 1)), np.full(9, weight)
    for y in (np.full(9, 0.1), np.full(9, 1e6)):
        plain = pytest.approx(net.evaluate(x, y)["loss"])
        assert net.evaluate(x, y, sample_weight=weights)["loss"] == plain
        assert net.copy().train_step(x, y, sample_weight=weights) == plain
        still = {"optimizer": cr.SGD(0.0), "validation_data": (x, y, weights)}
        assert net.copy().fit(x, y, **still)["val_loss"] == [plain]


@pytest.mark.parametrize("loss", LOSSES)
def test_classes_are_rows_with_a_single_1(loss: str, dtype: str, rng: np.random.Generator) -> None:
    if not cases.CLASSES["losses"][loss]().takes_classes:
        return
    net = cr.mlp([4, 3], output=oracle.LOSSES[loss].output, loss=loss, dtype=dtype, seed=1)
    x, classes = cases.inputs(rng, 11, 4, dtype), rng.integers(0, 3, 11)
    rows = np.eye(3)[classes]
    forms: list[Any] = [classes, classes.astype(np.uint8), classes.astype(float), classes[:, None]]
    expected = net.gradients(x, rows)
    for form in forms:
        assert net.example_losses(x, form).tobytes() == net.example_losses(x, rows).tobytes()
        assert net.evaluate(x, form)["loss"] == net.evaluate(x, rows)["loss"]
        assert net.gradients(x, form).flat.tobytes() == expected.flat.tobytes()


def test_logarithms_are_clamped_unless_they_are_fused(dtype: str) -> None:
    # Behind an activation that does not match, log 0 counts as -100; behind the matching one the
    # loss is exact.
    unfused = cr.Network(2, [cr.Dense(2), cr.Activation("relu")], dtype=dtype, loss="mse")
    unfused.set_weights([np.eye(2)], [np.zeros(2)])
    x, y = [[0.0, 1.0]], [[1.0, 0.0]]
    for loss, expected in (("cross_entropy", 100.0), ("binary_cross_entropy", 100.0)):
        assert unfused.evaluate(x, y, loss=loss)["loss"] == expected
        g = unfused.gradients([[1e-30, 1.0]], y, loss=loss)
        assert np.isfinite(g.flat).all()
    exact = with_outputs("softmax", 2, dtype)
    assert exact.example_losses([[0.0, 1000.0]], [0]) == 1000.0
    exact = with_outputs("sigmoid", 1, dtype)
    assert exact.example_losses([[-1000.0]], [1.0]) == 1000.0


@pytest.mark.parametrize("outside", [-1e-3, 1.001])
def test_predictions_outside_0_and_1_are_refused(outside: float, dtype: str) -> None:
    net = with_outputs("identity", 2, dtype)
    x, y = [[0.5, 0.5], [0.5, outside]], [[1.0, 0.0], [0.0, 1.0]]
    before = cases.state(net)
    for loss in ("cross_entropy", "binary_cross_entropy"):
        for call in (net.evaluate, net.gradients, net.train_step, net.trace):
            with pytest.raises(ValueError, match=f"{loss} needs predictions in .0, 1., but row 1"):
                call(x, y, loss=loss)
    # A refused step is no step, but it has an optimiser.
    assert cases.bits(net) == cases.bits(cr.from_bytes(before))


def test_accuracy_is_the_default_metric_of_classifiers(rng: np.random.Generator) -> None:
    x = rng.standard_normal((30, 2))
    for output, y in (
        ("softmax", rng.integers(0, 2, 30)),
        ("sigmoid", rng.integers(0, 2, (30, 2))),
    ):
        net = with_outputs(output, 2, "float64")
        found = net.evaluate(x, y)
        assert found["accuracy"] == pytest.approx((net.predict_classes(x) == y).mean(), rel=1e-15)
    soft = with_outputs("sigmoid", 2, "float64").evaluate(x, np.full((30, 2), 0.3))
    assert list(soft) == ["loss"]
    assert list(with_outputs("identity", 2, "float64").evaluate(x, x)) == ["loss"]


def test_outputs_that_share_a_target_have_no_accuracy(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((30, 2)), np.ones((30, 1))
    for output in ("sigmoid", "softmax"):
        for loss in ("gaussian_nll", cr.losses.Quantile([0.1, 0.9])):
            net = cr.mlp([2, 2], output=output, loss=loss, seed=0)
            assert list(net.evaluate(x, y)) == ["loss"]
            with pytest.raises(ValueError, match="metrics: mse needs a target for each output"):
                net.evaluate(x, y, metrics=("mse",))
            assert "accuracy" not in net.fit(x, y, validation_split=0.2).history
            assert cr.from_bytes(net.to_bytes()).loss == net.loss
