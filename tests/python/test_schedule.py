"""Does a fit take the factor of each step, of whatever schedule?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from chainrule._schedule import factors
from files.record_schedules import SCHEDULES

X, Y = np.eye(4), np.array([1.0, -1.0, 2.0, 0.5])


def own(step: int, total_steps: int) -> float:
    return (step + 1) / total_steps


MADE = {**SCHEDULES, "inverse": cr.schedules.Inverse(0.05, power=0.5), "own": own}
MADE["warmup, own"] = cr.schedules.Warmup(2, schedule=own)


class Derived(cr.schedules.Schedule):
    def __call__(self, step: int, total_steps: int) -> float:
        return own(step, total_steps)


MADE["derived"] = Derived()


@pytest.mark.parametrize("name", MADE)
def test_many_factors_are_those_of_single_steps(name: str) -> None:
    expected = [MADE[name](t, 40) for t in range(40)]
    for first, count in ((0, 40), (0, 3), (2, 1), (7, 13), (39, 1), (5, 0)):
        assert factors(MADE[name], first, count, 40).tolist() == expected[first : first + count]


def by_hand(schedule: Any, *, epochs: int, batch_size: int) -> cr.Network:
    """A fit of single steps."""
    net = cr.mlp([4, 3, 1], seed=0)
    per_epoch = -(-len(X) // batch_size)
    for step in range(epochs * per_epoch):
        rows = slice(step % per_epoch * batch_size, (step % per_epoch + 1) * batch_size)
        rate = 0.1 * schedule(step, epochs * per_epoch)
        net.train_step(X[rows], Y[rows], optimizer=cr.SGD(0.1, momentum=0.5), learning_rate=rate)
    return net


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("name", MADE)
def test_a_fit_takes_the_factor_of_each_step(name: str, one_by_one: bool) -> None:
    schedule = MADE[name]
    batches = (
        cr.Callback
        if not one_by_one
        else type("Batches", (cr.Callback,), {"on_batch_end": lambda self, run: None})
    )
    net = cr.mlp([4, 3, 1], seed=0)
    history = net.fit(
        X,
        Y,
        epochs=3,
        batch_size=3,
        optimizer=cr.SGD(0.1, momentum=0.5),
        schedule=schedule,
        shuffle=False,
        callbacks=[batches()],
    )
    assert cases.bits(net) == cases.bits(by_hand(schedule, epochs=3, batch_size=3))
    # Of the first step of each epoch.
    assert history["learning_rate"] == [0.1 * schedule(t, 6) for t in (0, 2, 4)]


def test_a_rate_that_is_set_is_scaled_too() -> None:
    class Halve(cr.Callback):
        def on_epoch_end(self, run: Any) -> None:
            run.learning_rate /= 2

    net = cr.mlp([4, 1], seed=0)
    history = net.fit(
        X, Y, epochs=4, optimizer=cr.SGD(0.5), schedule="polynomial", callbacks=[Halve()]
    )
    assert history["learning_rate"] == [0.5, 0.25 * 0.75, 0.125 * 0.5, 0.0625 * 0.25]
    assert net.optimizer == cr.SGD(0.5)


def test_a_divergence_names_the_rate_of_its_step() -> None:
    net = cr.mlp([4, 1], seed=0)
    with pytest.raises(cr.DivergenceError) as raised:
        net.fit(
            X * 1e10,
            Y,
            epochs=9,
            batch_size=1,
            optimizer=cr.SGD(1e30),
            schedule=lambda t, _: 2.0**t,
        )
    assert raised.value.learning_rate == 1e30 * 2.0 ** (raised.value.step - 1)
