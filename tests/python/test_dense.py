"""Do the settings of a layer reach its updates, on every way to one?"""

from __future__ import annotations

import copy
import itertools
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
import oracle_optimizers

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIMIZERS = cases.ELEMENTWISE
# Frozen or not, for three Dense layers.
PATTERNS = list(itertools.product([True, False], repeat=3))
# Each setting away from its default, and three that are taken together.
SETTINGS: list[dict[str, Any]] = [
    {"trainable": False},
    {"learning_rate_multiplier": 0.5},
    {"l1": 0.05},
    {"l2": 0.2},
    {"max_norm": 0.5},
    {"learning_rate_multiplier": 3.0, "l2": 0.1},
    {"trainable": False, "l1": 0.1, "max_norm": 0.1},
    {"l1": 0.02, "l2": 0.05, "max_norm": 0.7},
]
# What a call asks for beside.
CALLS: list[dict[str, float]] = [
    {},
    {"l1": 0.03},
    {"l2": 0.1},
    {"clip_value": 0.05, "clip_norm": 0.1},
    {"l1": 0.02, "l2": 0.05, "clip_value": 0.05, "clip_norm": 0.1},
]


def with_settings(dtype: str, seed: int = 0) -> Iterator[cr.Network]:
    """Networks in which one layer has a setting, and one with all of them."""
    for i, given in itertools.product(range(3), SETTINGS):
        yield network([given if i == j else {} for j in range(3)], dtype, seed)
    yield network(SETTINGS[-3:], dtype, seed)


def network(settings: list[dict[str, Any]], dtype: str, seed: int = 0) -> cr.Network:
    first, second, third = settings
    layers = [
        cr.Dense(17, "tanh", **first),
        cr.Dense(5, bias=False, **second),
        cr.Activation("softsign"),
        cr.Dense(3, **third),
    ]
    return cr.Network(6, layers, dtype=dtype, seed=seed)


def frozen(pattern: tuple[bool, ...], dtype: str, hidden: str = "prelu") -> cr.Network:
    layers = [
        cr.Dense(7, hidden, trainable=pattern[0]),
        cr.Dropout(0.25),
        cr.Dense(5, trainable=pattern[1]),
        cr.Activation(hidden),
        cr.Dense(3, "softmax", trainable=pattern[2]),
    ]
    return cr.Network(6, layers, loss="mse", dtype=dtype, seed=2)


def tensors(net: cr.Network) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in net.get_state().items() if k.startswith("layers.")}


def data(rng: np.random.Generator, dtype: str, d: int = 12) -> tuple[Any, Any]:
    return cases.inputs(rng, d, 6, dtype), cases.inputs(rng, d, 3, dtype)


# ---- Updates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fits_are_those_of_the_equations(
    optimizer: str, call: dict[str, float], rng: np.random.Generator
) -> None:
    x, y = data(rng, "float64")
    cls = cases.CLASSES["optimizers"][optimizer]
    given = {"weight_decay": 0.1} if "weight_decay" in cases.fields(cls) else {}
    for net in with_settings("float64"):
        twin = cases.twin(net)
        rule = oracle_optimizers.OPTIMIZERS[optimizer]
        training = oracle.Training(twin, lambda m, f=rule: f(learning_rate=0.05 * m, **given))
        whole, penalties = {key: call.get(key, 0.0) for key in ("l1", "l2")}, []
        for _ in range(4):
            training.update(twin.step(x, y, "mse").gradients, **call)
            penalties.append(training.penalty(**whole))
        made = cls(0.05, **given)
        h = net.fit(x, y, epochs=4, optimizer=made, shuffle=False, verbose=0, **call)
        cases.all_close(cases.parameters(net), twin.parameters, [1e-10] * 5)
        if any(penalties):
            cases.close(h["penalty"], penalties, 1e-9)
        assert ("penalty" in h) is any(penalties)


@pytest.mark.parametrize("call", CALLS, ids=str)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_ways_to_an_update_have_the_same_bits(
    optimizer: str, call: dict[str, float], dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    swept_call = {"clip_value": 1e9} | call  # through a gradient that is stored
    for net in with_settings(dtype):
        by_parts, by_fit, swept = net.copy(), net.copy(), net.copy()
        for _ in range(3):
            net.train_step(x, y, optimizer=optimizer, **call)
            by_parts.apply(by_parts.gradients(x, y), optimizer, **call)
            swept.train_step(x, y, optimizer=optimizer, **swept_call)
        by_fit.fit(x, y, epochs=3, optimizer=optimizer, shuffle=False, verbose=0, **call)
        bits = cases.bits(net)
        assert bits == cases.bits(by_parts) == cases.bits(by_fit) == cases.bits(swept)


def test_a_trace_is_the_step(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    for net in with_settings(dtype):
        t = net.trace(x, y, learning_rate=0.25)
        whole = network([{}, {}, {}], dtype).trace(x, y)
        for layer in (1, 2, 3):  # derivatives of J, of frozen layers too
            assert t.dW[layer].tobytes() == whole.dW[layer].tobytes()
        net.train_step(x, y, optimizer=cr.SGD(0.25))
        assert [w.tobytes() for w in t.new_weights] == [w.tobytes() for w in net.weights]
        found = [None if b is None else b.tobytes() for b in t.new_biases]
        assert found == [None if b is None else b.tobytes() for b in net.biases]
        assert net.gradients(x, y).loss == t.new_loss


def test_a_trace_says_how_layers_were_updated(rng: np.random.Generator) -> None:
    second = {"learning_rate_multiplier": 0.5, "l1": 0.1, "l2": 0.25, "max_norm": 2}
    net = network([{"trainable": False}, second, {}], "float64")
    t = net.trace(*data(rng, "float64"))
    assert t.updates == (
        ("W1 (frozen)", "b1 (frozen)"),
        ("W2 - 0.5 η (dW2 + 0.1 sign(W2) + 0.25 W2), rows at most 2 long", "b2 - 0.5 η db2"),
        ("W3 - η dW3", "b3 - η db3"),
    )
    update = str(t).split("\nUpdate\n")[1]
    for layer, texts in enumerate(t.updates, start=1):
        for name, words in zip("Wb", texts, strict=True):
            assert f"{name}{layer} ← {words}" in update


@pytest.mark.parametrize("call", [CALLS[0], CALLS[-1]], ids=str)
@pytest.mark.parametrize("threads", [2, 5])
def test_any_number_of_threads(
    threads: int, call: dict[str, float], dtype: str, rng: np.random.Generator
) -> None:
    x, y = cases.inputs(rng, 600, 257, dtype), cases.inputs(rng, 600, 31, dtype)
    found = set()
    for n in (1, threads):
        together = zip((90, 201, 31), SETTINGS[-3:], strict=True)
        layers = [cr.Dense(width, "tanh", **given) for width, given in together]
        net = cr.Network(257, layers, loss="mse", dtype=dtype, seed=1)
        net.n_threads = n
        net.fit(x, y, batch_size=300, verbose=0, **call)
        found.add(cases.bits(net))
    assert len(found) == 1


def test_a_multiplier_scales_the_rate(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    for optimizer in ("sgd", "adamw"):
        nets = [
            cr.Network(6, [cr.Dense(3, learning_rate_multiplier=m)], dtype=dtype, seed=1)
            for m in (0.25, 1.0)
        ]
        for net, rate in zip(nets, (0.5, 0.125), strict=True):
            net.train_step(x, y, optimizer=optimizer, learning_rate=rate)
        assert cases.bits(nets[0]) == cases.bits(nets[1])


# ---- Penalties and norms -------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS[:3], ids=str)
def test_a_step_follows_the_slope_of_loss_and_penalty(
    call: dict[str, float], rng: np.random.Generator
) -> None:
    x, y = data(rng, "float64")
    net = network([{"l1": 0.05}, {"l2": 0.2}, {"l1": 0.02, "l2": 0.05}], "float64")
    start, h = net.get_state(), 1e-5

    def cost() -> float:
        penalty = oracle.Training(cases.twin(net), lambda _: None).penalty(**call)
        return net.evaluate(x, y)["loss"] + penalty

    slopes = {name: np.zeros_like(v) for name, v in start.items() if name.startswith("layers.")}
    for name, slope in slopes.items():
        for at in np.ndindex(slope.shape):
            costs = []
            for step in (h, -h):
                moved = start[name].copy()
                moved[at] += step
                net.set_state(start | {name: moved})
                costs.append(cost())
            slope[at] = (costs[0] - costs[1]) / (2 * h)
    net.set_state(start)
    net.train_step(x, y, optimizer=cr.SGD(1.0), **call)
    found = {name: start[name] - net.get_state()[name] for name in slopes}
    errors = np.concatenate([abs(found[name] - slopes[name]).ravel() for name in slopes])
    assert np.median(errors) <= 1e-8
    assert errors.max() <= 1e-5


def test_gradients_are_those_of_the_loss_alone(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    plain = network([{}, {}, {}], dtype).gradients(x, y)
    penalised = network([{"l1": 1.0, "l2": 1.0, "max_norm": 0.1}] * 3, dtype).gradients(x, y)
    assert plain.flat.tobytes() == penalised.flat.tobytes()
    assert plain.loss == penalised.loss


def test_the_penalty_is_in_the_history(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    net = network([{"trainable": False, "l1": 0.1}, {}, {}], dtype)
    h = net.fit(x, y, epochs=2, metrics=["mae"], validation_split=0.25, verbose=0)
    values = ["loss", "mae", "val_loss", "val_mae"]
    assert list(h) == [*values, "penalty", "learning_rate", "seconds"]
    expected = 0.1 * abs(net.weights[0].astype(np.float64)).sum()
    cases.close(h["penalty"], [expected] * 2, 1e-12)
    plain = network([{}, {}, {}], dtype)
    assert "penalty" not in plain.fit(x, y, verbose=0)
    assert "penalty" in plain.fit(x, y, l2=0.1, verbose=0)
    found = plain.history["penalty"]
    assert np.isnan(found[0])
    squares = sum((w.astype(np.float64) ** 2).sum() for w in plain.weights)
    cases.close(found[1:], [0.05 * squares], 1e-12)


def test_rows_that_are_too_long_are_shortened(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    free, limited = (network([given, {}, {}], dtype) for given in ({}, {"max_norm": 0.7}))
    assert cases.bits(free) == cases.bits(limited)  # until the first update
    for net in (free, limited):
        net.train_step(x, y, optimizer=cr.SGD(0.1))
    norms = np.sqrt((free.weights[0].astype(np.float64) ** 2).sum(axis=1))
    assert 0 < (norms > 0.7).sum() < 17
    for norm, long, short in zip(norms, free.weights[0], limited.weights[0], strict=True):
        if norm <= 0.7:
            assert short.tobytes() == long.tobytes()
        else:
            cases.close(short, 0.7 * long / norm, 4 * cases.unit(dtype))
    for name, was in tensors(free).items():
        assert name == "layers.0.weight" or tensors(limited)[name] == was


def test_norms_whose_squares_are_too_large() -> None:
    net = cr.Network(2, [cr.Dense(2, max_norm=5.0)], dtype="float64", seed=0)
    net.set_weights([np.array([[3e200, 4e200], [0.3, 0.4]])], [np.zeros(2)])
    net.train_step([[0.0, 0.0]], [[0.0, 0.0]], optimizer=cr.SGD(0.0))
    cases.close(net.weights[0], [[3.0, 4.0], [0.3, 0.4]], 1e-14)


# ---- Frozen layers -------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_frozen_layers_keep_their_bits(
    pattern: tuple[bool, ...], dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    net = frozen(pattern, dtype)
    before, all_learn = tensors(net), frozen((True, True, True), dtype)
    expected, g = all_learn.gradients(x, y), net.gradients(x, y)
    kept = {f"layers.{i}." for i, learns in zip((0, 2, 4), pattern, strict=True) if not learns}
    for name, found in g.parameters.items():
        if name[:9] in kept:
            assert not found.any()
        else:
            assert found.tobytes() == expected.parameters[name].tobytes()
    for _ in range(2):
        assert g.inputs.tobytes() == expected.inputs.tobytes()
    assert g.loss == expected.loss
    net.apply(g, "adamw")
    net.fit(x, y, epochs=2, batch_size=5, verbose=0)
    net.fit(x, y, clip_norm=0.01, verbose=0)
    for name, was in before.items():
        assert (tensors(net)[name] == was) is (name[:9] in kept)


def test_the_norm_is_that_of_what_is_trained(dtype: str, rng: np.random.Generator) -> None:
    x, y = data(rng, dtype)
    net = network([{"trainable": False}, {}, {}], dtype)
    g = net.gradients(x, y)
    norm = g.norm
    g.flat[: 17 * 6] += 1.0  # the weights of the frozen layer, with what they do not need
    assert g.norm == norm
    assert norm < network([{}, {}, {}], dtype).gradients(x, y).norm


def test_layers_are_frozen_and_thawed_between_trainings(
    dtype: str, rng: np.random.Generator
) -> None:
    x, y = data(rng, dtype)
    net, made = network([{}, {}, {}], dtype), network([{"trainable": False}, {}, {}], dtype)
    net.layers[0].trainable = False
    for each in (net, made):
        each.fit(x, y, epochs=2, verbose=0)
        assert each.layers[0].trainable is False
    assert cases.state(net) == cases.state(made)
    predictor, first = net.predictor(), net.weights[0].copy()
    for each in (net, made):
        each.layers[0].trainable = True
        each.fit(x, y, verbose=0)
    assert cases.state(net) == cases.state(made)
    assert (net.weights[0] != first).any()
    predictor.update(net)
    assert predictor.predict(x).tobytes() == net.predict(x).tobytes()


def test_all_layers_can_be_set(rng: np.random.Generator) -> None:
    net = frozen((True, True, True), "float64", "relu")
    for wanted in (False, True, False):
        for layer in net.layers:
            layer.trainable = wanted
        assert [layer.trainable for layer in net.layers] == [wanted, False, wanted, False, wanted]
    before = tensors(net)
    net.train_step(*data(rng, "float64"))
    assert tensors(net) == before
    own = cr.Network(2, [cr.Dense(3), cr.Activation("prelu"), cr.Dense(1)]).layers[1]
    own.trainable = True
    assert own.trainable is True
    with pytest.raises(ValueError, match=r"trainable: layers\[1\] is an activation of its own"):
        own.trainable = False


def test_a_forward_is_forgotten_when_layers_are_frozen() -> None:
    net = cr.mlp([2, 3, 1], seed=0)
    net.forward([[1.0, 2.0]], training=True)
    net.layers[0].trainable = True
    net.backward([[1.0]])
    net.forward([[1.0, 2.0]], training=True)
    net.layers[0].trainable = False
    with pytest.raises(RuntimeError, match="no training forward"):
        net.backward([[1.0]])


def test_layers_are_not_frozen_during_training() -> None:
    net, errors = cr.mlp([2, 3, 1], seed=0), []

    class Freeze(cr.Callback):
        def on_epoch_end(self, run: cr.callbacks.Run) -> None:
            with pytest.raises(RuntimeError, match="being trained") as raised:
                run.network.layers[0].trainable = False
            errors.append(raised.value)

    net.fit([[1.0, 2.0]], [1.0], callbacks=[Freeze()], verbose=0)
    assert len(errors) == 1
    assert net.layers[0].trainable is True


# ---- Descriptions --------------------------------------------------------------------------------


def test_settings_go_with_the_network(rng: np.random.Generator, dtype: str) -> None:
    x, y = data(rng, dtype)
    for net in with_settings(dtype):
        net.layers[3].trainable = False
        net.train_step(x, y)
        twins = [
            net.copy(),
            copy.deepcopy(net),
            pickle.loads(pickle.dumps(net)),
            cr.from_bytes(net.to_bytes(optimizer=True)),
        ]
        twins.append(network([dict(s) for s in settings_of(net)], dtype))
        twins[-1].layers[3].trainable = True
        twins[-1].set_state(net.get_state())
        for twin in twins:
            assert [each.description for each in twin.layers] == [
                each.description for each in net.layers
            ]
            assert twin.layers[3].trainable is False
            assert cases.state(twin) == cases.state(net)
        net.train_step(x, y)
        for twin in twins:
            twin.train_step(x, y)
            assert cases.state(twin) == cases.state(net)


def settings_of(net: cr.Network) -> list[dict[str, Any]]:
    names = {name for given in SETTINGS for name in given}
    dense = [each.description for each in net.layers if each.weight is not None]
    return [{name: getattr(each, name) for name in names} for each in dense]


def test_a_state_of_other_settings_is_refused() -> None:
    state = network([{"learning_rate_multiplier": 2.0}, {}, {}], "float32").get_state()
    with pytest.raises(ValueError, match="state: expected that of a network with the same layers"):
        network([{}, {}, {}], "float32").set_state(state)


def test_a_summary_shows_settings() -> None:
    first = cr.Dense(3, "relu", l1=0.1, learning_rate_multiplier=0.5)
    net = cr.Network(2, [first, cr.Dense(1)], seed=0)
    net.layers[0].trainable = False
    assert str(net).splitlines()[1:] == [
        "layer  kind                                                   output  parameters",
        "    1  Dense relu l1=0.1 learning_rate_multiplier=0.5 frozen       3           9",
        "    2  Dense identity                                              1           4",
    ]
    assert "trainable=False" in repr(net.layers[0])


WRONG: list[tuple[str, Any, type[Exception]]] = [
    *(("trainable", odd, TypeError) for odd in (1, 0, None, "no")),
    *(("learning_rate_multiplier", odd, TypeError) for odd in (None, True, "1", [1.0])),
    *(("learning_rate_multiplier", odd, ValueError) for odd in (0, -1, np.nan, np.inf)),
    *((name, odd, TypeError) for name in ("l1", "l2") for odd in (None, True, "1", [1.0])),
    *((name, odd, ValueError) for name in ("l1", "l2") for odd in (-0.1, np.nan, np.inf)),
    *(("max_norm", odd, TypeError) for odd in (True, "1", [1.0])),
    *(("max_norm", odd, ValueError) for odd in (0, -1, np.nan, np.inf)),
]


@pytest.mark.parametrize(("name", "odd", "error"), WRONG)
def test_wrong_settings_are_refused(name: str, odd: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=rf"^{name}: expected"):
        cr.Dense(2, **{name: odd})
    if name == "trainable":
        layer = cr.mlp([2, 1]).layers[0]
        with pytest.raises(error, match=r"^trainable: expected"):
            layer.trainable = odd
    if name in ("l1", "l2"):
        net = cr.mlp([2, 3, 1], seed=0)
        g, before = net.gradients([[1.0, 2.0]], [1.0]), cases.state(net)
        for call in (net.fit, net.train_step, lambda *_, **given: net.apply(g, **given)):
            with pytest.raises(error, match=rf"^{name}: expected a number in \[0, inf\)"):
                call([[1.0, 2.0]], [1.0], **{name: odd})
        assert cases.state(net) == before
