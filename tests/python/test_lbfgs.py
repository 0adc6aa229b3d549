"""Does L-BFGS do what its equations say, as well as PyTorch's, and refuse what it cannot?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers
from files import record_optimizers
from helpers import state_bytes

RECORDS = json.loads(record_optimizers.LBFGS_PATH.read_text())

# Networks and losses of every kind of output.
PROBLEMS: dict[str, tuple[list[Any], str]] = {
    "smooth": ([cr.Dense(7, "tanh"), cr.Dense(3)], "mse"),
    "classes": ([cr.Dense(8, "gelu"), cr.Dense(3, "softmax")], "cross_entropy"),
    "sigmoids": ([cr.Dense(6, "silu"), cr.Dense(3, "sigmoid")], "binary_cross_entropy"),
    "counts": ([cr.Dense(6, "tanh"), cr.Dense(3, "exponential")], "poisson"),
    "penalised": ([cr.Dense(9, "softplus", l1=1e-4, l2=0.01), cr.Dense(3, l2=0.1)], "huber"),
    "norms": ([cr.Dense(7), cr.LayerNorm(), cr.Activation("tanh"), cr.Dense(3)], "log_cosh"),
    "frozen": ([cr.Dense(7, "tanh", trainable=False), cr.Dense(5, "elu"), cr.Dense(3)], "mse"),
    "residual": (
        [cr.Dense(6), cr.Residual([cr.Dense(7, "tanh"), cr.Dense(6)]), cr.Dense(3)],
        "mse",
    ),
    "kinks": ([cr.Dense(12, "relu"), cr.Dense(3)], "mae"),
}


def problem(name: str, dtype: str, rng: np.random.Generator) -> tuple[cr.Network, Any, Any]:
    layers, loss = PROBLEMS[name]
    net = cr.Network(4, layers, loss=loss, dtype=dtype, seed=5)
    return net, cases.inputs(rng, 60, 4, dtype), cases.targets(rng, 60, 3, loss, dtype)


def cost(net: cr.Network, x: Any, y: Any, **call: float) -> tuple[float, list[Any]]:
    """J with penalties and its gradient, by the library; 0 of what is frozen."""
    g = net.gradients(x, y, training=False)
    value, gradients = g.loss, []
    dense = [layer for layer in net.layers if hasattr(layer, "weight")]
    for layer, dW, db in zip(dense, g.weights, g.biases, strict=True):
        W = layer.weight.astype(float)
        l1 = layer.description.l1 + call.get("l1", 0.0)
        l2 = layer.description.l2 + call.get("l2", 0.0)
        value += l1 * abs(W).sum() + l2 / 2 * (W**2).sum()
        if layer.trainable:
            gradients += [dW + l1 * np.sign(W) + l2 * W, db.astype(float)]
    return value, gradients


def moved(net: cr.Network) -> list[Any]:
    dense = [layer for layer in net.layers if hasattr(layer, "weight") and layer.trainable]
    return [p.astype(float) for layer in dense for p in (layer.weight, layer.bias)]


def inner(a: list[Any], b: list[Any]) -> float:
    return float(sum((p * q).sum() for p, q in zip(a, b, strict=True)))


# ---- The equations -------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [{}, {"l2": 0.05}], ids=str)
@pytest.mark.parametrize(
    "name", [name for name in PROBLEMS if name not in ("norms", "residual", "kinks")]
)
def test_every_step_meets_the_strong_wolfe_conditions(
    name: str, call: dict[str, float], dtype: str, rng: np.random.Generator
) -> None:
    net, x, y = problem(name, dtype, rng)
    value, gradients = cost(net, x, y, **call)
    for step in range(12):
        before = moved(net)
        net.train_step(x, y, optimizer="lbfgs", **call)
        s = [p - q for p, q in zip(moved(net), before, strict=True)]
        if not any(p.any() for p in s):  # at the bottom, as far as float32 can see
            assert step >= 6
            assert dtype == "float32"
            break
        after, new = cost(net, x, y, **call)
        slope, slope_after = inner(gradients, s), inner(new, s)
        assert slope < 0, step
        assert after <= value + 1e-4 * slope, step
        assert abs(slope_after) <= 0.9 * abs(slope), step
        value, gradients = after, new


@pytest.mark.parametrize("history", [1, 3, 10])
@pytest.mark.parametrize("rate", [1.0, 0.1])
@pytest.mark.parametrize("name", ["smooth", "sigmoids"])
def test_steps_are_those_of_the_oracle(
    name: str, rate: float, history: int, rng: np.random.Generator
) -> None:
    net, x, y = problem(name, "float64", rng)
    twin = cases.twin(net)
    rule = oracle_optimizers.Lbfgs(rate, history)

    def twins_cost(parameters: list[Any]) -> tuple[float, list[Any]]:
        twin.parameters = parameters
        step = twin.step(x, y, net.loss.name)
        weights = range(0, len(parameters), 2)
        penalty = sum(0.01 * (parameters[i] ** 2).sum() / 2 for i in weights)
        decay = [0.01 * p if i in weights else 0.0 for i, p in enumerate(parameters)]
        return step.J + penalty, [g + d for g, d in zip(step.gradients, decay, strict=True)]

    expected = twin.parameters
    for _ in range(8):
        expected = rule.update(expected, twins_cost)
        net.train_step(x, y, optimizer=cr.LBFGS(rate, history=history), l2=0.01)
        cases.all_close(cases.parameters(net), expected, [1e-7] * len(expected))


@pytest.mark.parametrize("i", range(len(RECORDS)))
def test_losses_are_as_small_as_pytorchs(i: int) -> None:
    record = RECORDS[i]
    name, losses = record["name"], record["losses"]
    sizes, activation, output, loss = record_optimizers.PROBLEMS[name]
    x, y, weights, biases = record_optimizers.problem(name)
    net = cr.mlp(sizes, activation, output, loss=loss, dtype="float64", seed=0)
    net.set_weights(weights, biases)
    h = net.fit(x, y, epochs=30, optimizer="lbfgs", verbose=0)
    assert h["loss"][0] == pytest.approx(losses[0], rel=1e-12)
    assert net.evaluate(x, y)["loss"] <= 1.01 * losses[-1]


def test_every_problem_is_recorded() -> None:
    assert [record["name"] for record in RECORDS] == list(record_optimizers.PROBLEMS)


# ---- Fits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_fits_in_parts_are_one_fit(name: str, dtype: str, rng: np.random.Generator) -> None:
    net, x, y = problem(name, dtype, rng)
    whole, stepped, saved = net.copy(), net.copy(), net.copy()
    weights = rng.uniform(0.5, 2, len(x))
    given: dict[str, Any] = {"optimizer": cr.LBFGS(history=4), "sample_weight": weights, "l2": 0.01}
    h = whole.fit(x, y, epochs=9, verbose=0, **given)
    first = saved.fit(x, y, epochs=4, verbose=0, **given)
    loaded = cr.from_bytes(saved.to_bytes(optimizer=True))
    rest = loaded.fit(x, y, epochs=5, batch_size=1000, shuffle=False, verbose=0, **given)
    assert first["loss"] + rest["loss"] == h["loss"]
    assert state_bytes(loaded) == state_bytes(whole)
    # The losses are J alone, before each iteration; an epoch is one.
    losses = [stepped.train_step(x, y, **given) for _ in range(9)]
    assert np.allclose(losses, h["loss"], rtol=1e-14, atol=0)
    assert cases.bits(stepped) == cases.bits(whole)
    assert whole._updates == 9
    assert h["learning_rate"] == [1.0] * 9


def test_a_callers_function_is_asked_along_the_line(dtype: str, rng: np.random.Generator) -> None:
    net, x, y = problem("smooth", dtype, rng)
    seen: list[int] = []

    def squares(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        seen.append(len(y_pred))
        off = y_pred - y_true
        return (off**2).mean(axis=1), 2 * off / off.shape[1]

    twin = net.copy()
    h = net.fit(x, y, epochs=10, optimizer="lbfgs", loss=squares, verbose=0)
    expected = twin.fit(x, y, epochs=10, optimizer="lbfgs", verbose=0)
    assert set(seen) == {60}
    assert len(seen) >= 20
    tolerance = 1e-3 if dtype == "float32" else 1e-9
    assert np.allclose(h["loss"], expected["loss"], rtol=tolerance)


def test_a_function_that_raises_leaves_the_network_whole(rng: np.random.Generator) -> None:
    net, x, y = problem("smooth", "float64", rng)
    net.fit(x, y, epochs=2, optimizer="lbfgs", verbose=0)
    parameters, left = cases.bits(net), 1

    def refusing(y_pred: Any, y_true: Any) -> tuple[Any, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            raise LookupError("enough")
        return ((y_pred - y_true) ** 2).mean(axis=1), 2 * (y_pred - y_true) / 3

    with pytest.raises(LookupError):
        net.train_step(x, y, loss=refusing)
    assert cases.bits(net) == parameters
    assert left < 0
    assert np.isfinite(net.train_step(x, y))


def test_converged_is_no_error(dtype: str, rng: np.random.Generator) -> None:
    x = cases.inputs(rng, 30, 4, dtype)
    y = x @ np.array([[1.0], [-2.0], [0.5], [0.0]], dtype)
    net = cr.Network(4, [cr.Dense(1)], dtype=dtype, seed=0)
    h = net.fit(x, y, epochs=60, optimizer="lbfgs", verbose=0)
    assert h["loss"][-1] < (1e-12 if dtype == "float32" else 1e-28)
    assert np.isfinite(net.predict(x)).all()
    # Where the gradient is exactly 0, nothing moves.
    still = cr.Network(4, [cr.Dense(2, initializer="zeros")], dtype=dtype, seed=0)
    before = cases.bits(still)
    h = still.fit(x, np.zeros((30, 2)), epochs=3, optimizer="lbfgs", verbose=0)
    assert h["loss"] == [0.0] * 3
    assert cases.bits(still) == before
    assert still._updates == 3


def test_a_first_step_far_too_large_is_shortened(dtype: str, rng: np.random.Generator) -> None:
    net, x, y = problem("counts", dtype, rng)
    h = net.fit(x, y, epochs=20, optimizer=cr.LBFGS(1e6), verbose=0)
    assert np.isfinite(h["loss"]).all()
    assert h["loss"][-1] < h["loss"][0]


def test_a_start_that_is_not_finite_diverges(rng: np.random.Generator) -> None:
    net = cr.Network(4, [cr.Dense(3, "exponential")], dtype="float32", loss="mse", seed=0)
    net.set_weights([np.full((3, 4), 60.0)], [np.full(3, 60.0)])
    before = cases.bits(net)
    with pytest.raises(cr.DivergenceError):
        net.fit(np.ones((5, 4)), np.ones((5, 3)), optimizer="lbfgs", verbose=0)
    assert cases.bits(net) == before


def test_a_gradient_that_is_not_finite_diverges() -> None:
    net = cr.Network(1, [cr.Dense(1, bias=False)], dtype="float32", loss="mse", seed=0)
    net.set_weights([[[1e-12]]])
    before = cases.bits(net)
    x, y = [[1e30]], [0.0]  # J = 1e36, and 2e18 times 1e30 for its gradient
    for call in (net.fit, net.train_step):
        with pytest.raises(cr.DivergenceError):
            call(x, y, optimizer="lbfgs")
        assert cases.bits(net) == before


def test_schedules_and_averages_go_with_it(rng: np.random.Generator) -> None:
    net, x, y = problem("smooth", "float64", rng)
    by_hand = net.copy()
    schedule = cr.schedules.Exponential(0.9)
    h = net.fit(x, y, epochs=6, optimizer="lbfgs", schedule=schedule, verbose=0)
    for step in range(6):
        by_hand.train_step(x, y, optimizer="lbfgs", learning_rate=float(schedule(step, 6)))
    assert cases.bits(net) == cases.bits(by_hand)
    assert h["learning_rate"] == [schedule(step, 6) for step in range(6)]
    averaged = by_hand.copy()
    e = cases.parameters(averaged)
    averaged.fit(x, y, epochs=3, optimizer="lbfgs", ema=0.5, verbose=0)
    for _ in range(3):
        by_hand.train_step(x, y)
        e = oracle.averaged(e, cases.parameters(by_hand), 0.5)
    cases.all_close(cases.parameters(averaged), e, [1e-12] * len(e))


def test_early_stopping_restores_its_memory(rng: np.random.Generator) -> None:
    net, x, y = problem("classes", "float64", rng)
    noise = cases.targets(rng, 60, 3, "cross_entropy", "float64")
    best: list[bytes] = []

    class Watch(cr.Callback):
        def on_epoch_end(self, run: Any) -> None:
            losses = run.history["val_loss"]
            if losses[-1] == min(losses):
                best[:] = [cases.bits(run.network), run.network.to_bytes(optimizer=True)]

    h = net.fit(
        x,
        y,
        epochs=60,
        optimizer="lbfgs",
        validation_data=(x, noise),
        callbacks=[Watch(), cr.EarlyStopping(patience=3)],
        verbose=0,
    )
    assert h.n_epochs < 60
    assert cases.bits(net) == best[0]
    kept = {k: v for k, v in cr.from_bytes(best[1]).get_state().items() if "old_" in k}
    assert len(kept) == 20 * 4
    for name, tensor in kept.items():
        assert tensor.tobytes() == net.get_state()[name].tobytes()


# ---- Its memory ----------------------------------------------------------------------------------


def test_pairs_have_names_and_logical_shapes() -> None:
    net = cr.mlp([4, 6, 2], "tanh", dtype="float64", seed=0)
    x, y = np.eye(4), np.ones((4, 2))
    start, g_start = net.weights[0], net.gradients(x, y, training=False)
    net.train_step(x, y, optimizer=cr.LBFGS(history=2))
    g = net.gradients(x, y, training=False)
    state = net.get_state()
    names = {name for name in state if name.startswith("optimizer.")}
    assert names == {
        f"optimizer.{kind}.{i}.layers.{layer}.{tensor}"
        for kind in ("old_stps", "old_dirs")
        for i in (0, 1)
        for layer in (0, 1)
        for tensor in ("weight", "bias")
    }
    step = state["optimizer.old_stps.0.layers.0.weight"]
    assert step.tobytes() == (net.weights[0] - start).tobytes()
    change = state["optimizer.old_dirs.0.layers.0.weight"]
    assert change.tobytes() == (g.weights[0] - g_start.weights[0]).tobytes()
    assert not state["optimizer.old_stps.1.layers.0.weight"].any()


def test_another_history_keeps_the_newest_pairs(rng: np.random.Generator) -> None:
    net, x, y = problem("smooth", "float64", rng)
    net.fit(x, y, epochs=6, optimizer=cr.LBFGS(history=5), verbose=0)
    fewer, as_many = net.copy(), net.copy()
    state = as_many.get_state()
    for name, tensor in state.items():
        if any(f"old_{kind}.{i}." in name for kind in ("stps", "dirs") for i in (2, 3, 4)):
            state[name] = np.zeros_like(tensor)
    as_many.set_state(state)
    fewer.train_step(x, y, optimizer=cr.LBFGS(history=2))
    as_many.train_step(x, y)
    assert cases.bits(fewer) == cases.bits(as_many)


# ---- What it refuses -----------------------------------------------------------------------------


def test_options_that_contradict_it_are_refused(rng: np.random.Generator) -> None:
    net, x, y = problem("smooth", "float64", rng)
    before = state_bytes(net)
    for match, given in {
        r"batch_size: expected None or all 60 rows with LBFGS.*got 59; for mini-b": {
            "batch_size": 59
        },
        "accumulate: expected 1 with LBFGS.*got 2": {"accumulate": 2},
        "clip_norm: expected None with LBFGS": {"clip_norm": 1.0},
        "clip_value: expected None with LBFGS": {"clip_value": 1.0},
    }.items():
        with pytest.raises(ValueError, match=match):
            net.fit(x, y, optimizer="lbfgs", verbose=0, **given)
        if "clip" in match:
            with pytest.raises(ValueError, match=match):
                net.train_step(x, y, optimizer="lbfgs", **given)
    with pytest.raises(ValueError, match="optimizer: LBFGS cannot learn from gradients alone"):
        net.apply(net.gradients(x, y, training=False), "lbfgs")
    assert state_bytes(net) == before
    for layer, match in (
        (cr.Dense(3, max_norm=1.0), "max_norm: expected None with LBFGS"),
        (cr.Dense(3, learning_rate_multiplier=0.5), "learning_rate_multiplier: expected 1"),
    ):
        other = cr.Network(4, [layer], dtype="float64", seed=0)
        for call in (other.fit, other.train_step):
            with pytest.raises(ValueError, match=match):
                call(x, y, optimizer="lbfgs")
        assert other.optimizer is None
    # The network's own is refused likewise.
    net.fit(x, y, optimizer="lbfgs", batch_size=60, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        net.fit(x, y, batch_size=10, verbose=0)
    with pytest.raises(ValueError, match="LBFGS cannot learn"):
        net.apply(net.gradients(x, y))
    net.fit(x, y, batch_size=10, optimizer="sgd", verbose=0)
