"""Do classes weigh what they should, and do unknown targets leave no trace?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle

LOSSES = cr.losses.names()
D = 9
CLASSES = np.array([0, 2, 1, 1, 2, 0, 1, 1, 1])


def classifier(m: int = 3, loss: str = "cross_entropy") -> cr.Network:
    return cr.mlp([4, 5, m], "tanh", "softmax", loss=loss, dtype="float64", seed=1)


def fitted(net: cr.Network, x: Any, y: Any, **given: Any) -> bytes:
    net.fit(x, y, epochs=2, batch_size=4, metrics=(), **given)
    return cases.state(net)


# ---- Classes -------------------------------------------------------------------------------------


def test_weights_of_classes_are_weights_of_their_rows(rng: np.random.Generator) -> None:
    x, by_row = cases.inputs(rng, D, 4, "float64"), np.array([0.5, 1.0, 4.0])[CLASSES]
    given = {0: 0.5, np.int64(2): 4}
    expected = fitted(classifier(), x, CLASSES, sample_weight=by_row)
    for y in (CLASSES, np.eye(3)[CLASSES], CLASSES[:, None].astype(float)):
        assert fitted(classifier(), x, y, class_weight=given) == expected
    # They multiply weights of examples.
    w = rng.uniform(0.5, 2, D)
    both = fitted(classifier(), x, CLASSES, class_weight=given, sample_weight=w)
    assert both == fitted(classifier(), x, CLASSES, sample_weight=w * by_row)
    for loss in ("focal", "kl_divergence"):
        rows = np.eye(3)[CLASSES]
        assert fitted(classifier(3, loss), x, rows, class_weight=given) == fitted(
            classifier(3, loss), x, rows, sample_weight=by_row
        )


def test_probabilities_weigh_by_their_shares(rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, D, 4, "float64"), cases.targets(rng, D, 3, "cross_entropy", "float64")
    by_row = 0.0 + y[:, 0] * 0.5 + y[:, 1] * 1.0 + y[:, 2] * 4.0
    assert fitted(classifier(), x, y, class_weight={0: 0.5, 2: 4.0}) == fitted(
        classifier(), x, y, sample_weight=by_row
    )


def test_balanced_is_d_over_k_count(rng: np.random.Generator) -> None:
    x = cases.inputs(rng, D, 4, "float64")
    for m in (3, 5):  # classes that are not there do not count
        weights = np.array([D / (3 * 2), D / (3 * 5), D / (3 * 2)])[CLASSES]
        assert fitted(classifier(m), x, CLASSES, class_weight="balanced") == fitted(
            classifier(m), x, CLASSES, sample_weight=weights
        )


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "focal", "hinge", "squared_hinge"])
def test_one_output_has_two_classes(loss: str, rng: np.random.Generator) -> None:
    def net() -> cr.Network:
        return cr.mlp([4, 5, 1], output="sigmoid", loss=loss, dtype="float64", seed=1)

    x, ones = cases.inputs(rng, D, 4, "float64"), CLASSES == 1
    y = 2 * ones - 1 if "hinge" in loss else ones
    weights = np.where(ones, 3.0, 0.5)
    assert fitted(net(), x, y, class_weight={0: 0.5, 1: 3}) == fitted(
        net(), x, y, sample_weight=weights
    )


def test_balance_is_that_of_the_rows_to_train_on(rng: np.random.Generator) -> None:
    x = cases.inputs(rng, D, 4, "float64")
    split: dict[str, Any] = {"validation_split": 0.3, "shuffle": False, "verbose": 0}
    net, other = classifier(), classifier()
    h = net.fit(x, CLASSES, class_weight="balanced", metrics=("accuracy",), **split)
    counts = np.bincount(CLASSES[:6])
    weights = (6 / (3 * counts))[CLASSES]
    rest: dict[str, Any] = {"sample_weight": weights, "metrics": (), "shuffle": False}
    other.fit(x[:6], CLASSES[:6], **rest | {"sample_weight": weights[:6]})
    assert cases.bits(net) == cases.bits(other)
    # Validation and metrics know nothing of them.
    assert h["val_loss"] == [net.evaluate(x[6:], CLASSES[6:])["loss"]]
    plain = classifier().fit(x[:6], CLASSES[:6], shuffle=False)
    assert h["accuracy"] == plain["accuracy"]


WRONG = {
    "name": ("balance", ValueError, "class_weight: expected 'balanced' or a dict"),
    "list": ([1, 2, 3], TypeError, "class_weight: expected 'balanced' or a dict"),
    "outside": ({3: 1.0}, ValueError, r"class_weight: expected classes 0\.\.2, got 3"),
    "negative class": ({-1: 1.0}, ValueError, r"class_weight: expected classes 0\.\.2, got -1"),
    "key": ({"a": 1.0}, TypeError, "class_weight: expected class numbers as keys, got 'a'"),
    "bool": ({True: 1.0}, TypeError, "class_weight: expected class numbers as keys, got True"),
    "negative": ({1: -1.0}, ValueError, r"class_weight\[1\]: expected a number in \[0, inf\)"),
    "infinite": ({1: np.inf}, ValueError, r"class_weight\[1\]: expected a number in \[0, inf\)"),
    "text": ({1: "2"}, TypeError, r"class_weight\[1\]: expected a number in \[0, inf\)"),
    "zeros": ({0: 0, 1: 0, 2: 0}, ValueError, "class_weight: all rows to train on have weight 0"),
    "tiny": (dict.fromkeys(range(3), 1e-320), ValueError, "class_weight: expected a mean that"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_weights_of_classes_are_refused(kind: str, rng: np.random.Generator) -> None:
    given, error, words = WRONG[kind]
    net = classifier()
    before = cases.state(net)
    with pytest.raises(error, match=words):
        net.fit(cases.inputs(rng, D, 4, "float64"), CLASSES, class_weight=given)
    assert cases.state(net) == before


def test_weights_of_examples_and_classes_may_not_overflow(rng: np.random.Generator) -> None:
    x, weights = cases.inputs(rng, D, 4, "float64"), np.full(D, 1e200)
    with pytest.raises(ValueError, match="class_weight: expected a mean that float64 can hold"):
        classifier().fit(x, CLASSES, sample_weight=weights, class_weight={0: 1e200})


def test_what_has_no_classes_has_no_weights_of_them(rng: np.random.Generator) -> None:
    x = cases.inputs(rng, D, 4, "float64")
    several = cr.mlp([4, 2], output="sigmoid", seed=0)
    with pytest.raises(ValueError, match="class_weight: expected targets that are classes"):
        several.fit(x, np.eye(2)[CLASSES % 2], class_weight="balanced")
    with pytest.raises(ValueError, match="class_weight: expected targets that are classes"):
        cr.mlp([4, 1], seed=0).fit(x, CLASSES, class_weight={0: 2.0})


# ---- Targets that are not known ------------------------------------------------------------------


def masked(rng: np.random.Generator, y: Any, *, by_row: bool) -> tuple[Any, Any]:
    """Targets with NaN here and there, and where."""
    missing = rng.random(y.shape) < 0.4
    if by_row:
        missing = np.repeat(missing[:, :1], y.shape[1], axis=1)
    missing[0], missing[1] = False, True
    return np.where(missing, np.nan, y), missing


@pytest.mark.parametrize("loss", LOSSES)
def test_unknown_targets_weigh_nothing(loss: str, dtype: str, rng: np.random.Generator) -> None:
    form = oracle.LOSSES[loss]
    net = cr.mlp([4, 6, 4], "tanh", form.output, loss=loss, dtype=dtype, seed=11)
    x, y = cases.inputs(rng, D, 4, dtype), cases.targets(rng, D, 4, loss, dtype)
    w = rng.uniform(0.5, 2, D)
    holes, missing = masked(rng, y, by_row=not form.averages)
    given: dict[str, Any] = {"metrics": (), "ignore_nan_targets": True}
    for weights in (None, w):
        known = (np.ones(D) if weights is None else w)[:, None] * ~missing
        known = known if form.averages else known[:, 0]
        expected = net.evaluate(x, y, metrics=(), sample_weight=known)
        found = net.evaluate(x, holes, sample_weight=weights, **given)
        assert found["loss"] == expected["loss"]
        one, other = net.copy(), net.copy()
        one.fit(x, y, sample_weight=known, epochs=2, batch_size=4, metrics=())
        other.fit(x, holes, sample_weight=weights, epochs=2, batch_size=4, **given)
        assert cases.state(one) == cases.state(other)
    # The gradient of an entry without weight is exactly 0.
    g = net.gradients(x, y, sample_weight=known)
    assert not g.inputs[1].any()
    if known.ndim == 2 and form.outputs_per_target() == 1:
        dZ = net.copy()
        entries = [
            dZ.gradients(x[[i]], y[[i]], sample_weight=known[[i]]).biases[-1] for i in (2, 3)
        ]
        for i, entry in zip((2, 3), entries, strict=True):
            assert not entry[missing[i]].any()


def test_classes_may_be_unknown(rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, D, 4, "float64"), CLASSES.astype(float)
    y[[2, 5]] = np.nan
    known = ~np.isnan(y)
    for form in (y, y[:, None], np.where(known[:, None], np.eye(3)[CLASSES], np.nan)):
        found = classifier().evaluate(x, form, ignore_nan_targets=True)
        assert found == classifier().evaluate(x, CLASSES, sample_weight=known.astype(float))
        assert fitted(classifier(), x, form, ignore_nan_targets=True) == fitted(
            classifier(), x, CLASSES, sample_weight=known.astype(float)
        )
    # Rows that are not known are not counted for a balance either.
    balanced = fitted(classifier(), x, y, ignore_nan_targets=True, class_weight="balanced")
    counts = np.bincount(CLASSES[known])
    weights = known * (known.sum() / (3 * counts))[CLASSES]
    assert balanced == fitted(classifier(), x, CLASSES, sample_weight=weights)


def test_metrics_pass_over_what_is_unknown(rng: np.random.Generator) -> None:
    net = cr.mlp([4, 3], output="sigmoid", dtype="float64", seed=0)
    x, y = cases.inputs(rng, D, 4, "float64"), np.eye(3)[CLASSES]
    holes, missing = masked(rng, y, by_row=False)
    found = net.evaluate(x, holes, ignore_nan_targets=True)
    right = (net.predict(x) > 0.5) == y
    assert found["accuracy"] == pytest.approx(right[~missing].mean(), rel=1e-15)
    h = net.fit(x, holes, validation_data=(x, holes), ignore_nan_targets=True, epochs=1)
    assert h["accuracy"] == [found["accuracy"]]
    assert h["val_accuracy"] == [net.evaluate(x, holes, ignore_nan_targets=True)["accuracy"]]


def test_nan_is_an_error_unless_it_is_to_be_ignored(rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, D, 4, "float64"), np.full((D, 2), 0.5)
    y[3, 1] = np.nan
    net = cr.mlp([4, 2], seed=0)
    with pytest.raises(ValueError, match="y: expected finite numbers, got nan in row 3, column 1"):
        net.fit(x, y)
    with pytest.raises(ValueError, match=r"y: expected rows with all targets or none.* in row 3"):
        net.fit(x, y, loss="cosine", ignore_nan_targets=True)
    y[3, 0] = np.inf
    with pytest.raises(ValueError, match="y: expected finite numbers, got inf in row 3"):
        net.fit(x, y, ignore_nan_targets=True)
    with pytest.raises(ValueError, match="y: expected at least one target that is not NaN"):
        net.evaluate(x, np.full((D, 2), np.nan), ignore_nan_targets=True)
    y[:] = 0.5
    y[0] = np.nan
    only_first = (np.arange(D) == 0).astype(float)
    with pytest.raises(ValueError, match="sample_weight: every target with a weight above 0 is"):
        net.evaluate(x, y, sample_weight=only_first, ignore_nan_targets=True)
