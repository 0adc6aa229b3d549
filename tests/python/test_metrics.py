"""Are metrics what scikit-learn says they are, by name and as objects?"""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn.metrics

import chainrule as cr

RNG = np.random.default_rng(8)
D, M = 50, 4
SCORES = RNG.random((D, M))
CLASSES = RNG.integers(0, M, D)
WEIGHTS = RNG.random(D)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_accuracy_of_classes(dtype: str, weights: np.ndarray | None) -> None:
    found = cr.metrics.Accuracy()(SCORES.astype(dtype), CLASSES, weights)
    expected = sklearn.metrics.accuracy_score(CLASSES, SCORES.argmax(1), sample_weight=weights)
    assert found == pytest.approx(expected, rel=D * 2e-16)


def test_accuracy_of_rows_goes_by_the_largest(dtype: str) -> None:
    rows = np.eye(M)[CLASSES].astype(dtype)
    accuracy = cr.metrics.Accuracy()
    assert accuracy(SCORES.astype(dtype), rows) == accuracy(SCORES.astype(dtype), CLASSES)


def test_ties_go_to_the_lowest_class() -> None:
    tied = np.full((3, M), 0.25)
    assert cr.metrics.Accuracy()(tied, np.array([0, 1, 0])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_accuracy_of_one_output_and_of_entries(weights: np.ndarray | None) -> None:
    y = RNG.integers(0, 2, (D, M)).astype(float)
    one = cr.metrics.Accuracy()(SCORES[:, :1], y[:, :1], weights)
    assert one == pytest.approx(np.average((SCORES[:, 0] > 0.5) == y[:, 0], weights=weights))
    entries = cr.metrics.Accuracy()(SCORES, y, weights, by_entry=True)
    expected = np.average(((SCORES > 0.5) == y).mean(axis=1), weights=weights)
    assert entries == pytest.approx(expected)


def test_a_half_is_not_above_a_half() -> None:
    accuracy = cr.metrics.Accuracy()
    assert accuracy(np.array([[0.5], [0.5]]), np.array([[0.0], [1.0]])) == 0.5


def test_fit_and_evaluate_report_the_metric() -> None:
    x = RNG.standard_normal((D, 3))
    net = cr.mlp([3, 8, M], output="softmax", seed=0)
    given = {"sample_weight": WEIGHTS, "metrics": ["accuracy"]}
    history = net.fit(x, CLASSES, batch_size=D, **given)
    still = cr.mlp([3, 8, M], output="softmax", seed=0)
    expected = sklearn.metrics.accuracy_score(
        CLASSES, still.predict_classes(x), sample_weight=WEIGHTS
    )
    assert still.evaluate(x, CLASSES, **given)["accuracy"] == pytest.approx(expected)
    # One batch: the predictions made while training are those from before the update.
    assert history["accuracy"] == [pytest.approx(expected)]


def test_names_and_objects_mean_the_same() -> None:
    net = cr.mlp([3, M], output="softmax", seed=0)
    x = RNG.standard_normal((D, 3))
    assert cr.metrics.names() == ["accuracy"]
    for chosen in (["accuracy"], [cr.metrics.Accuracy()], ("accuracy",), {"accuracy"}):
        assert net.evaluate(x, CLASSES, metrics=chosen) == net.evaluate(x, CLASSES)
    assert net.evaluate(x, CLASSES, metrics=()).keys() == {"loss"}
    assert pickle.loads(pickle.dumps(cr.metrics.Accuracy())) == cr.metrics.Accuracy()
    with pytest.raises(ValueError, match=r"unknown name 'acuracy'; did you mean accuracy\?"):
        net.evaluate(x, CLASSES, metrics=["acuracy"])
