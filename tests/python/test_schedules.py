"""Are schedules the functions that they say, and does a fit use them at every step?"""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from files import record_schedules
from files.record_schedules import SCHEDULES

RECORD = json.loads(record_schedules.PATH.read_text())
CLASSES = [getattr(cr.schedules, name) for name in cr.schedules.__all__ if name[0].isupper()]
MADE = {**SCHEDULES, "inverse": cr.schedules.Inverse(0.05, power=0.5)}
X, Y = np.eye(4), np.array([1.0, -1.0, 2.0, 0.5])


def test_every_schedule_is_here() -> None:
    assert {type(made) for made in MADE.values()} | {cr.schedules.Schedule} == set(CLASSES)
    assert set(RECORD) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_are_those_of_pytorch(name: str) -> None:
    n = record_schedules.N_STEPS
    found = [SCHEDULES[name](t, n) for t in range(n)]
    # PyTorch multiplies one factor after the other.
    cases.close(found, RECORD[name], 60 * 4 * cases.unit("float64"), name)


def test_inverse() -> None:
    for t in (0, 1, 1000):
        expected = 1 / np.sqrt(1 + 0.05 * t)
        assert abs(MADE["inverse"](t, 10) - expected) <= 20 * cases.unit("float64")


@pytest.mark.parametrize("name", MADE)
def test_schedules_are_values(name: str) -> None:
    made: Any = MADE[name]
    twins = [
        copy.deepcopy(made),
        pickle.loads(pickle.dumps(made)),
        eval(repr(made), vars(cr.schedules)),
    ]
    assert twins == [made] * 3
    assert {hash(twin) for twin in twins} == {hash(made)}
    assert [other for other in MADE.values() if other == made] == [made]
    with pytest.raises(AttributeError):
        made.gamma = 1.0


def test_names_are_schedules_by_default() -> None:
    for name in cr.schedules.names():
        cls = getattr(cr.schedules, "".join(word.capitalize() for word in name.split("_")))
        assert cr.schedules.Warmup(3, schedule=name) == cr.schedules.Warmup(3, schedule=cls())


NO_SCHEDULE: list[tuple[Any, type[Exception], str]] = [
    ("cosin", ValueError, "schedule: unknown name 'cosin'; did you mean cosine"),
    ("\ud800", ValueError, r"schedule: unknown name '\\ud800'"),
    ("step", ValueError, r"'step' needs arguments: chainrule\.schedules\.Step"),
    (0.5, TypeError, "schedule: expected a name, a Schedule or a function"),
    (cr.schedules.Cosine, TypeError, r"schedule: .* got a class; give Cosine\(\.\.\.\)"),
    (lambda t, total: -1.0, ValueError, "schedule: expected a number in"),
    (lambda t, total: "1", TypeError, "schedule: expected a number in"),
    (lambda t, total: np.nan, ValueError, "schedule: expected a number in"),
]


@pytest.mark.parametrize("i", range(len(NO_SCHEDULE)))
def test_what_is_no_schedule_is_refused(i: int) -> None:
    given, error, words = NO_SCHEDULE[i]
    net = cr.mlp([4, 1], seed=0)
    before = cases.state(net)
    with pytest.raises(error, match=words):
        net.fit(X, Y, schedule=given)
    assert cases.state(net) == before


WRONG: list[tuple[Any, type[Exception]]] = [
    (lambda s: s.Step(0), ValueError),
    (lambda s: s.Step(1.5), TypeError),
    (lambda s: s.Step(3, gamma=-1), ValueError),
    (lambda s: s.Step(3, 0.5), TypeError),
    (lambda s: s.MultiStep(3), TypeError),
    (lambda s: s.MultiStep([-1]), ValueError),
    (lambda s: s.Exponential("1"), TypeError),
    (lambda s: s.Inverse(-0.1), ValueError),
    (lambda s: s.Polynomial(end=np.inf), ValueError),
    (lambda s: s.Cosine(growth=2), ValueError),
    (lambda s: s.Cosine(period=0), ValueError),
    (lambda s: s.OneCycle(1.5), ValueError),
    (lambda s: s.OneCycle(div_factor=0.0), ValueError),
    (lambda s: s.OneCycle(True), TypeError),
    (lambda s: s.OneCycle(final_div_factor=-1), ValueError),
    (lambda s: s.OneCycle(anneal_strategy="sin"), ValueError),
    (lambda s: s.OneCycle(anneal_strategy=np.array(["cos", "linear"])), TypeError),
    (lambda s: s.Schedule()(0, 10), NotImplementedError),
    (lambda s: s.Warmup(0), ValueError),
    (lambda s: s.Warmup(3, "cosine"), TypeError),
    (lambda s: s.Warmup(3, schedule="no"), ValueError),
    (lambda s: s.Cosine()(-1, 10), ValueError),
    (lambda s: s.Cosine()(0, 0), ValueError),
    (lambda s: s.Cosine()(0.5, 10), TypeError),
]


@pytest.mark.parametrize("i", range(len(WRONG)))
def test_wrong_arguments(i: int) -> None:
    make, error = WRONG[i]
    with pytest.raises(error):
        make(cr.schedules)
