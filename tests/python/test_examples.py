"""Are targets, weights and validation rows taken, refused and split as the contract says?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import oracle
from helpers import state_bytes

D, M = 6, 3
X = np.random.default_rng(5).standard_normal((D, 2))
CLASSES = np.array([0, 2, 1, 1, 2, 0])
ONE_HOT = np.eye(M)[CLASSES]


def classifier(outputs: int = M, dtype: str = "float64") -> cr.Network:
    return cr.mlp([2, 4, outputs], output="softmax", dtype=dtype, seed=1)


def regressor(outputs: int = 1) -> cr.Network:
    return cr.mlp([2, 4, outputs], seed=1)


def trained(net: cr.Network, y: Any, **arguments: Any) -> bytes:
    """Everything after some training, and what evaluate says then."""
    net.fit(X, y, epochs=2, batch_size=4, **arguments)
    net.train_step(X, y)
    return state_bytes(net) + repr(net.evaluate(X, y)).encode() + net.example_losses(X, y).tobytes()


# ---- Targets -------------------------------------------------------------------------------------

CLASS_FORMS = {
    "list": CLASSES.tolist(),
    "(d, 1)": CLASSES.reshape(-1, 1),
    "whole floats": CLASSES.astype(np.float32),
    "whole floats (d, 1)": CLASSES.astype(float).reshape(-1, 1),
    "uint8": CLASSES.astype(np.uint8),
    "big-endian": CLASSES.astype(">i4"),
    "reversed view": CLASSES[::-1].copy()[::-1],
    "one-hot rows": ONE_HOT,
    "one-hot bool": ONE_HOT.astype(bool),
    "one-hot int": ONE_HOT.astype(int),
}


@pytest.mark.parametrize("form", CLASS_FORMS)
def test_classes_have_many_forms_and_one_meaning(form: str) -> None:
    assert trained(classifier(), CLASS_FORMS[form]) == trained(classifier(), CLASSES)


def test_two_classes_as_bool() -> None:
    y = CLASSES > 0
    assert trained(classifier(2), y) == trained(classifier(2), y.astype(int))


def test_one_output_takes_a_row_or_a_column_of_targets() -> None:
    y = np.linspace(-1, 1, D)
    assert trained(regressor(), y) == trained(regressor(), y.reshape(-1, 1))


def _rows(change: float) -> np.ndarray:
    rows = ONE_HOT.copy()
    rows[2, 0] += change
    return rows


def _class(value: float) -> np.ndarray:
    classes = CLASSES.astype(float)
    classes[3] = value
    return classes


BAD_CLASSES = {
    "strings": (np.array(list("abcabc")), TypeError, "Preprocessor.*|chainrule.sklearn.*"),
    "a string in a list": (["a", 1, 2, 0, 1, 2], TypeError, "chainrule.sklearn and Preprocessor"),
    "too few": (CLASSES[:-1], ValueError, "expected 6 classes, one per row of x, got 5"),
    "too many": (np.append(CLASSES, 0), ValueError, "expected 6 .* got 7"),
    "not whole": (_class(0.5), ValueError, "whole class numbers, got 0.5 in row 3"),
    "NaN": (_class(np.nan), ValueError, "whole class numbers, got nan in row 3"),
    "infinite": (_class(np.inf), ValueError, "whole class numbers, got inf in row 3"),
    "negative": (_class(-1), ValueError, r"classes 0\.\.2, got -1.* in row 3"),
    "too large": (_class(3), ValueError, r"classes 0\.\.2, got 3.* in row 3"),
    "enormous": (np.full(D, 2**63, np.uint64), ValueError, r"classes 0\.\.2, got 9223"),
    "enormous float": (_class(1e300), ValueError, r"classes 0\.\.2, got 1e\+300"),
    "columns": (ONE_HOT[:, :2], ValueError, r"expected shape \(6, 3\), got \(6, 2\)"),
    "one row": (
        ONE_HOT[:1],
        ValueError,
        r"expected shape \(6, 3\), got \(1, 3\); nothing",
    ),
    "transposed": (ONE_HOT.T, ValueError, r"expected shape \(6, 3\), got \(3, 6\)"),
    "3-D": (ONE_HOT[..., None], ValueError, r"got \(6, 3, 1\)"),
    "negative probability": (_rows(-0.5), ValueError, "got -0.5 in row 2, column 0"),
    "sum above 1": (_rows(2e-4), ValueError, "sum to 1, got 1.0002 in row 2"),
    "sum of 0": (np.zeros((D, M)), ValueError, "sum to 1, got 0 in row 0"),
    "None": (None, TypeError, "got None"),
}


@pytest.mark.parametrize("kind", BAD_CLASSES)
@pytest.mark.parametrize("method", ["fit", "train_step", "evaluate", "gradients", "trace"])
def test_wrong_classes_are_refused(method: str, kind: str) -> None:
    y, error, words = BAD_CLASSES[kind]
    net = classifier()
    before = state_bytes(net)
    with pytest.raises(error, match=words) as raised:
        getattr(net, method)(X, y)
    assert str(raised.value).startswith("y: ")
    assert state_bytes(net) == before


def test_probabilities_may_be_off_by_rounding() -> None:
    for dtype in ("float32", "float64"):
        classifier(dtype=dtype).fit(X, _rows(0.9e-4))
        classifier(dtype=dtype).fit(X, np.full((D, M), 0.33332))


@pytest.mark.parametrize("shape", [(D,), (D, 1), (D, 3), (1, 2), (D + 1, 2), (2, D), (D, 2, 1), ()])
def test_nothing_is_broadcast(shape: tuple[int, ...]) -> None:
    net = regressor(2)
    before = state_bytes(net)
    with pytest.raises(ValueError, match=r"y: expected shape \(6, 2\)"):
        net.fit(X, np.ones(shape))
    assert state_bytes(net) == before


def test_classes_of_a_regression_are_refused() -> None:
    with pytest.raises(ValueError, match=r"y: expected shape \(6, 3\), got \(6,\)"):
        regressor(3).fit(X, CLASSES)


def test_what_is_wrong_with_targets_is_said_as_they_were_given() -> None:
    net, x = cr.mlp([2, 3], seed=0), np.ones((4, 2))
    with pytest.raises(ValueError, match=r"got \(4,\); .* class numbers are for cross_entropy"):
        net.fit(x, [0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"expected shape \(4, 3\), got \(3, 4\); pass the transp"):
        net.fit(x, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"expected shape \(4, 1\), got \(3,\); nothing is broad"):
        cr.mlp([2, 1], seed=0).fit(x, np.ones(3))
    with pytest.raises(TypeError, match=r"\(x, y, sample_weight\), got 1 of them"):
        net.fit(x, np.ones((4, 3)), validation_data=(x,))
    with pytest.raises(TypeError, match=r"\(x, y, sample_weight\), got ndarray"):
        net.fit(x, np.ones((4, 3)), validation_data=x)


def test_one_output_has_no_classes_to_tell_apart() -> None:
    net = cr.mlp([2, 1], output="sigmoid", loss="cross_entropy")
    with pytest.raises(ValueError, match=r"y: expected classes 0\.\.0, .* binary_cross_entropy"):
        net.fit(X, CLASSES)


KINDS = {
    "shares": ([0.0, 0.5, 1.0], [-1e-3, 1.001]),
    "not_negative": ([0.0, 0.5, 3.0], [-1e-3]),
    "positive": ([1e-3, 3.0], [0.0, -1.0]),
    "signs": ([-1.0, 1.0], [0.0, 0.5, -1.001]),
    "numbers": ([-1e9, 0.0, 3.0], []),
}


@pytest.mark.parametrize(
    "loss", [name for name, form in oracle.LOSSES.items() if form.targets in KINDS]
)
def test_targets_are_what_the_loss_is_defined_for(loss: str) -> None:
    right, wrong = KINDS[oracle.LOSSES[loss].targets]
    m = 2 * oracle.LOSSES[loss].outputs_per_target()
    net = cr.mlp([2, 4, m], output="sigmoid", loss=loss, seed=1)
    for target in right:
        y = np.full((D, 2), right[0])
        y[3, 1] = target
        net.copy().fit(X, y)
        net.copy().train_step(X.astype(np.float32), y.astype(np.float32))
    for target in wrong:
        y[3, 1] = target
        before = state_bytes(net)
        for call in (net.fit, net.train_step, net.evaluate, net.gradients, net.trace):
            for dtype in ("float32", "float64"):
                with pytest.raises(ValueError, match=r"y: expected .*, got .* in row 3, column 1"):
                    call(X.astype(dtype), y.astype(dtype))
        assert state_bytes(net) == before


@pytest.mark.parametrize(
    "loss", [name for name, form in oracle.LOSSES.items() if form.targets == "signs"]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_signs_may_be_given_as_0_and_1(loss: str, dtype: str) -> None:
    net = cr.mlp([2, 4, 2], output="tanh", loss=loss, dtype=dtype, seed=1)
    x, y = X.astype(dtype), np.resize([0, 1, 1], (D, 2)).astype(dtype)
    signs, nets = 2 * y - 1, [net.copy(), net.copy()]
    for each, given in zip(nets, (y, signs), strict=True):
        each.fit(x, given, validation_data=(x, given), epochs=2)
        each.train_step(x, given)
    assert state_bytes(nets[0]) == state_bytes(nets[1])
    assert nets[0].history["val_loss"] == nets[1].history["val_loss"]
    assert net.evaluate(x, y) == net.evaluate(x, signs)
    assert net.trace(x, y).loss == net.trace(x, signs).loss
    assert net.evaluate(x, 0 * y) == net.evaluate(x, 0 * y - 1)
    signs[4, 1] = 0  # one -1 says what 0 is not
    with pytest.raises(ValueError, match=r"y: expected -1 or 1, or only 0 or 1, got 0\.0 in row 4"):
        net.fit(x, signs)


def test_the_power_says_which_targets_there_may_be() -> None:
    net, y = cr.mlp([2, 1], output="sigmoid", seed=1), np.zeros(D)
    assert np.isfinite(net.evaluate(X, y, loss=cr.losses.Tweedie(1.9))["loss"])
    with pytest.raises(ValueError, match=r"y: expected numbers above 0, got 0\.0 in row 0"):
        net.evaluate(X, y, loss=cr.losses.Tweedie(2))
    assert np.isfinite(net.evaluate(X, -1 - y, loss=cr.losses.Tweedie(0))["loss"])


# ---- Weights -------------------------------------------------------------------------------------


def test_a_common_factor_of_weights_changes_nothing() -> None:
    weights = np.arange(1.0, D + 1)
    assert trained(classifier(), CLASSES, sample_weight=weights) == trained(
        classifier(), CLASSES, sample_weight=weights * 2.0**40
    )


def test_equal_weights_are_no_weights() -> None:
    assert trained(classifier(), CLASSES, sample_weight=np.full(D, 3)) == trained(
        classifier(), CLASSES
    )


def test_rows_of_weight_0_are_not_seen() -> None:
    weights = [1, 1, 1, 1, 0, 0]
    other = CLASSES.copy()
    other[4:] = (CLASSES[4:] + 1) % M
    nets = [classifier(), classifier()]
    for net, y in zip(nets, (CLASSES, other), strict=True):
        net.fit(X, y, sample_weight=weights)
    assert state_bytes(nets[0]) == state_bytes(nets[1])


BAD_WEIGHTS = {
    "negative": ([1, 1, -0.5, 1, 1, 1], "at least 0, got -0.5 in row 2"),
    "all 0": (np.zeros(D), "at least one weight above 0, got only zeros"),
    "too few": (np.ones(D - 1), r"expected shape \(6,\), got \(5,\)"),
    "(d, 1)": (np.ones((D, 1)), r"expected shape \(6,\), got \(6, 1\)"),
    "(1, d)": (np.ones((1, D)), r"expected shape \(6,\), got \(1, 6\)"),
    "per output": (np.ones((D, M)), r"one number per example.*expected shape \(6,\)"),
    "scalar": (1.0, r"expected shape \(6,\), got \(\)"),
    "enormous": (np.full(D, 1e308), "a mean that float64 can hold, got inf"),
    "tiny": (np.full(D, 5e-324), "a mean that float64 can hold, got 5e-324"),
}


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
@pytest.mark.parametrize("method", ["fit", "train_step", "evaluate", "gradients"])
def test_wrong_weights_are_refused(method: str, kind: str) -> None:
    weights, words = BAD_WEIGHTS[kind]
    net = classifier()
    before = state_bytes(net)
    with pytest.raises(ValueError, match=words) as raised:
        getattr(net, method)(X, CLASSES, sample_weight=weights)
    assert str(raised.value).startswith("sample_weight: ")
    assert state_bytes(net) == before


def test_weights_per_output_fit_losses_that_average_over_outputs() -> None:
    y = np.random.default_rng(0).standard_normal((D, 2))
    rows = np.arange(1.0, D + 1)
    per_output = np.repeat(rows[:, None], 2, axis=1)
    a, b = regressor(2), regressor(2)
    assert a.evaluate(X, y, sample_weight=rows) == pytest.approx(
        b.evaluate(X, y, sample_weight=per_output), rel=1e-6
    )
    with pytest.raises(ValueError, match=r"sample_weight: expected shape \(6, 2\), got \(6, 3\)"):
        a.fit(X, y, sample_weight=np.ones((D, 3)))
