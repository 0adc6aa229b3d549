"""Does a fit learn what the equations say? Whole fits against the oracle, orders, weights."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers
import oracle_random
from oracle_random import SHUFFLE, permutation

LOSSES = cr.losses.names()
OPTIMIZERS = cases.ELEMENTWISE
BATCH = 5
# 15 updates of some 100 operations each; a gradient near 0 may lose three digits to a square root.
TOLERANCE = 15 * 100 * cases.unit("float64") * 1e3
AVERAGING = [loss for loss in LOSSES if oracle.LOSSES[loss].averages]


def description(net: cr.Network) -> Any:
    """What the network says about itself, counters included."""
    return json.loads(net.get_state()["chainrule"])


def matching(loss: str, dtype: str = "float64") -> cr.Network:
    """A net with an output that the loss is made for."""
    output = oracle.LOSSES[loss].output
    return cr.mlp([4, 6, 4], "tanh", output, loss=loss, dtype=dtype, seed=11)


def oracle_fit(
    net: cr.Network, optimizer: Any, x: Any, y: Any, w: Any, *, epochs: int = 1, shuffle: bool
) -> tuple[list[Any], list[float]]:
    """What parameters and losses of the epochs have to be after a fit of a fresh network."""
    twin, form = cases.twin(net), oracle.LOSSES[net.loss.name]
    fields = {k: v for k, v in optimizer.describe().items() if k != "name"}
    rule = oracle_optimizers.OPTIMIZERS[optimizer.name](**fields)
    w, d, losses = np.ones(len(x)) if w is None else w, len(x), []
    for epoch in range(epochs):
        order, total = permutation(d, net.seed, SHUFFLE, epoch) if shuffle else list(range(d)), 0.0
        for start in range(0, d, BATCH):
            rows = order[start : start + BATCH]
            share = oracle.shares(w[rows], y[rows].shape, form, w.mean())
            step = twin.step(x[rows], y[rows], net.loss.name, share)
            total += step.J * len(rows)
            if w[rows].sum() > 0:
                twin.parameters = rule.update(twin.parameters, step.gradients)
        losses.append(total / d)
    return twin.parameters, losses


@pytest.mark.parametrize("weighted", ["no weights", "rows", "outputs"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_whole_fits(loss: str, optimizer: str, weighted: str, rng: np.random.Generator) -> None:
    if weighted == "outputs" and loss not in AVERAGING:
        weighted = "rows"
    x = cases.inputs(rng, 23, 4, "float64")
    y = cases.targets(rng, 23, 4, loss, "float64")
    shape = {"no weights": None, "rows": (23,), "outputs": y.shape}[weighted]
    weights = None if shape is None else rng.uniform(0.2, 3, shape)
    for shuffle in (True, False):
        net = matching(loss)
        cls = cases.CLASSES["optimizers"][optimizer]
        decay = {"weight_decay": 0.1} if "weight_decay" in cases.fields(cls) else {}
        made = cls(learning_rate=0.05, **decay)
        given = {"batch_size": BATCH, "shuffle": shuffle, "sample_weight": weights, "verbose": 0}
        expected, losses = oracle_fit(net, made, x, y, weights, epochs=3, shuffle=shuffle)
        history = net.fit(x, y, epochs=3, optimizer=made, **given)
        cases.all_close(cases.parameters(net), expected, [TOLERANCE] * len(expected))
        cases.close(history["loss"], losses, TOLERANCE, "loss")
        assert history["learning_rate"] == [0.05] * 3
        assert description(net)["optimizer"]["updates"] == 15
        assert description(net)["epochs"] == 3


def test_an_epoch_takes_the_batches_of_the_shuffle(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 50, 4, dtype), rng.integers(0, 3, 50)
    fitted = cr.mlp([4, 9, 3], output="softmax", dtype=dtype, seed=2**40 + 3)
    stepped = fitted.copy()
    fitted.fit(x, y, batch_size=16, epochs=2, verbose=0)
    for epoch in (0, 1):
        order = permutation(50, 2**40 + 3, SHUFFLE, epoch)
        assert sorted(order) == list(range(50)) != order
        for start in range(0, 50, 16):
            rows = order[start : start + 16]
            stepped.train_step(x[rows], y[rows])
    assert cases.bits(fitted) == cases.bits(stepped)


def test_orders_of_epochs_without_end(rng: np.random.Generator) -> None:
    x, y, epoch = cases.inputs(rng, 20, 4, "float32"), rng.integers(0, 3, 20), 2**32 + 5
    fitted = cr.mlp([4, 3], output="softmax", seed=1)
    stepped = fitted.copy()
    state = fitted.get_state()
    state["chainrule"] = json.dumps(json.loads(state["chainrule"]) | {"epochs": epoch})
    fitted.set_state(state)
    fitted.fit(x, y, batch_size=1, verbose=0)
    for row in permutation(20, 1, SHUFFLE, epoch):
        stepped.train_step(x[[row]], y[[row]])
    assert cases.bits(fitted) == cases.bits(stepped)
    assert description(fitted)["epochs"] == epoch + 1


@pytest.mark.parametrize(("batch_size", "updates"), [(None, 2), (130, 1), (10**6, 1), (129, 2)])
def test_batch_sizes(batch_size: int | None, updates: int, rng: np.random.Generator) -> None:
    net = cr.mlp([2, 1], seed=0)
    net.fit(cases.inputs(rng, 130, 2, "float32"), np.ones(130), batch_size=batch_size, verbose=0)
    assert description(net)["optimizer"]["updates"] == updates


def test_oracle_knows_the_published_random_numbers() -> None:
    words = oracle_random.philox(np.zeros(4, np.uint64), (0, 0))
    assert [f"{int(w):08x}" for w in words] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


# ---- Validation --------------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.3, 0.9])
@pytest.mark.parametrize("kind", ["classes", "binary", "regression"])
def test_validation_split_is_the_defined_one(
    kind: str, fraction: float, dtype: str, rng: np.random.Generator
) -> None:
    d, output = 41, {"classes": "softmax", "binary": "sigmoid", "regression": "identity"}[kind]
    x = cases.inputs(rng, d, 3, dtype)
    y: Any = rng.standard_normal((d, 4))
    classes = None
    if kind != "regression":
        rest = [2] * 8 + [3] if kind == "classes" else [0] * 9
        classes = y = np.array([0] * 20 + [1] * 12 + rest)
    net = cr.mlp([3, 5, 1 if kind == "binary" else 4], output=output, dtype=dtype, seed=77)
    twin = net.copy()
    training, validation = oracle_random.validation_split(d, fraction, classes, 77)
    assert len(validation) == np.ceil(fraction * d)
    if kind == "classes":
        assert 40 in training  # a class of one row, though 0.9 of it is more than of any other
    given = {"epochs": 2, "batch_size": 8, "verbose": 0}
    split = net.fit(x, y, validation_split=fraction, **given)
    aside = (x[validation], y[validation])
    data = twin.fit(x[training], y[training], validation_data=aside, **given)
    assert cases.state(net) == cases.state(twin)
    assert {k: v for k, v in split.history.items() if k != "seconds"} == {
        k: v for k, v in data.history.items() if k != "seconds"
    }
    assert split["val_loss"][-1] == net.evaluate(*aside)["loss"]


def test_validation_split_without_shuffling_takes_the_last_rows(rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 11, 3, "float32"), rng.integers(0, 2, 11)
    net, twin = (cr.mlp([3, 2], output="softmax", seed=0) for _ in range(2))
    split = net.fit(x, y, validation_split=0.25, shuffle=False, verbose=0)
    data = twin.fit(x[:8], y[:8], validation_data=(x[8:], y[8:]), shuffle=False, verbose=0)
    assert cases.state(net) == cases.state(twin)
    assert split["val_loss"] == data["val_loss"]


# ---- Weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_ones_are_no_weights(loss: str, dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 300, 4, dtype), cases.targets(rng, 300, 4, loss, dtype)
    nets, losses = [matching(loss, dtype) for _ in range(4)], []
    for net, ones in zip(nets, [None, np.ones(300), [1] * 300], strict=False):
        J = net.train_step(x, y, sample_weight=ones)
        h = net.fit(x, y, sample_weight=ones, batch_size=32, epochs=2, verbose=0)
        losses.append((J, *h["loss"], net.evaluate(x, y, sample_weight=ones)["loss"]))
    assert losses[0] == losses[1] == losses[2]
    # Per output, too, but a loss that is added up from its entries in float64 is not the same sum.
    ones = np.ones(y.shape if loss in AVERAGING else 300)
    nets[3].train_step(x, y, sample_weight=ones)
    nets[3].fit(x, y, sample_weight=ones, batch_size=32, epochs=2, verbose=0)
    assert len({cases.state(net) for net in nets}) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_weight_2_is_a_row_twice(loss: str, dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 9, 4, dtype), cases.targets(rng, 9, 4, loss, dtype)
    times = np.array([1, 2, 1, 0, 3, 1, 2, 1, 1])
    net = matching(loss, dtype)
    weighted = net.gradients(x, y, sample_weight=times)
    repeated = net.gradients(x.repeat(times, axis=0), y.repeat(times, axis=0))
    step = cases.twin(net).step(x.astype(float), y.astype(float), loss)
    # Both are off by the rounding of k operations on numbers below the magnitudes times 3.
    k_u = 2 * 3 * cases.k_of(net, 12) * cases.unit(dtype)
    tolerances = [k_u * m for m in step.magnitudes]
    cases.all_close(cases.gradients(weighted), cases.gradients(repeated), tolerances)
    cases.close(weighted.loss, repeated.loss, k_u * (1 + repeated.loss))
    assert weighted.weight_sum == times.sum() == repeated.weight_sum
    # A row of weight 0 has no influence at all.
    assert not weighted.inputs[3].any()
    other = x.copy()
    other[3] = 100
    again = net.gradients(other, y, sample_weight=times)
    assert again.flat.tobytes() == weighted.flat.tobytes()
    # A common factor changes nothing; a power of 2 not even a bit.
    for factor in (3.7, 1e-12, 1e12):
        scaled = cases.gradients(net.gradients(x, y, sample_weight=factor * times))
        cases.all_close(scaled, cases.gradients(weighted), tolerances)
    scaled = net.gradients(x, y, sample_weight=1024.0 * times)
    assert scaled.flat.tobytes() == weighted.flat.tobytes()


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_per_output(loss: str, dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 9, 4, dtype), cases.targets(rng, 9, 4, loss, dtype)
    w, net = rng.integers(0, 3, y.shape).astype(float), matching(loss, dtype)
    calls = (net.gradients, net.train_step, net.evaluate, net.fit)
    if loss not in AVERAGING:
        for call in calls:
            with pytest.raises(ValueError, match="this loss is one number per example"):
                call(x, y, sample_weight=w)
        return
    g = net.gradients(x, y, sample_weight=w)
    share = oracle.shares(w, y.shape, oracle.LOSSES[loss])
    step = cases.twin(net).step(x.astype(float), y.astype(float), loss, share)
    k_u = cases.k_of(net, 9) * cases.unit(dtype)
    cases.all_close(cases.gradients(g), step.gradients, [k_u * (m + 1) for m in step.magnitudes])
    for found in (g.loss, net.evaluate(x, y, sample_weight=w)["loss"]):
        cases.close(found, step.J, k_u * (1 + step.J))
    assert g.weight_sum == pytest.approx(w.mean(axis=1).sum(), rel=1e-15)
    # The same weight for all outputs of a row is the weight of the row.
    rows = net.gradients(x, y, sample_weight=w[:, 0] + 1)
    wide = net.gradients(x, y, sample_weight=np.repeat(w[:, :1] + 1, y.shape[1], axis=1))
    cases.all_close(cases.gradients(rows), cases.gradients(wide), [k_u] * 4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_batch_of_weight_0_makes_no_update(optimizer: str, rng: np.random.Generator) -> None:
    d, net = 3 * BATCH, matching("mse")
    x, y = cases.inputs(rng, d, 4, "float64"), cases.targets(rng, d, 4, "mse", "float64")
    w = np.repeat([1.0, 0.0, 2.0], BATCH)
    made = cases.CLASSES["optimizers"][optimizer](learning_rate=0.05)
    expected, losses = oracle_fit(net, made, x, y, w, shuffle=False)
    given = {"batch_size": BATCH, "shuffle": False, "optimizer": made, "verbose": 0}
    history = net.fit(x, y, sample_weight=w, **given)
    cases.all_close(cases.parameters(net), expected, [TOLERANCE] * len(expected))
    cases.close(history["loss"], losses, TOLERANCE, "loss")
    assert description(net)["optimizer"]["updates"] == 2
    assert description(net)["training_forwards"] == 3


def test_weights_of_0_alone_are_refused(rng: np.random.Generator) -> None:
    net = matching("mse")
    x, y = cases.inputs(rng, 5, 4, "float64"), cases.inputs(rng, 5, 4, "float64")
    before = cases.state(net)
    for call in (net.fit, net.train_step, net.gradients, net.evaluate):
        for zeros in (np.zeros(5), np.zeros((5, 4))):
            with pytest.raises(ValueError, match="sample_weight: expected at least one weight"):
                call(x, y, sample_weight=zeros)
    assert cases.state(net) == before


def test_a_loss_given_to_fit_is_remembered_and_to_a_step_is_not() -> None:
    net = cr.mlp([2, 1], output="sigmoid", seed=0)
    usual = net.loss
    net.train_step([[1.0, 2.0]], [1.0], loss="mse")
    assert net.loss == usual != cr.losses.Mse()
    net.fit([[1.0, 2.0]], [1.0], loss="mse", verbose=0)
    assert net.loss == cr.losses.Mse() == cr.from_bytes(net.to_bytes()).loss
