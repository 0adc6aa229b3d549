"""How long does the optimiser remember, and what is refused while a network trains?"""

from __future__ import annotations

import threading
from typing import Any

import pytest

import cases
import chainrule as cr
import oracle_optimizers

OPTIMIZERS = cr.optimizers.names()

X, Y = [[1.0, 2.0], [0.5, -1.0]], [1.0, -1.0]


def small(**given: Any) -> cr.Network:
    return cr.mlp([2, 3, 1], "tanh", seed=3, **given)


# ---- The optimiser's memory --------------------------------------------------------------------


def slots(net: cr.Network) -> dict[str, bytes]:
    return {k: v.tobytes() for k, v in net.get_state().items() if k.startswith("optimizer.")}


def test_optimizer_by_default() -> None:
    net = small()
    assert net.optimizer is None
    assert slots(net) == {}
    net.train_step(X, Y)
    assert net.optimizer == cr.Adam()


@pytest.mark.parametrize("name", cases.ELEMENTWISE)
def test_same_class_keeps_its_memory_and_takes_new_fields(name: str) -> None:
    cls = cases.CLASSES["optimizers"][name]
    # All fields but the rate are others where they can be.
    fields = next(f for f in reversed(cases.settings(cls)) if _possible(cls, f))
    first, second = cls(**fields), cls(**{**fields, "learning_rate": 0.3})
    net = small(dtype="float64")
    rule = oracle_optimizers.OPTIMIZERS[name](**fields)
    expected = [p.astype(float) for p in cases.parameters(net)]
    for given in (first, None, second, second, None):
        g = net.gradients(X, Y)
        net.apply(g, given)
        rule.learning_rate = (given or net.optimizer).learning_rate
        expected = rule.update(expected, cases.gradients(g))
        assert net.optimizer == (given or net.optimizer)
    assert net.optimizer == second
    cases.all_close(cases.parameters(net), expected, [5 * 20 * cases.unit("float64") * 10] * 4)


def _possible(cls: Any, fields: dict[str, Any]) -> bool:
    try:
        cls(**fields)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("other", OPTIMIZERS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_another_class_starts_afresh(name: str, other: str) -> None:
    if name == other:
        return
    net, fresh = small(), small()
    net.train_step(X, Y, optimizer=name)
    fresh.set_weights(net.weights, net.biases)
    old = slots(net)
    for trained in (net, fresh):
        trained.train_step(X, Y, optimizer=other)
    assert cases.bits(net) == cases.bits(fresh)
    assert slots(net) == slots(fresh) != old


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_reset_optimizer_forgets(name: str) -> None:
    net, fresh = small(), small()
    for _ in range(2):
        net.train_step(X, Y, optimizer=name)
    net.reset_optimizer()
    assert net.optimizer is None
    assert slots(net) == {}
    fresh.set_weights(net.weights, net.biases)
    for trained in (net, fresh):
        trained.train_step(X, Y, optimizer=name)
    assert cases.bits(net) == cases.bits(fresh)


@pytest.mark.parametrize("name", cases.ELEMENTWISE)
def test_a_rate_given_to_a_step_is_for_that_step(name: str) -> None:
    cls = cases.CLASSES["optimizers"][name]
    given, made = small(), small()
    given.train_step(X, Y, optimizer=cls(0.5), learning_rate=0.125)
    made.train_step(X, Y, optimizer=cls(0.125))
    assert cases.bits(given) == cases.bits(made)
    assert given.optimizer == cls(0.5)
    applied = small()
    applied.apply(applied.gradients(X, Y), cls(0.5), learning_rate=0.125)
    assert cases.state(applied) == cases.state(given)
    before = cases.bits(given)
    given.train_step(X, Y, learning_rate=0.0)
    assert cases.bits(given) == before
    for wrong in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="learning_rate"):
            given.train_step(X, Y, learning_rate=wrong)


# ---- Wrong moments -----------------------------------------------------------------------------


class During(cr.Callback):
    """Calls something in the middle of a fit and keeps the exception."""

    def __init__(self, call: Any) -> None:
        self.call, self.error = call, None

    def on_epoch_end(self, run: Any) -> None:
        try:
            self.call(run.network)
        except RuntimeError as error:
            self.error = error


TRAININGS: dict[str, Any] = {
    "fit": lambda net: net.fit(X, Y, verbose=0),
    "train_step": lambda net: net.train_step(X, Y),
    "apply": lambda net: net.apply(net.gradients(X, Y)),
    "reset_optimizer": lambda net: net.reset_optimizer(),
    "initialize": lambda net: net.initialize(),
    "set_state": lambda net: net.set_state(net.get_state()),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_one_training_at_a_time(name: str) -> None:
    net, during = small(), During(TRAININGS[name])
    net.fit(X, Y, verbose=0, callbacks=[during])
    assert isinstance(during.error, RuntimeError)
    assert "train" in str(during.error)
    TRAININGS[name](net)  # afterwards it is allowed


def test_two_threads_cannot_train_one_network() -> None:
    net, errors = small(), []

    def train() -> None:
        try:
            net.train_step(X, Y)
        except RuntimeError as error:
            errors.append(error)

    def in_another_thread(_: Any) -> None:
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()

    net.fit(X, Y, verbose=0, callbacks=[During(in_another_thread)])
    assert len(errors) == 1


def test_looking_while_training_is_allowed() -> None:
    net, found = small(), []
    look = During(lambda net: found.extend([net.predict(X), net.gradients(X, Y, training=False)]))
    net.fit(X, Y, verbose=0, callbacks=[look])
    assert look.error is None
    assert len(found) == 2


LATER = {
    "fit": {
        "checkpoint": "file",
        "on_divergence": "stop",
    },
}


@pytest.mark.parametrize(("method", "name"), [(m, n) for m, given in LATER.items() for n in given])
def test_what_comes_later_is_refused_by_name(method: str, name: str) -> None:
    net = small()
    before = cases.state(net)
    with pytest.raises(NotImplementedError, match=f"^{name}: "):
        getattr(net, method)(X, Y, **{name: LATER[method][name]})
    assert cases.state(net) == before


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_memory_goes_with_the_state(name: str, dtype: str) -> None:
    net, other = small(dtype=dtype), small(dtype=dtype)
    net.train_step(X, Y, optimizer=name)
    other.set_state(net.get_state())
    assert cases.state(other) == cases.state(net)
    for trained in (net, other):
        trained.train_step(X, Y)
    assert cases.state(other) == cases.state(net)
