"""Is data of every kind taken or refused as the contract says, wherever data is taken?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
import entries
from entries import ENTRIES, ROUNDED, D, M, N, X, outcome
from helpers import run_code, same_bits, state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# ---- What is taken -------------------------------------------------------------------------------


class Holder:
    """What is no array but can be made one, as tables of other libraries are."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array if dtype is None else self.array.astype(dtype)


def _unaligned(good: np.ndarray) -> np.ndarray:
    raw = np.zeros(good.nbytes + 1, np.uint8)[1:]
    raw[:] = np.frombuffer(good.tobytes(), np.uint8)
    return raw.view(good.dtype).reshape(good.shape)


def _strided(good: np.ndarray) -> np.ndarray:
    wide = np.full(tuple(2 * n for n in good.shape), np.nan)
    picked = wide[tuple(slice(1, None, 2) for _ in good.shape)]
    picked[...] = good
    return picked


def _reversed(good: np.ndarray) -> np.ndarray:
    turned = tuple(slice(None, None, -1) for _ in good.shape)
    return good[turned].copy()[turned]


def _read_only(good: np.ndarray) -> np.ndarray:
    copy = good.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "Fortran": np.asfortranarray,
    "negative strides": _reversed,
    "every second": _strided,
    "unaligned": _unaligned,
    "read-only": _read_only,
    "big-endian": lambda good: good.astype(">f8"),
    "list": lambda good: good.tolist(),
    "tuple": lambda good: tuple(map(tuple, good.tolist())) if good.ndim > 1 else tuple(good),
    "list of arrays": list,
    "__array__": Holder,
    "matrix subclass": lambda good: good.view(type("Own", (np.ndarray,), {})),
    **{
        dtype: lambda good, dtype=dtype: good.astype(dtype)
        for dtype in (
            *("float16", "float32", ">f4", "longdouble"),
            *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i2"),
        )
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ENTRIES)
def test_every_layout_gives_the_bits_of_the_plain_array(name: str, layout: str) -> None:
    entry = ENTRIES[name]
    odd = LAYOUTS[layout](entry.good)
    before = np.asarray(odd).tobytes()
    assert outcome(entry, odd) == outcome(entry, entry.good)
    assert np.asarray(odd).tobytes() == before


@pytest.mark.parametrize("name", ENTRIES)
def test_stride_zero_gives_the_bits_of_a_copy(name: str) -> None:
    entry = ENTRIES[name]
    odd = np.broadcast_to(entry.good[:1], entry.good.shape)
    assert outcome(entry, odd) == outcome(entry, odd.copy())


@pytest.mark.parametrize("name", ENTRIES)
def test_bool_counts_as_0_and_1(name: str) -> None:
    entry = ENTRIES[name]
    odd = entry.good % 2 == 0
    assert outcome(entry, odd) == outcome(entry, odd.astype(float))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_mapped_file_is_taken_and_not_changed(name: str, tmp_path: Path) -> None:
    entry = ENTRIES[name]
    path = tmp_path / "data.npy"
    np.save(path, entry.good.astype(np.float32))
    before = path.read_bytes()
    for mode in ("r", "r+"):
        assert outcome(entry, np.load(path, mmap_mode=mode)) == outcome(entry, entry.good)
        assert path.read_bytes() == before


@pytest.mark.parametrize("name", ENTRIES)
def test_arrays_used_in_place_are_not_changed(name: str, dtype: str) -> None:
    entry = ENTRIES[name]
    given = entry.good.astype(dtype)
    before = given.tobytes()
    outcome(entry, given, dtype)
    assert given.tobytes() == before


@pytest.mark.parametrize("name", ROUNDED)
def test_integers_that_are_rounded_warn_at_the_callers_line(name: str) -> None:
    entry = ROUNDED[name]
    odd = entry.good.astype(np.int64)
    odd.flat[0] = 2**24 + 1
    with pytest.warns(UserWarning, match=r"integers above 16777216 are rounded") as caught:
        entry.call(entry.network(), odd)
    assert {warning.filename for warning in caught} == {entries.__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        odd.flat[0] = 2**24
        entry.call(entry.network(), odd)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_numpy_is_told_to_raise_makes_no_difference(name: str) -> None:
    entry = ENTRIES[name]
    tiny = entry.good * 1e-300
    tiny.flat[0] = 1.0
    with np.errstate(all="raise"):
        strict = outcome(entry, tiny)
    assert strict == outcome(entry, tiny)


def test_no_rows_predict_no_rows(dtype: str) -> None:
    net = cr.mlp([N, M], dtype=dtype, seed=0)
    assert same_bits(net.predict(np.empty((0, N))), np.empty((0, M), dtype))


# ---- What is refused -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """What must not be given, and what is said about it."""

    make: Callable[[np.ndarray], Any]
    error: type[Exception]
    words: str


def _with(number: float) -> Callable[[np.ndarray], np.ndarray]:
    def make(good: np.ndarray) -> np.ndarray:
        odd = good.copy()
        odd[(1, *(1 for _ in good.shape[1:]))] = number
        return odd

    return make


class Sparse:
    """Numbers as SciPy keeps those that are mostly 0."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def toarray(self) -> np.ndarray:
        return self.array


BAD = {
    "complex": Bad(lambda g: g + 0j, TypeError, "complex128"),
    "object": Bad(lambda g: g.astype(object), TypeError, r"object; call .* astype\(float\)"),
    "str": Bad(lambda g: g.astype(str), TypeError, "Preprocessor"),
    "StringDType": Bad(lambda g: g.astype(np.dtypes.StringDType()), TypeError, "Preprocessor"),
    "bytes": Bad(lambda g: g.astype("S9"), TypeError, "chainrule.sklearn"),
    "a word": Bad(lambda g: "abc", TypeError, "chainrule.sklearn"),
    "datetime": Bad(lambda g: g.astype("M8[s]"), TypeError, r"datetime64\[s\]"),
    "timedelta": Bad(lambda g: g.astype("m8[s]"), TypeError, r"timedelta64\[s\]"),
    "structured": Bad(lambda g: g.astype([("a", "f4")]), TypeError, "'a'"),
    "dict": Bad(lambda g: {"a": 1}, TypeError, "object"),
    "masked": Bad(lambda g: np.ma.array(g, mask=np.arange(g.size) == 1), TypeError, "masked"),
    "masked nowhere": Bad(np.ma.array, TypeError, "masked"),
    "list of masked": Bad(lambda g: list(np.ma.array(g.reshape(len(g), -1))), TypeError, "masked"),
    "masked in lists": Bad(lambda g: [[np.ma.masked] * N] * D, TypeError, "masked"),
    "made masked": Bad(lambda g: Holder(np.ma.array(g)), TypeError, "masked"),
    "decimals": Bad(lambda g: [[Decimal(1)] * N] * D, TypeError, "to real numbers first"),
    "some text": Bad(lambda g: np.array([["a", 1.0]] * D, object), TypeError, "Preprocessor"),
    "generator": Bad(iter, TypeError, "call train_step for each batch"),
    "sparse": Bad(Sparse, TypeError, r"call its method toarray\(\) first"),
    "enormous integers": Bad(lambda g: [[10**400] * N] * D, TypeError, "object"),
    "unequal rows": Bad(lambda g: [[1.0], [1.0, 2.0]], ValueError, "equal length"),
    "NaN": Bad(_with(np.nan), ValueError, r"nan in row 1"),
    "infinity": Bad(_with(np.inf), ValueError, r"inf in row 1"),
    "minus infinity": Bad(_with(-np.inf), ValueError, r"-inf in row 1"),
    "scalar": Bad(lambda g: 3.0, ValueError, "expected"),
    "3-D": Bad(lambda g: g.reshape(*g.shape, 1, 1), ValueError, "expected"),
    "empty": Bad(lambda g: [], ValueError, "expected"),
    "a column too many": Bad(lambda g: np.ones((len(g), 9)), ValueError, "expected .* got .*9"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", ENTRIES)
def test_bad_data_is_refused_by_name_and_changes_nothing(name: str, kind: str) -> None:
    entry, bad = ENTRIES[name], BAD[kind]
    net = entry.network()
    given = bad.make(entry.good)
    before, given_before = state_bytes(net), repr(given)
    if name == "backward":  # its forward counts
        net.forward(X, training=True)
        before = state_bytes(net)
        with pytest.raises(bad.error, match=bad.words) as raised:
            net.backward(given)
    else:
        with pytest.raises(bad.error, match=bad.words) as raised:
            entry.call(net, given)
    assert str(raised.value).startswith(f"{entry.argument}: ")
    assert type(raised.value) is bad.error
    assert state_bytes(net) == before
    assert repr(given) == given_before


@pytest.mark.parametrize("name", ROUNDED)
def test_what_overflows_float32_is_refused_and_fits_into_float64(name: str) -> None:
    entry = ROUNDED[name]
    odd = _with(1e39)(entry.good)
    net = entry.network()
    if name == "backward":
        net.forward(X, training=True)
    before = state_bytes(net)
    call = net.backward if name == "backward" else lambda value: entry.call(net, value)
    with pytest.raises(ValueError, match=r"1e\+39 in row 1.* is too large for float32") as raised:
        call(odd)
    assert "float64 network" in str(raised.value)
    assert state_bytes(net) == before
    entry.call(entry.network("float64"), odd)


def test_what_an_array_like_raises_comes_through() -> None:
    class Broken:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            raise KeyError("column")

    with pytest.raises(KeyError, match="column"):
        cr.mlp([N, M], seed=0).predict(Broken())

    class Refuses:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            raise ValueError("not now")

    with pytest.raises(ValueError, match=r"^x: expected an array of numbers \(not now\)$"):
        cr.mlp([N, M], seed=0).predict(Refuses())


def test_sums_of_probabilities_may_overflow() -> None:
    net = cr.mlp([N, M], output="softmax", dtype="float64", seed=0)
    with pytest.raises(ValueError, match="rows that sum to 1, got inf in row 0"):
        net.evaluate(X, np.full((D, M), 1e308))


def test_no_module_is_imported_for_data() -> None:
    code = (
        "import sys, chainrule as cr\n"
        "net, before = cr.mlp([2, 1]), set(sys.modules)\n"
        "net.predict([[1, 2]])\n"
        "print(set(sys.modules) - before)"
    )
    assert run_code(code) == "set()\n"


def test_one_dimension_is_told_how_to_become_two() -> None:
    with pytest.raises(ValueError, match=r"reshape\(1, -1\).*reshape\(-1, 1\)"):
        cr.mlp([N, M], seed=0).predict(np.ones(N))
    with pytest.raises(ValueError, match=r"expected 3 features, got 6; .*transpose"):
        cr.mlp([N, M], seed=0).predict(np.ones((N, 6)))


# ---- out= ----------------------------------------------------------------------------------------


def test_out_gets_the_prediction_and_is_returned(dtype: str) -> None:
    net = cr.mlp([N, M], dtype=dtype, seed=0)
    out = np.full((D, M), np.nan, dtype)
    assert net.predict(X, out=out) is out
    assert same_bits(out, net.predict(X))


OUTS: dict[str, tuple[Callable[[np.ndarray], Any], type[Exception], str]] = {
    "list": (lambda x: [[0.0] * M] * D, TypeError, "NumPy array, got list"),
    "float64": (lambda x: np.empty((D, M)), ValueError, "expected float32"),
    "big-endian": (lambda x: np.empty((D, M), ">f4"), ValueError, "expected float32"),
    "shape": (lambda x: np.empty((D, M + 1), "f4"), ValueError, r"got float32 of shape \(6, 3\)"),
    "1-D": (lambda x: np.empty(D * M, "f4"), ValueError, r"shape \(6, 2\)"),
    "Fortran": (lambda x: np.empty((D, M), "f4", order="F"), ValueError, "C-ordered"),
    "strided": (lambda x: np.empty((D, 2 * M), "f4")[:, ::2], ValueError, "C-ordered"),
    "unaligned": (
        lambda x: _unaligned(np.ones((D, M), "f4")),
        ValueError,
        "aligned",
    ),
    "read-only": (lambda x: _read_only(np.ones((D, M), "f4")), ValueError, "writeable"),
    "overlapping": (lambda x: x.reshape(-1)[: D * M].reshape(D, M), ValueError, "share memory"),
}


@pytest.mark.parametrize("kind", OUTS)
def test_a_wrong_out_is_refused_and_not_written(kind: str) -> None:
    make, error, words = OUTS[kind]
    x = X.astype(np.float32)
    out = make(x)
    before = repr(out)
    with pytest.raises(error, match=words) as raised:
        cr.mlp([N, M], seed=0).predict(x, out=out)
    assert str(raised.value).startswith("out: ")
    assert repr(out) == before
    assert same_bits(x, X.astype(np.float32))


def test_images_are_to_be_made_rows() -> None:
    net = cr.mlp([4, 1], seed=0)
    with pytest.raises(ValueError, match=r"got 3 dimensions; use reshape\(len\(x\), -1\)$"):
        net.predict(np.ones((5, 2, 2)))
    with pytest.raises(ValueError, match=r"got 3 dimensions$"):
        net.predict(np.ones((5, 2, 3)))


@pytest.mark.parametrize("n", [1, 7, 2**18, 2**18 + 1, 3 * 2**18 + 5])
def test_what_is_not_finite_is_found_wherever_it_is(n: int, dtype: str) -> None:
    net, x = cr.mlp([1, 1], dtype=dtype, seed=0), np.ones((n, 1), dtype)
    for row in {0, n // 2, min(n, 2**18) - 1, n - 1}:  # 2**18 numbers are a thread's part
        for value in (np.nan, np.inf, -np.inf):
            x[row] = value
            with pytest.raises(
                ValueError, match=f"x: expected finite numbers, got .* in row {row},"
            ):
                net.predict(x)
            x[row] = 1
    net.predict(x)
