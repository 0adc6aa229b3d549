"""Is a damaged, hostile, newer or half-written model file boring, and an old one still read?"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import chainrule as cr
import kills
from files import make_golden
from helpers import run_python, same_bits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NET = cr.mlp([2, 2, 1], seed=0)
GOOD = NET.to_bytes()


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sealed(header: dict[str, Any], data: bytes) -> bytes:
    """A file of these parts with the right length and checksum, whatever they say."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    file = struct.pack("<Q", len(text)) + text + data
    zeros = b'"crc32c":"00000000"'
    assert file.count(zeros) == 1
    return file.replace(zeros, b'"crc32c":"%08x"' % crc32c(file))


def parts(file: bytes = GOOD) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header with the checksum zeroed, description, data."""
    (size,) = struct.unpack("<Q", file[:8])
    header = json.loads(file[8 : 8 + size])
    header["__metadata__"]["crc32c"] = "00000000"
    return header, json.loads(header["__metadata__"]["chainrule"]), file[8 + size :]


def resealed(header: dict[str, Any], description: dict[str, Any], data: bytes) -> bytes:
    header["__metadata__"]["chainrule"] = json.dumps(description, separators=(",", ":"))
    return sealed(header, data)


def refuse(data: bytes, words: str | None = None) -> None:
    with pytest.raises(cr.ModelFileError, match=words) as raised:
        cr.from_bytes(data)
    assert isinstance(raised.value, ValueError)
    assert str(raised.value).startswith("model file: ")


# ---- Damage --------------------------------------------------------------------------------------


def test_the_file_is_taken_apart_and_put_together_rightly() -> None:
    assert resealed(*parts()) == GOOD


def test_every_truncation_is_refused() -> None:
    for length in range(len(GOOD)):
        refuse(GOOD[:length])


def test_every_flipped_bit_is_refused() -> None:
    for position in range(len(GOOD)):
        for bit in range(8):
            changed = bytearray(GOOD)
            changed[position] ^= 1 << bit
            refuse(bytes(changed))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(GOOD[:-1])
    with pytest.raises(cr.ModelFileError, match=r"bytes, got|damaged") as raised:
        cr.load(path)
    assert str(raised.value).startswith(f"cannot read {str(path)!r}: model file: ")


@pytest.mark.parametrize("end", [b"\0", b" ", GOOD])
def test_what_follows_the_end_is_refused(end: bytes) -> None:
    refuse(GOOD + end)
    header, description, data = parts()
    refuse(resealed(header, description, data + end), "bytes, got")


@hypothesis.given(data=st.binary(max_size=300))
@hypothesis.settings(max_examples=200)
def test_random_bytes_are_refused(data: bytes) -> None:
    refuse(data)
    refuse(struct.pack("<Q", len(data)) + data)
    refuse(GOOD[:72] + data)


@hypothesis.given(
    position=st.integers(0, len(GOOD) - 1),
    new=st.binary(min_size=1, max_size=9),
    cut=st.integers(0, 9),
)
@hypothesis.settings(max_examples=300)
def test_edits_are_refused(position: int, new: bytes, cut: int) -> None:
    edited = GOOD[:position] + new + GOOD[position + cut :]
    hypothesis.assume(edited != GOOD)
    refuse(edited)


@pytest.mark.parametrize("size", [0, 1, 2**20 + 56, 2**31, 2**63, 2**64 - 8, 2**64 - 1])
def test_lengths_that_lie_are_refused(size: int) -> None:
    refuse(struct.pack("<Q", size) + GOOD[8:], "header")


# ---- Files that are whole but wrong --------------------------------------------------------------


def _set(path: str, value: Any) -> Callable[..., None]:
    """Put a value into (header, description) at a path such as ``description/layers/0/units``."""

    def change(whole: dict[str, Any]) -> None:
        *folders, last = path.split("/")
        place: Any = whole
        for folder in folders:
            place = place[int(folder) if isinstance(place, list) else folder]
        place[last] = value

    return change


WRONG = {
    "newer format": (_set("description/format_version", 2), "has version 2.*up to version 1"),
    "format 0": (_set("description/format_version", 0), "positive integer"),
    "format text": (_set("description/format_version", "1"), "positive integer"),
    "other format": (_set("header/__metadata__/format", "pt"), "expected 'chainrule'"),
    "unknown key": (_set("description/zzz", 1), "zzz"),
    "unknown layer key": (_set("description/layers/0/zzz", 1), "zzz"),
    "l1": (
        _set("description/layers/0/l1", -0.5),
        r"layers\[0\]\.l1: expected a number in \[0, inf",
    ),
    "l2": (
        _set("description/layers/0/l2", None),
        r"layers\[0\]\.l2: expected a number in \[0, inf",
    ),
    "max_norm": (_set("description/layers/0/max_norm", 0), r"layers\[0\]\.max_norm: .*positive"),
    "frozen": (
        _set("description/layers/0/trainable", 0),
        r"layers\[0\]\.trainable.*true or false",
    ),
    "multiplier": (
        _set("description/layers/0/learning_rate_multiplier", 0),
        r"layers\[0\]\.learning_rate_multiplier: expected a positive number",
    ),
    "biases that data scale": (
        _set("description/layers/0/bias_initializer", {"name": "lsuv"}),
        "bias_initializer: expected an initializer of biases, got 'lsuv'",
    ),
    "array with values": (
        _set("description/layers/0/initializer", {"name": "array", "values": [1]}),
        r"layers\[0\]\.initializer: unknown key 'values'",
    ),
    "array of an activation": (
        _set("description/layers/0/activation", {"name": "array"}),
        r"layers\[0\]\.activation.*array",
    ),
    "unknown metadata": (_set("header/__metadata__/zzz", "1"), "zzz"),
    "unknown tensor": (
        _set("header/zzz", {"dtype": "F32", "shape": [0], "data_offsets": [36, 36]}),
        "zzz",
    ),
    "unknown layer": (_set("description/layers/0/type", "lambda"), "lambda"),
    "unknown activation": (_set("description/layers/0/activation/name", "eval"), "eval"),
    "no layers": (_set("description/layers", []), "layers"),
    "units 0": (_set("description/layers/0/units", 0), "units"),
    "units negative": (_set("description/layers/0/units", -2), "units"),
    "units fraction": (_set("description/layers/0/units", 2.5), "units"),
    "units huge": (_set("description/layers/0/units", 2**63), "units"),
    "units too many for the file": (_set("description/layers/0/units", 2**31), "weight"),
    "features": (_set("description/n_features", 3), "weight"),
    "dtype": (_set("description/dtype", "float16"), "float16"),
    "the other dtype": (_set("description/dtype", "float64"), "F64"),
    "seed": (_set("description/seed", 2**64), "seed"),
    "optimizer without state": (_set("description/optimizer", {"name": "adam"}), "optimizer|adam"),
    "shape": (_set("header/layers.0.weight/shape", [4, 1]), r"layers\.0\.weight"),
    "tensor dtype": (_set("header/layers.0.weight/dtype", "I32"), r"layers\.0\.weight"),
    "offsets": (_set("header/layers.0.weight/data_offsets", [4, 20]), r"layers\.0\.weight"),
    "deep": (
        _set("description/labels", json.loads("[" * 40 + "]" * 40)),
        "too many objects",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_whole_file_that_says_nonsense_is_refused(kind: str) -> None:
    change, words = WRONG[kind]
    header, description, data = parts()
    change({"header": header, "description": description})
    refuse(resealed(header, description, data), words)


def test_reading_draws_nothing() -> None:
    header, description, data = parts()
    description["layers"][0]["initializer"] = {"name": "constant", "value": 1e300}
    net = cr.from_bytes(resealed(header, description, data))
    assert all(map(same_bits, net.weights, NET.weights))
    assert all(map(same_bits, net.copy().weights, NET.weights))
    with pytest.raises(ValueError, match=r"initializer: layer 1 .* too large for float32"):
        net.initialize()
    assert all(map(same_bits, net.weights, NET.weights))


def test_numbers_that_are_not_finite_are_refused() -> None:
    header, description, data = parts()
    for number in (np.nan, np.inf, -np.inf):
        refuse(
            resealed(header, description, np.float32(number).tobytes() + data[4:]),
            r"layers\.0\.weight: expected finite",
        )


def test_a_newer_file_names_both_versions() -> None:
    header, description, data = parts()
    description |= {"format_version": 7, "library_version": "9.8.7", "something": "new"}
    with pytest.raises(cr.ModelFileError) as raised:
        cr.from_bytes(resealed(header, description, data))
    for word in (
        "version 7",
        "9.8.7",
        f"chainrule {cr.__version__}",
        "version 1",
        "newer chainrule",
    ):
        assert word in str(raised.value)


# ---- Kills ---------------------------------------------------------------------------------------


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    done = run_python(kills.__file__, str(tmp_path / "model"), "200")
    assert (done.stdout, done.stderr) == ("[0, 1]\n", "")


# ---- Golden files --------------------------------------------------------------------------------


def _fused() -> bool:
    """Whether the kernels in use have the bits of fused multiply-add."""
    return not cr.runtime.config()["kernels"].startswith("scalar")


@pytest.mark.parametrize("kind", make_golden.KINDS)
@pytest.mark.parametrize("version", range(1, make_golden.FORMAT_VERSION + 1))
def test_files_of_every_version_stay_readable(version: int, kind: str, dtype: str) -> None:
    path = make_golden.model_path(version, dtype, kind)
    layers, optimizer = make_golden.KINDS[kind]
    net = cr.load(path)
    expected = np.load(path.with_suffix(".npy"))
    found = net.predict(make_golden.inputs())
    if _fused():
        assert same_bits(found, expected)
    else:  # some 50 rounded operations on numbers near 1, in front of a softmax
        np.testing.assert_allclose(found, expected, rtol=200 * np.finfo(dtype).eps)
    assert (net.dtype, net.seed, net.optimizer) == (dtype, 2**63 + 1, optimizer)
    described = [layer.description.describe() for layer in net.layers]
    assert described == [layer.describe() for layer in layers()]
    assert cr.from_bytes(net.to_bytes(optimizer=True)).to_bytes() == net.to_bytes()
    net.fit(make_golden.inputs(), [0, 1, 2, 0, 1, 2, 0])
    assert net.history["loss"][0] < 2
