"""Are metrics what scikit-learn says they are, with weights, ties and in degenerate cases?"""

from __future__ import annotations

import ast
import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sklearn.metrics

import chainrule as cr
from chainrule import _testing, metrics
from helpers import run_code

if TYPE_CHECKING:
    from collections.abc import Callable

D = 60
LABELLED = ("precision", "recall", "f1")
RANKED = ("roc_auc", "average_precision")
COMPARED = ("mse", "rmse", "mae", "r2")
OF_CLASSES = ("accuracy", "top_k", *LABELLED, *RANKED, "log_loss")
OF_ENTRIES = ("accuracy", *LABELLED, *RANKED, "log_loss")
EVERY: dict[str, Any] = {
    name: getattr(metrics, "".join(word.capitalize() for word in name.split("_")))
    for name in metrics.names()
}
THEIRS: dict[str, Callable[..., float]] = {
    "accuracy": sklearn.metrics.accuracy_score,
    "precision": sklearn.metrics.precision_score,
    "recall": sklearn.metrics.recall_score,
    "f1": sklearn.metrics.f1_score,
    "roc_auc": sklearn.metrics.roc_auc_score,
    "average_precision": sklearn.metrics.average_precision_score,
    "log_loss": sklearn.metrics.log_loss,
    "mse": sklearn.metrics.mean_squared_error,
    "rmse": sklearn.metrics.root_mean_squared_error,
    "mae": sklearn.metrics.mean_absolute_error,
    "r2": sklearn.metrics.r2_score,
}


def theirs(name: str, y: Any, given: Any, weights: Any, **arguments: Any) -> float:
    """What scikit-learn says, without the rows of weight 0, of which it counts the labels."""
    if weights is not None:
        there = weights > 0
        y, given, weights = y[there], given[there], weights[there]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a metric is not defined
        return float(THEIRS[name](y, given, sample_weight=weights, **arguments))


def theirs_of_classes(name: str, p: np.ndarray, y: np.ndarray, weights: Any) -> float:
    m = p.shape[1]
    if name == "accuracy":
        return theirs(name, y, p.argmax(1), weights)
    if name in LABELLED:
        average = "binary" if m == 2 else "macro"
        return theirs(name, y, p.argmax(1), weights, average=average, zero_division=0)
    if name == "log_loss":
        return theirs(name, y, p, weights, labels=range(m))
    # Rows of labels are each against the rest, with any number of classes among the targets.
    return theirs(name, *((y == 1, p[:, 1]) if m == 2 else (np.eye(m)[y], p)), weights)


def theirs_of_one(name: str, p: np.ndarray, y: np.ndarray, weights: Any) -> float:
    """What scikit-learn says of one column of yes or no."""
    if name == "log_loss":
        return theirs(name, y, p, weights, labels=[0, 1])
    arguments = {"zero_division": 0} if name in LABELLED else {}
    return theirs(name, y, p if name in RANKED else p > 0.5, weights, **arguments)


def draw_weights(rng: np.random.Generator, weighted: bool) -> np.ndarray | None:
    drawn = rng.random(D)
    return np.where(drawn < 0.3, 0.0, drawn) if weighted else None


def draw_classes(rng: np.random.Generator, m: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Probabilities and classes: any, with ties, with classes that are missing or unknown, ...."""
    p, y = rng.dirichlet(np.ones(m), D), rng.integers(0, m, D)
    without_last = np.hstack([rng.dirichlet(np.ones(m - 1), D), np.zeros((D, 1))])
    steps = np.array([0.5, 0.5] if m == 2 else [0.1, 0.3, 0.3, 0.3])
    return {
        "any": (p, y),
        "ties": (rng.permuted(np.tile(steps, (D, 1)), axis=1), y),
        "missing": (p, y // 2),
        "unknown": (without_last, y * (y < m - 1)),
        "one class": (p, np.zeros(D, int)),
        "right": (np.eye(m)[y], y),
        "wrong": (np.eye(m)[(y + 1) % m], y),
        "constant": (np.full((D, m), 1 / m), y),
        "one row": (np.vstack([p[:1]] * D), np.vstack([y[:1]] * D)[:, 0]),
    }


def draw_entries(rng: np.random.Generator, m: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    p, y = rng.random((D, m)), rng.integers(0, 2, (D, m))
    return {
        "any": (p, y),
        "ties": (np.round(p, 1), y),
        "no positives": (p, 0 * y),
        "all positive": (p, 0 * y + 1),
        "right": (y.astype(float), y),
        "wrong": (1.0 - y, y),
        "halves": (0 * p + 0.5, y),
        "one positive": (p, np.eye(D, m, dtype=int)),
    }


def tolerance(name: str, dtype: str) -> dict[str, float]:
    # Sums of D numbers; 1 - p and logarithms of float32, which scikit-learn leaves in float32.
    single = name == "log_loss" and dtype == "float32"
    return {"rel": 1e-6 if single else 10 * D * 2**-53, "abs": 1e-15, "nan_ok": True}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("m", [2, 4])
@pytest.mark.parametrize("name", [name for name in OF_CLASSES if name != "top_k"])
def test_of_classes(
    name: str, m: int, weighted: bool, dtype: str, rng: np.random.Generator
) -> None:
    weights = draw_weights(rng, weighted)
    for case, (drawn, y) in draw_classes(rng, m).items():
        p = drawn.astype(dtype)
        expected = pytest.approx(theirs_of_classes(name, p, y, weights), **tolerance(name, dtype))
        assert EVERY[name]()(p, y, weights) == expected, case
        rows = np.eye(m, dtype=dtype)[y]
        assert EVERY[name]()(p, rows, weights) == expected, case


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("name", OF_ENTRIES)
def test_of_entries(
    name: str, m: int, weighted: bool, dtype: str, rng: np.random.Generator
) -> None:
    weights = draw_weights(rng, weighted)
    for case, (drawn, y) in draw_entries(rng, m).items():
        p = drawn.astype(dtype)
        columns = [theirs_of_one(name, p[:, j], y[:, j], weights) for j in range(m)]
        found = EVERY[name]()(p, y.astype(dtype), weights, output="sigmoid")
        assert found == pytest.approx(np.mean(columns), **tolerance(name, dtype)), case


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", range(1, 8))
def test_top_k(k: int, weighted: bool, dtype: str, rng: np.random.Generator) -> None:
    weights = draw_weights(rng, weighted)
    for case, (drawn, y) in draw_classes(rng, 4).items():
        p = drawn.astype(dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # k is as large as the number of classes
            expected = sklearn.metrics.top_k_accuracy_score(
                y, p, k=k, labels=range(4), sample_weight=weights
            )
        assert metrics.TopK(k)(p, y, weights) == pytest.approx(expected, rel=1e-14), case
    assert metrics.TopK() == metrics.TopK(5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("name", COMPARED)
def test_of_numbers(
    name: str, m: int, weighted: bool, dtype: str, rng: np.random.Generator
) -> None:
    weights = draw_weights(rng, weighted)
    p, y = (rng.standard_normal((D, m)).astype(dtype) for _ in range(2))
    for found in (p, y):
        expected = theirs(name, y.astype(float), found.astype(float), weights)
        assert EVERY[name]()(found, y, weights) == pytest.approx(expected, **tolerance(name, dtype))


def test_r2_of_equal_targets_and_of_one_example() -> None:
    for value in (2.0, 0.1):  # ten times 0.1 are not 1, and their mean is not 0.1
        y = np.full((10, 1), value)
        weights = np.linspace(0.1, 1, 10)
        for found, expected in ((y, 1.0), (y + 1, 0.0)):
            assert metrics.R2()(found, y) == metrics.R2()(found, y, weights) == expected
    assert sklearn.metrics.r2_score(np.full(10, 2.0), np.full(10, 2.0)) == 1.0
    assert sklearn.metrics.r2_score(np.full(10, 2.0), np.full(10, 3.0)) == 0.0
    assert np.isnan(metrics.R2()(y[:1], y[:1]))


def test_rankings_of_classes_are_each_against_the_rest(rng: np.random.Generator) -> None:
    p, y = draw_classes(rng, 4)["any"]
    expected = sklearn.metrics.roc_auc_score(y, p, multi_class="ovr", average="macro")
    assert metrics.RocAuc()(p, y) == pytest.approx(expected, rel=1e-14)
    expected = sklearn.metrics.average_precision_score(y, p)
    assert metrics.AveragePrecision()(p, y) == pytest.approx(expected, rel=1e-14)


def test_ties_of_decisions_go_to_the_lowest_class_and_a_half_is_no() -> None:
    tied = np.full((3, 4), 0.25)
    assert metrics.Accuracy()(tied, np.array([0, 1, 0])) == pytest.approx(2 / 3)
    halves = np.array([[0.5], [0.5]])
    assert metrics.Accuracy()(halves, np.array([[0.0], [1.0]])) == 0.5
    assert metrics.Recall()(halves, np.array([[0.0], [1.0]])) == 0.0


def test_logarithms_of_probabilities(rng: np.random.Generator) -> None:
    p, y = draw_classes(rng, 4)["any"]
    for name in OF_CLASSES:
        found = EVERY[name]()(np.log(p), y, output="log_softmax")
        assert found == pytest.approx(EVERY[name]()(p, y), rel=1e-14), name


def test_log_loss_of_probable_targets(rng: np.random.Generator) -> None:
    p, y = rng.dirichlet(np.ones(3), D), rng.dirichlet(np.ones(3), D)
    expected = -(y * np.log(p)).sum(1).mean()
    assert metrics.LogLoss()(p, y) == pytest.approx(expected, rel=1e-14)
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    assert metrics.LogLoss()(p, y, output="sigmoid") == pytest.approx(expected, rel=1e-14)


# ---- Weights -------------------------------------------------------------------------------------

# (metric, output, draw what fits)
USES = [
    *((name, "softmax", lambda rng: draw_classes(rng, 4)["ties"]) for name in OF_CLASSES),
    *((name, "sigmoid", lambda rng: draw_entries(rng, 3)["ties"]) for name in OF_ENTRIES),
    *(
        (name, "identity", lambda rng: (rng.random((D, 3)), rng.random((D, 3))))
        for name in COMPARED
    ),
]
every_use = pytest.mark.parametrize(("name", "output", "draw"), USES)


@every_use
def test_weights_count_examples(
    name: str, output: str, draw: Any, rng: np.random.Generator
) -> None:
    p, y = draw(rng)
    metric = metrics.TopK(2) if name == "top_k" else EVERY[name]()
    assert metric(p, y, np.ones(D), output=output) == metric(p, y, output=output)
    twice = np.where(np.arange(D) < 20, 2.0, 1.0)
    doubled = (np.concatenate([a, a[:20]]) for a in (p, y))
    expected = pytest.approx(metric(*doubled, output=output), rel=1e-13)
    assert metric(p, y, twice, output=output) == expected
    assert metric(p, y, 7 * twice, output=output) == expected


@every_use
def test_what_has_no_weight_is_not_there(
    name: str, output: str, draw: Any, rng: np.random.Generator
) -> None:
    p, y = draw(rng)
    metric = metrics.TopK(2) if name == "top_k" else EVERY[name]()
    weights = np.where(np.arange(D) % 3 == 0, 0.0, 1.0)
    there = weights > 0
    spoilt = p.copy()
    spoilt[~there] = np.nan
    found = metric(spoilt, y, weights, output=output)
    assert found == pytest.approx(metric(p[there], y[there], output=output), rel=1e-13)


@pytest.mark.parametrize("name", [*OF_ENTRIES, *COMPARED])
def test_weights_of_entries(name: str, rng: np.random.Generator) -> None:
    p, y = rng.random((D, 3)), rng.integers(0, 2, (D, 3)).astype(float)
    weights = np.where(rng.random((D, 3)) < 0.3, 0.0, rng.random((D, 3)))
    weights[:, 2] = 0.0  # an output that nothing is known of
    one = theirs_of_one if name in OF_ENTRIES else theirs_of_one_number
    columns = [one(name, p[:, j], y[:, j], weights[:, j]) for j in range(2)]
    # Errors and right decisions are averaged over entries, all else over outputs.
    pooled = name in ("accuracy", "log_loss", "mse", "mae")
    expected = np.average(columns, weights=weights.sum(0)[:2] if pooled else None)
    metric = EVERY[name]()
    found = metric(p, y, weights, output="sigmoid")
    assert found == pytest.approx(expected, rel=1e-13)
    masked = np.where(weights == 0, np.nan, y)
    assert metric(p, masked, weights, output="sigmoid") == found


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_decision_among_classes_has_the_mean_weight_of_its_row(
    name: str, rng: np.random.Generator
) -> None:
    p, y = draw_classes(rng, 4)["any"]
    weights = rng.random((D, 4))
    expected = EVERY[name]()(p, y, weights.mean(axis=1))
    assert EVERY[name]()(p, np.eye(4)[y], weights) == pytest.approx(expected, rel=1e-13)


def theirs_of_one_number(name: str, p: np.ndarray, y: np.ndarray, weights: Any) -> float:
    return theirs(name, y, p, weights)


# ---- Same bits -----------------------------------------------------------------------------------

# Recorded once, as hexadecimal digits: every processor has to come to them.
BITS = {
    "accuracy": "0x1.8ef17bd0dd54ep-3",
    "top_k": "0x1.94bff511ee91dp-2",
    "precision": "0x1.86c6ca9a38741p-3",
    "recall": "0x1.85c13dee3e436p-3",
    "f1": "0x1.842dc14a930e2p-3",
    "roc_auc": "0x1.fd5684dd9e5bep-2",
    "average_precision": "0x1.95250a366a613p-3",
    "log_loss": "0x1.d082c2c371324p+0",
    "mse": "0x1.5f5f4490cf47dp-3",
    "rmse": "0x1.a753f8405bce0p-2",
    "mae": "0x1.47fa385fc4f81p-2",
    "r2": "-0x1.4a3a000d969fap-4",
}


@pytest.mark.parametrize("name", metrics.names())
def test_same_bits_on_every_machine(name: str) -> None:
    k = 1 + np.arange(15000).reshape(3000, 5) ** 2 % 197
    p = (k / k.sum(axis=1, keepdims=True)).astype(np.float32)
    i = np.arange(3000)
    rows, weights = np.eye(5)[i**3 % 11 % 5], (i % 7) / 10
    metric = metrics.TopK(2) if name == "top_k" else EVERY[name]()
    assert metric(p, rows, weights).hex() == BITS[name]


_LOGARITHMS = """
import hashlib
import numpy as np
import chainrule as cr
p = np.arange(1, 1000)[:, None] / 1000
found = [cr.metrics.LogLoss()(row[None], np.ones((1, 1))).hex() for row in p]
print(hashlib.sha256(" ".join(found).encode()).hexdigest())
"""


@pytest.mark.parametrize("isa", [isa for isa in _testing.available_isas() if isa != "scalar"])
def test_logarithms_have_the_same_bits_on_every_instruction_set(isa: str) -> None:
    # A sum of many hides a last bit, so each is looked at.
    found = run_code(_LOGARITHMS, CHAINRULE_ISA=isa).strip()
    assert found == "131737c794c5a3e5fcc2038c105cdeacf15bcdc2b8d9ee261644c6d35ead8224"


def test_no_function_of_numpy_that_sums_or_is_transcendental() -> None:
    changing = {
        "sum",
        "mean",
        "average",
        "dot",
        "matmul",
        "prod",
        "var",
        "std",
        "cumsum",
        "trapezoid",
    }
    changing |= {
        "exp",
        "log",
        "log2",
        "log1p",
        "expm1",
        "power",
        "hypot",
        "einsum",
        "inner",
        "vdot",
    }
    sources = sorted((Path(cr.__file__).parent / "metrics").glob("*.py"))
    assert len(sources) > 5
    for path in sources:
        used = {
            n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)
        }
        assert used & changing == set(), path.name


# ---- Objects -------------------------------------------------------------------------------------


def test_names_and_classes() -> None:
    assert metrics.names() == list(EVERY)
    assert {cls.__name__ for cls in EVERY.values()} | {"names"} == set(metrics.__all__)
    for name, cls in EVERY.items():
        assert cls.name == name
        assert cls() == cls() == pickle.loads(pickle.dumps(cls()))
        assert hash(cls()) == hash(cls())
        assert eval(repr(cls()), {cls.__name__: cls}) == cls()
        assert ".. math::" in cls.__doc__
        assert "scikit-learn's" in cls.__doc__
    assert metrics.TopK(3) != metrics.TopK()
    for wrong, error in ((0, ValueError), (2.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="TopK: k: expected"):
            metrics.TopK(wrong)


P = np.full((4, 2), 0.5)
Y = np.zeros(4, int)
WRONG: list[tuple[tuple[Any, ...], str]] = [
    ((P[0], np.zeros(2, int)), r"predictions: expected shape \(d, m\), got \(2,\)"),
    ((P[:0], np.zeros(0, int)), "predictions: expected shape"),
    ((P, np.zeros(3, int)), r"y: expected shape \(4,\) or \(4, 2\), got \(3,\)"),
    ((P, np.full(4, 2)), r"y: expected classes 0\.\.1, got 2 in row 0"),
    ((P, np.full(4, -1)), r"y: expected classes 0\.\.1, got -1 in row 0"),
    ((P, np.full(4, 2**63, np.uint64)), r"y: expected classes 0\.\.1, got 9223372036854775808"),
    ((P, Y + 0.5), r"y: expected whole class numbers, got 0\.5 in row 0"),
    ((P, Y, np.ones(3)), r"weights: expected shape \(4,\), got \(3,\)"),
    ((P, Y, np.ones((4, 3))), r"weights: expected shape \(4, 2\), got \(4, 3\)"),
    ((P, Y, -np.ones(4)), r"weights: expected weights of at least 0, got -1\.0 in row 0"),
    ((P, Y, np.zeros(4)), "weights: expected at least one weight above 0"),
    ((P, Y, np.full(4, np.nan)), "weights: expected finite numbers, got nan in row 0"),
    ((P, Y, np.full(4, np.inf)), "weights: expected finite numbers, got inf in row 0"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_wrong_data_are_refused(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        metrics.Accuracy()(*arguments)


@pytest.mark.parametrize(
    "wrong",
    [[["a", "b"]] * 4, P + 0j, P.astype(object), np.ma.array(P), None],
    ids=["text", "complex", "object", "masked", "None"],
)
def test_data_of_a_wrong_kind_are_refused_by_name(wrong: Any) -> None:
    for metric in (metrics.Accuracy(), metrics.LogLoss(), metrics.TopK()):
        with pytest.raises(TypeError, match=r"^predictions: "):
            metric(wrong, Y)
        with pytest.raises(TypeError, match=r"^y: "):
            metric(P, wrong)
        if wrong is not None:
            with pytest.raises(TypeError, match=r"^weights: "):
                metric(P, Y, wrong)


def test_the_output_is_an_activation() -> None:
    by_name = metrics.Accuracy()(P, np.eye(4, 2), output="sigmoid")
    assert by_name == metrics.Accuracy()(P, np.eye(4, 2), output=cr.activations.Sigmoid())
    for metric in (metrics.Accuracy(), metrics.Mse()):
        with pytest.raises(ValueError, match="unknown name 'sigmoud'; did you mean sigmoid"):
            metric(P, P, output="sigmoud")
        with pytest.raises(TypeError, match="expected a name or an object"):
            metric(P, P, output=3)


def test_classes_may_be_whole_floats() -> None:
    assert metrics.Accuracy()(P, Y.astype(float)) == metrics.Accuracy()(P, Y)


def test_log_loss_needs_probabilities() -> None:
    for p in (P + 1, P - 1):
        with pytest.raises(ValueError, match=r"predictions: expected probabilities"):
            metrics.LogLoss()(p, np.zeros(4, int))


@pytest.mark.parametrize("name", [*RANKED, "log_loss", *COMPARED])
def test_nan_predictions_are_not_hidden(name: str) -> None:
    p, y = np.array([[0.2], [np.nan], [0.7]]), np.array([[0.0], [1.0], [1.0]])
    assert np.isnan(EVERY[name]()(p, y))


@pytest.mark.parametrize("name", [name for name in OF_CLASSES if name not in (*RANKED, "log_loss")])
def test_nan_is_no_right_decision(name: str) -> None:
    for c in range(3):
        assert EVERY[name]()(np.full((1, 6), np.nan), np.array([c])) == 0.0
    if name != "top_k":
        for y in (0.0, 1.0):
            assert EVERY[name]()(np.array([[np.nan]]), np.array([[y]])) == 0.0
