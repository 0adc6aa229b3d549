"""Are the numbers of every formula right? Gradients, updates and starts, against the oracle."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers
import oracle_random
from cases import CLASSES, fields, settings, twin
from files import record_optimizers

LOSSES = cr.losses.names()
RECORDS = json.loads(record_optimizers.PATH.read_text())

# ---- Gradients ---------------------------------------------------------------------------------


# Where slopes jump, fields being at their defaults or at other values.
KINKS = (0, -1, 1, -1.1, 0.9, -3, 3, 6)


def away_from_kinks(net: cr.Network, rng: np.random.Generator, d: int, dtype: str) -> Any:
    """Inputs whose every pre-activation is further from a kink than a difference moves it."""
    for _ in range(1000):
        x = cases.inputs(rng, d, net.n_features, dtype)
        t = net.trace(x, np.full((d, net.n_outputs), 1 / net.n_outputs), loss=LOSSES[0])
        if min(abs(Z - kink).min() for Z in t.Z for kink in KINKS) > 1e-2:
            return x
    pytest.fail("no inputs away from kinks")


@pytest.mark.parametrize(("hidden", "output", "loss"), cases.PAIRINGS)
def test_gradients_of_every_pairing(
    hidden: str, output: str, loss: str, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([3, 5, 4], hidden, output, dtype=dtype, seed=1)
    x = away_from_kinks(net, rng, 4, dtype)
    cases.every_loss(net, x)
    for made, setting in cases.made(CLASSES["losses"][loss]):
        y = cases.targets(rng, 4, 4, loss, dtype, output, **setting)
        if not cases.takes(net, x, y, made):
            continue
        g = net.gradients(x, y, loss=made)
        step = twin(net).step(x.astype(float), y.astype(float), loss, **setting)
        # Each entry is a chain of at most k operations on numbers below its magnitude.
        k_u = cases.k_of(net, len(x)) * cases.unit(dtype)
        cases.close(g.loss, step.J, k_u * (1 + abs(step.J)), "J")
        cases.all_close(cases.gradients(g), step.gradients, [k_u * m for m in step.magnitudes])
        cases.close(g.inputs, step.dX, k_u * (1 + abs(step.dX)), "dX")


@pytest.mark.parametrize(("hidden", "output", "loss"), cases.PAIRINGS)
def test_gradients_are_differences_of_the_loss(
    hidden: str, output: str, loss: str, rng: np.random.Generator
) -> None:
    net = cr.mlp([3, 3, 2], hidden, output, loss=loss, dtype="float64", seed=2)
    x, y = (
        away_from_kinks(net, rng, 3, "float64"),
        cases.targets(rng, 3, 2, loss, "float64", output),
    )
    cases.every_loss(net, x)
    if not cases.takes(net, x, y, loss):
        return
    g = net.gradients(x, y, training=False)
    found = [*g.weights, *g.biases, g.inputs]
    n, h = len(net.weights), 1e-4
    points = [*(w.copy() for w in net.weights), *(b.copy() for b in net.biases), x]
    expected = []
    for at in points:
        differences = np.zeros_like(at)
        for index in np.ndindex(at.shape):
            value = at[index]
            for steps, factor in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
                at[index] = value + steps * h
                net.set_weights(points[:n], points[n:-1])
                differences[index] += factor * net.evaluate(x, y, metrics=())["loss"] / (12 * h)
            at[index] = value
        expected.append(differences)
    # h⁴ J⁽⁵⁾/30 is below 1e-9 for fifth derivatives up to 1e8; 100 roundings of J over h, too.
    cases.all_close(found, expected, [1e-8] * len(found))


@pytest.mark.parametrize("activation", cases.activations(), ids=repr)
def test_gradients_of_every_setting_of_every_activation(
    activation: Any, dtype: str, rng: np.random.Generator
) -> None:
    # tanh keeps what grows exponentially within bounds.
    layers = [cr.Activation(activation), cr.Dense(5, "tanh"), cr.Dense(4, activation), cr.Dense(2)]
    net = cr.Network(3, layers, dtype=dtype, seed=1)
    x, y = cases.inputs(rng, 4, 3, dtype), cases.inputs(rng, 4, 2, dtype)
    step, g = twin(net).step(x.astype(float), y.astype(float), "mse"), net.gradients(x, y)
    k_u = cases.k_of(net, len(x)) * cases.unit(dtype)
    cases.close(g.loss, step.J, k_u * (1 + abs(step.J)), "J")
    cases.all_close(cases.gradients(g), step.gradients, [k_u * m for m in step.magnitudes])
    again = cr.from_bytes(net.to_bytes())
    assert [layer.activation for layer in again.layers] == [
        layer.activation for layer in net.layers
    ]
    assert again.predict(x).tobytes() == net.predict(x).tobytes()


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if oracle.LOSSES[loss].matching])
def test_matching_pairs_stay_finite_at_extreme_inputs(loss: str, dtype: str) -> None:
    matching = CLASSES["losses"][loss]().matching_activation
    logits = [
        *itertools.product([1e4, -1e4, 88.8, -88.8, 1e-30, 0.0, -0.0], repeat=2),
        *((z, z) for z in (709.0, -709.0, 3.0)),
    ]
    x = np.array(logits, dtype)
    net = cr.mlp([2, 2], output=matching, loss=loss, dtype=dtype, seed=0)
    net.set_weights([np.eye(2)], [np.zeros(2)])
    u = cases.unit(dtype)
    for classes in (0, 1):
        y = np.tile(np.eye(2)[classes], (len(x), 1)).astype(dtype)
        if oracle.LOSSES[loss].fused_value is None and matching != "identity":
            return  # the equations of the oracle do not reach that far
        step = twin(net).step(x.astype(float), y.astype(float), loss)
        # 20 operations, on logits at most 1e4 and, for the square of a difference, on 1e8.
        scale = 1 + abs(x).max(axis=1).astype(float)
        cases.close(net.example_losses(x, y), step.losses, 20 * u * np.maximum(scale, step.losses))
        g = net.gradients(x, y)
        cases.close(g.loss, step.J, 40 * u * (1 + abs(step.J) + scale.max()), "J")
        cases.close(g.inputs, step.dX, 20 * u * (1e-2 + abs(step.dX)), "dX")
        k_u = (len(x) + 20) * u
        cases.all_close(cases.gradients(g), step.gradients, [k_u * m for m in step.magnitudes])
        cases.close(net.predict(x), step.Y_hat, 20 * u * np.maximum(1, abs(step.Y_hat)), "Ŷ")


def test_default_losses_match(dtype: str) -> None:
    for name, cls in CLASSES["activations"].items():
        default = cls().default_loss
        if default is not None:
            assert oracle.loss_form(default, name).matching == name
            assert cr.mlp([2, 3], output=name, dtype=dtype).loss.name == default
        else:
            assert cr.mlp([2, 3], output=name, dtype=dtype).loss is None


# ---- Optimisers --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cases.ELEMENTWISE)
def test_every_setting_of_every_optimizer(name: str, dtype: str, rng: np.random.Generator) -> None:
    cls, n_steps, n_tested = CLASSES["optimizers"][name], 5, 0
    x, y = cases.inputs(rng, 6, 3, dtype), cases.inputs(rng, 6, 2, dtype)
    start = cr.mlp([3, 4, 2], "tanh", dtype=dtype, seed=3)
    start.set_weights(start.weights, [rng.standard_normal(b.shape) for b in start.biases])
    for setting in settings(cls):
        try:
            expected = oracle_optimizers.OPTIMIZERS[name](**setting)
        except ValueError:
            with pytest.raises(ValueError, match=cls.__name__):
                cls(**setting)
            continue
        optimizer, net = cls(**setting), start.copy()
        found = [p.astype(float) for p in cases.parameters(net)]
        for _ in range(n_steps):
            g = net.gradients(x, y)
            net.apply(g, optimizer)
            found = expected.update(found, [a.astype(float) for a in cases.gradients(g)])
        # 20 operations a step, on parameters and on steps of at most 10 rates each.
        k_u = 20 * n_steps * cases.unit(dtype)
        scales = [abs(p) + 10 * optimizer.learning_rate for p in found]
        cases.all_close(cases.parameters(net), found, [k_u * scale for scale in scales])
        n_tested += 1
    assert n_tested > len(fields(cls))


@pytest.mark.parametrize("i", range(len(RECORDS)))
def test_updates_are_those_of_pytorch_and_optax(i: int) -> None:
    record = RECORDS[i]
    optimizer = CLASSES["optimizers"][record["name"]](**record["setting"])
    net = cr.Network(3, [cr.Dense(1)], dtype="float64", seed=0)
    net.set_weights(record_optimizers.START[:1], record_optimizers.START[1:])
    assert len(record["parameters"]) == record_optimizers.N_STEPS
    for step, expected in enumerate(record["parameters"]):
        dW, db = record_optimizers.gradients(step)
        net.forward(np.eye(3), training=True)
        g = net.backward(dW.T)  # of examples that are unit vectors
        assert (g.weights[0].tolist(), g.biases[0].tolist()) == (dW.tolist(), db.tolist())
        net.apply(g, optimizer)
        found = np.concatenate([np.ravel(p) for p in cases.parameters(net)])
        cases.close(found, expected, 1e-10 * np.abs(expected), f"step {step + 1}")


def test_every_optimizer_is_recorded() -> None:
    assert {record["name"] for record in RECORDS} == set(cases.ELEMENTWISE)


# ---- Initialisers ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cr.initializers.names())
def test_every_setting_of_every_initializer(name: str, dtype: str, seed: int) -> None:
    cls, n_tested = CLASSES["initializers"][name], 0
    for setting in settings(cls):
        try:
            made = cls(**setting)
        except ValueError:
            continue
        of_biases = "orthogonal" if name == "lsuv" else made  # since data scale weights alone
        dense = cr.Dense(5, "tanh", initializer=made, bias_initializer=of_biases)
        key = seed + 2**33 + 5
        net = cr.Network(7, [cr.Activation("tanh"), dense], dtype=dtype, seed=key)
        for found, purpose, shape in (
            (net.weights[0], oracle_random.WEIGHTS, (5, 7)),
            (net.biases[0].reshape(5, 1), oracle_random.BIASES, (5, 1)),
        ):
            draw = oracle_random.Draw(key, purpose, 1, shape)
            expected = oracle_random.INITIALIZERS[name](draw, 7, 5, **setting)
            if name not in oracle_random.OF_LOGARITHMS:  # + - * / and sqrt only
                assert found.tobytes() == expected.astype(dtype).tobytes()
            else:  # log, cos and sin are off by an ulp here or there; √(-2 ln u) is below 7
                spread = abs(expected - setting.get("mean", 0)).max() + abs(expected).max()
                k = 8 * 7 * oracle_random.OF_LOGARITHMS[name](draw)
                tolerance = k * cases.unit("float64") * spread
                cases.close(found, expected, tolerance + cases.unit(dtype) * abs(expected))
        n_tested += 1
    assert n_tested >= 1


@pytest.mark.parametrize("name", cr.initializers.names())
def test_statistics_of_every_initializer(name: str, seed: int) -> None:
    n_in, n_out = 300, 400
    dense = cr.Dense(n_out, initializer=CLASSES["initializers"][name]())
    w = cr.Network(n_in, [dense], dtype="float64", seed=seed).weights[0]
    twin_w = oracle_random.INITIALIZERS[name](
        oracle_random.Draw(seed + 1, oracle_random.WEIGHTS, 0, w.shape), n_in, n_out
    )
    # Mean and variance of n draws are off by σ/√n and at most √2 σ²/√n; six times that.
    six = 6 / np.sqrt(w.size)
    sigma = twin_w.std()
    assert abs(w.mean() - twin_w.mean()) <= 1.5 * six * sigma
    assert abs(w.var() - sigma**2) <= 2.5 * six * sigma**2
    # Neighbours, in a row and in a column, are independent.
    for a, b in ((w[:, 1:], w[:, :-1]), (w[1:], w[:-1])):
        covariance = ((a - w.mean()) * (b - w.mean())).mean()
        assert abs(covariance) <= six * sigma**2


@pytest.mark.parametrize(("n_in", "n_out"), [(40, 30), (30, 40), (17, 17)])
def test_orthogonal_layers_keep_lengths(n_in: int, n_out: int, dtype: str, seed: int) -> None:
    dense = cr.Dense(n_out, initializer="orthogonal")
    w = cr.Network(n_in, [dense], dtype=dtype, seed=seed).weights[0].astype(np.float64)
    gram = w @ w.T if n_out <= n_in else w.T @ w
    assert abs(gram - np.eye(len(gram))).max() <= {"float32": 1e-6, "float64": 1e-14}[dtype]


def test_default_initializer_is_that_of_the_next_activation() -> None:
    for name, cls in CLASSES["activations"].items():
        by_default = cr.Network(6, [cr.Dense(4), cr.Activation(name), cr.Dense(2)], seed=9)
        given = cr.Dense(4, initializer=cls().default_initializer)
        named = cr.Network(6, [given, cr.Activation(name), cr.Dense(2)], seed=9)
        assert by_default.weights[0].tobytes() == named.weights[0].tobytes()
        assert not by_default.biases[0].any()
