"""Do norms and scales do the same on every way through a network, and when it is kept?"""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import same_bits, state_bytes
from layer_promises import (
    check_looking,
    check_predictions,
    check_ways_of_training,
)
from norm_cases import NORMS, STATISTICS, data, learned, normed, statistics


@pytest.fixture(params=NORMS, ids=repr)
def norm(request: pytest.FixtureRequest) -> cr.layers.Norm:
    assert isinstance(request.param, cr.layers.Norm)
    return request.param


# ---- Every way through the network ---------------------------------------------------------------


def test_predictions_do_not_depend_on_the_batch(
    norm: cr.layers.Norm, dtype: str, rng: np.random.Generator
) -> None:
    net = normed(norm, dtype)
    x, y = data(rng, dtype, 40)
    net.fit(x, y, epochs=2, verbose=0)
    check_predictions(net, x, y)


def test_every_way_of_training_has_the_same_bits(
    norm: cr.layers.Norm, dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype, 32)
    step = check_ways_of_training(lambda: normed(norm, dtype), x, y)
    trace = normed(norm, dtype).trace(x, y, training=True)
    by_hand = normed(norm, dtype)
    y_hat = by_hand.forward(x, training=True)
    assert same_bits(y_hat.T, trace.Y_hat)
    by_hand.apply(by_hand.backward((2 / y.size) * (y_hat - y)), optimizer=cr.SGD(0.1))
    for found, expected in zip(statistics(by_hand), statistics(step), strict=True):
        assert same_bits(found, expected)
    for found, expected in zip(learned(by_hand), learned(step), strict=True):
        # The factor 2/(d m) is taken before or after a rounding of dA; the rest follows from that.
        cases.close(found, expected, 4 * cases.k_of(step, len(x)) * cases.unit(dtype))


def test_looking_changes_nothing(norm: cr.layers.Norm, rng: np.random.Generator) -> None:
    x, y = data(rng)
    net = normed(norm)
    net.fit(x, y, epochs=2, verbose=0)
    check_looking(net, x, y)


def test_any_number_of_threads_makes_the_same_bits(
    norm: cr.layers.Norm, dtype: str, rng: np.random.Generator
) -> None:
    x, y = cases.inputs(rng, 600, 200, dtype), cases.inputs(rng, 600, 10, dtype)
    found = set()
    for n in (1, 2, 3, 7):
        layers = [norm, cr.Dense(300), norm, cr.Activation("relu"), cr.Dense(10)]
        net = cr.Network(200, layers, dtype=dtype, seed=1)
        net.n_threads = n
        net.fit(x, y, epochs=2, batch_size=400, optimizer=cr.Adam())
        found.add((cases.state(net), net.predict(x).tobytes()))
    assert len(found) == 1


def test_a_trace_says_what_the_next_layer_receives(norm: cr.layers.Norm) -> None:
    layers = [cr.Dense(6), norm, cr.Activation("tanh"), cr.Dense(2)]
    net = cr.Network(4, layers, seed=0, dtype="float64")
    t = net.trace(np.eye(4), np.zeros((4, 2)), training=True)
    assert t.slope[1] is None
    for layer in (1, 2):
        assert np.allclose(t.Z[layer], t.W[layer] @ t.A[layer - 1] + t.b[layer], atol=1e-14)
    assert np.allclose(t.dA[1], t.W[2].T @ t.dZ[2], rtol=1e-14)
    assert f"A1 = tanh({norm.type}(Z1))" in str(t)


def test_frozen_layers_below_a_norm(norm: cr.layers.Norm, rng: np.random.Generator) -> None:
    x, y = data(rng)
    frozen = cr.Dense(6, "tanh", trainable=False)
    net = cr.Network(5, [frozen, norm, cr.Dense(3, trainable=False)], dtype="float64", seed=0)
    free = cr.Network(5, [cr.Dense(6, "tanh"), norm, cr.Dense(3)], dtype="float64", seed=0)
    g, expected = net.gradients(x, y), free.gradients(x, y)
    for name, found in g.parameters.items():
        if name.startswith("layers.1."):
            assert same_bits(found, expected.parameters[name])
        else:
            assert not found.any()
    assert same_bits(g.inputs, expected.inputs)
    before = net.weights
    net.fit(x, y, epochs=2, verbose=0)
    for found, was in zip(net.weights, before, strict=True):
        assert same_bits(found, was)


def test_settings_of_weights_leave_norms_alone(rng: np.random.Generator) -> None:
    x, y = data(rng)
    layers = [cr.Dense(6, l1=1.0, l2=1.0, max_norm=0.5), cr.BatchNorm(), cr.Dense(3)]
    net = cr.Network(5, layers, dtype="float64", seed=0)
    h = net.fit(x, y, l1=1.0, l2=1.0, optimizer=cr.SGD(1e-3), verbose=0)
    weights = [abs(w).sum() + (w**2).sum() / 2 for w in net.weights]
    assert np.isclose(h["penalty"][-1], 2 * weights[0] + weights[1])
    twin = net.copy()
    undecayed = cr.SGD(1e-3, weight_decay=10.0, decay_biases=False)
    for each, optimizer in ((net, undecayed), (twin, cr.SGD(1e-3, weight_decay=10.0))):
        each.train_step(x, y, optimizer=optimizer)
    assert (net.layers[1].weight > 0.99).all()
    assert (twin.layers[1].weight < 0.995).all()


# ---- Batches -------------------------------------------------------------------------------------


def test_a_batch_of_one_row_is_refused(rng: np.random.Generator) -> None:
    net = cr.mlp([5, 4, 3], norm="batch", seed=0)
    x, y = data(rng, "float32", 1)
    before = state_bytes(net)
    one_row = "x: expected at least 2 rows, since BatchNorm in training"
    calls = {
        "train_step": lambda: net.train_step(x, y),
        "gradients": lambda: net.gradients(x, y),
        "forward": lambda: net.forward(x, training=True),
        "trace": lambda: net.trace(x, y, training=True),
        "fit": lambda: net.fit(x, y),
    }
    for call in calls.values():
        with pytest.raises(ValueError, match=one_row):
            call()
    with pytest.raises(ValueError, match="batch_size: expected at least 2, since BatchNorm"):
        net.fit(np.vstack([x, x]), np.vstack([y, y]), batch_size=1)
    assert state_bytes(net) == before
    net.predict(x), net.gradients(x, y, training=False), net.trace(x, y)
    layers = cr.mlp([5, 4, 3], norm="layer", seed=0)
    layers.fit(x, y)


def test_a_last_batch_of_one_row_joins_the_one_before(rng: np.random.Generator) -> None:
    x, y = data(rng, "float32", 7)
    fitted, stepped = (cr.mlp([5, 4, 3], norm="batch", seed=0) for _ in range(2))
    rates: list[float] = []
    h = fitted.fit(
        x,
        y,
        batch_size=3,
        shuffle=False,
        optimizer=cr.SGD(0.1),
        schedule=lambda step, total: rates.append(step / total) or 1.0,
    )
    assert rates == [0.0, 0.5]
    losses = [
        stepped.train_step(x[part], y[part], optimizer=cr.SGD(0.1))
        for part in (slice(0, 3), slice(3, 7))
    ]
    assert np.isclose(h["loss"][0], (3 * losses[0] + 4 * losses[1]) / 7)
    for found, expected in zip(learned(fitted), learned(stepped), strict=True):
        assert same_bits(found, expected)
    layers = cr.mlp([5, 4, 3], norm="layer", seed=0)
    layers.fit(x, y, batch_size=3, optimizer="sgd")
    assert json.loads(layers.get_state()["chainrule"])["optimizer"]["updates"] == 3


def test_rows_of_weight_0_are_rows_of_the_batch(rng: np.random.Generator) -> None:
    x, y = data(rng)
    weights = np.array([1.0, 0.0] * 6)
    net, all_count = normed(cr.BatchNorm()), normed(cr.BatchNorm())
    net.train_step(x, y, sample_weight=weights)
    all_count.train_step(x, y)
    first, expected = statistics(net)[0], statistics(all_count)[0]
    assert same_bits(first, expected)


# ---- Kept ----------------------------------------------------------------------------------------


def test_a_network_that_is_kept_goes_on(norm: cr.layers.Norm, rng: np.random.Generator) -> None:
    x, y = data(rng, d=50)
    net = normed(norm)
    net.fit(x, y, epochs=2, batch_size=16, verbose=0)
    state = net.get_state()
    by_state = normed(norm, seed=9)
    by_state.set_state(state)
    kept = [
        cr.from_bytes(net.to_bytes(optimizer=True)),
        pickle.loads(pickle.dumps(net)),
        copy.deepcopy(net),
        net.copy(),
        by_state,
    ]
    for each in kept:
        assert state_bytes(each) == state_bytes(net)
        assert [layer.description for layer in each.layers] == [
            layer.description for layer in net.layers
        ]
    net.fit(x, y, epochs=2, batch_size=16, verbose=0)
    for each in kept:
        each.fit(x, y, epochs=2, batch_size=16, verbose=0)
        assert state_bytes(each) == state_bytes(net)


def test_names_in_files() -> None:
    net = cr.mlp([2, 3, 1], norm="batch", seed=0)
    names = [name for name in net.get_state() if name.startswith("layers.1.")]
    assert names == [f"layers.1.{n}" for n in ("weight", "bias", *STATISTICS)]
    net.fit([[0, 1], [1, 0]], [0, 1], optimizer=cr.Adam(amsgrad=True))
    slots = [name for name in net.get_state() if "layers.1." in name and "optimizer" in name]
    assert {name.rsplit(".", 1)[-1] for name in slots} == {"weight", "bias"}
    with pytest.raises(ValueError, match=r"layers\.1\.running_var"):
        net.set_state({n: a for n, a in net.get_state().items() if n != "layers.1.running_var"})


def test_variances_below_0_are_refused() -> None:
    net = cr.mlp([2, 3, 1], norm="batch", dtype="float64", seed=0)
    state = net.get_state()
    state["layers.1.running_var"][1] = -1e-9
    before = state_bytes(net)
    with pytest.raises(ValueError, match=r"'layers\.1\.running_var': expected numbers of at"):
        net.set_state(state)
    assert state_bytes(net) == before
    state["layers.1.running_var"][1] = 0.0
    net.set_state(state)
    assert np.isfinite(net.predict([[1.0, 2.0]])).all()


def test_divergence_and_early_stopping_restore_statistics(rng: np.random.Generator) -> None:
    x, y = data(rng, d=20)
    net = cr.mlp([5, 8, 3], norm="batch", dtype="float64", seed=0)
    net.fit(x, y, epochs=3, optimizer=cr.SGD(0.01), verbose=0)
    before = state_bytes(net)
    with pytest.raises(cr.DivergenceError):
        net.fit(x, y, epochs=3, batch_size=5, optimizer=cr.SGD(1e200), verbose=0)
    assert [a.tobytes() for a in statistics(net)] == [
        a.tobytes() for a in statistics(cr.from_bytes(before))
    ]
    stopping = cr.EarlyStopping(patience=2)
    h = net.fit(
        x, y, epochs=30, validation_data=(x, -y), callbacks=[stopping], optimizer="adam", verbose=0
    )
    assert len(h["loss"]) < 30
    assert np.isclose(net.evaluate(x, -y)["loss"], min(h["val_loss"]), rtol=1e-15)


def test_initialize_begins_anew(norm: cr.layers.Norm, rng: np.random.Generator) -> None:
    net = normed(norm)
    fresh = state_bytes(net)
    net.fit(*data(rng), epochs=2, verbose=0)
    net.initialize()
    assert state_bytes(net) == fresh


def test_a_predictor_takes_statistics_too(rng: np.random.Generator) -> None:
    x, _ = data(rng)
    net = normed(cr.BatchNorm())
    predictor = net.predictor()
    before = predictor.predict(x)
    net.forward(x, training=True)  # moves nothing but statistics
    assert same_bits(predictor.predict(x), before)
    predictor.update(net)
    assert same_bits(predictor.predict(x), net.predict(x))
    assert not same_bits(predictor.predict(x), before)
