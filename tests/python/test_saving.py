"""Does a network come back as it was: from states, bytes, files and copies?"""

from __future__ import annotations

import copy
import json
import os
import pickle
import stat
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import safetensors.numpy

import cases
import chainrule as cr
from helpers import run_code, same_bits, state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

X = np.random.default_rng(2).standard_normal((20, 4))
Y = np.random.default_rng(3).standard_normal((20, 2))


def trained(dtype: str = "float32", optimizer: str = "adam") -> cr.Network:
    """A network with a bias left out, an activation apart, and optimiser state."""
    layers = [cr.Dense(9, "tanh"), cr.Dense(6, bias=False), cr.Activation("relu"), cr.Dense(2)]
    net = cr.Network(4, layers, dtype=dtype, seed=7)
    net.fit(X, Y, epochs=2, batch_size=batch_size(optimizer), optimizer=optimizer)
    return net


def batch_size(optimizer: str) -> int | None:
    return 8 if optimizer in cases.ELEMENTWISE else None


def _through_file(net: cr.Network, tmp_path: Path) -> cr.Network:
    net.save(tmp_path / "model.safetensors", optimizer=True)
    return cr.load(tmp_path / "model.safetensors")


def _through_state(net: cr.Network, _: Path) -> cr.Network:
    other = cr.Network(4, [layer.description for layer in net.layers], dtype=net.dtype, seed=0)
    other.set_state(net.get_state())
    return other


WAYS: dict[str, Callable[[cr.Network, Path], cr.Network]] = {
    "save and load": _through_file,
    "to_bytes and from_bytes": lambda net, _: cr.from_bytes(net.to_bytes(optimizer=True)),
    "a bytearray": lambda net, _: cr.from_bytes(bytearray(net.to_bytes(optimizer=True))),
    "a memoryview": lambda net, _: cr.from_bytes(memoryview(net.to_bytes(optimizer=True))),
    "unaligned bytes": lambda net, _: cr.from_bytes(
        memoryview(b"x" + net.to_bytes(optimizer=True))[1:]
    ),
    "get_state and set_state": _through_state,
    "pickle": lambda net, _: pickle.loads(pickle.dumps(net)),
    "copy.copy": lambda net, _: copy.copy(net),
    "copy.deepcopy": lambda net, _: copy.deepcopy({"net": net})["net"],
    "copy": lambda net, _: net.copy(),
}


@pytest.mark.parametrize("optimizer", cr.optimizers.names())
@pytest.mark.parametrize("way", WAYS)
def test_everything_comes_back_and_training_goes_on(
    way: str, optimizer: str, dtype: str, tmp_path: Path
) -> None:
    net = trained(dtype, optimizer)
    twin = WAYS[way](net, tmp_path)
    assert state_bytes(twin) == state_bytes(net)
    assert same_bits(twin.predict(X), net.predict(X))
    assert (twin.optimizer, twin.loss, twin.seed) == (net.optimizer, net.loss, net.seed)
    assert str(twin) == str(net)
    before = state_bytes(twin)
    for each in (net, twin):
        each.fit(X, Y, epochs=2, batch_size=batch_size(optimizer))
    assert state_bytes(twin) == state_bytes(net) != before


@pytest.mark.parametrize("way", WAYS)
def test_what_came_back_is_independent(way: str, tmp_path: Path) -> None:
    net = trained()
    twin = WAYS[way](net, tmp_path)
    before = state_bytes(twin)
    net.fit(X, Y)
    net.set_weights([w * 2 for w in net.weights])
    assert state_bytes(twin) == before
    kept = state_bytes(net)
    twin.fit(X, Y)
    twin.initialize(seed=1)
    assert state_bytes(net) == kept


def test_without_optimizer_state_training_starts_afresh(tmp_path: Path) -> None:
    net = trained()
    net.save(tmp_path / "model.safetensors")
    twin = cr.load(tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").read_bytes() == net.to_bytes()
    assert twin.optimizer is None
    assert same_bits(twin.predict(X), net.predict(X))
    net.reset_optimizer()
    for each in (net, twin):
        each.fit(X, Y, optimizer="adam")
    assert state_bytes(twin) == state_bytes(net)


def test_a_copy_may_have_a_seed_of_its_own() -> None:
    net = trained()
    twin = net.copy(seed=11)
    assert (net.seed, twin.seed) == (7, 11)
    assert all(map(same_bits, twin.weights, net.weights))
    for each in (net, twin):
        each.fit(X, Y, batch_size=5)
    assert not same_bits(twin.weights[0], net.weights[0])
    net.initialize(seed=11)
    twin.initialize()
    assert all(map(same_bits, twin.weights, net.weights))


# ---- States --------------------------------------------------------------------------------------


def test_a_state_is_copies_under_the_names_of_files(dtype: str) -> None:
    net = trained(dtype)
    state = net.get_state()
    before = state_bytes(net)
    parts = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.3.weight"]
    assert list(state)[:5] == ["chainrule", *parts]
    assert json.loads(state["chainrule"])["format_version"] == 1
    for tensor in list(state.values())[1:]:
        tensor[...] = 0
    assert state_bytes(net) == before
    assert state["layers.0.weight"].dtype == dtype


def _changed(**tensors: Any) -> dict[str, Any]:
    state = trained().get_state()
    renamed = {key.replace("__", "."): value for key, value in tensors.items()}
    return {key: value for key, value in (state | renamed).items() if value is not None}


WEIGHT = np.ones((9, 4), np.float32)
BAD_STATES = {
    "missing": (_changed(layers__0__bias=None), r"'layers\.0\.bias' is missing"),
    "missing slot": (_changed(optimizer__exp_avg__layers__0__bias=None), "exp_avg.*missing"),
    "unknown": (_changed(layers__9__weight=WEIGHT), r"'layers\.9\.weight' is not part"),
    "no description": (_changed(chainrule=None), "'chainrule', .* call set_weights"),
    "damaged description": (_changed(chainrule="{]"), "description"),
    "shape": (_changed(layers__0__weight=WEIGHT.T), r"expected shape \(9, 4\), got \(4, 9\)"),
    "1-D": (_changed(layers__0__weight=WEIGHT.ravel()), r"shape \(9, 4\), got \(36,\)"),
    "float64": (_changed(layers__0__weight=WEIGHT.astype("f8")), "dtype float32 .* got float64"),
    "big-endian": (_changed(layers__0__weight=WEIGHT.astype(">f4")), "dtype float32 .* got >f4"),
    "NaN": (_changed(layers__0__weight=WEIGHT * np.nan), "finite"),
    "infinite slot": (
        _changed(optimizer__exp_avg__layers__0__weight=WEIGHT * np.inf),
        r"optimizer\.exp_avg\.layers\.0\.weight.*finite",
    ),
    "other layers": (cr.mlp([4, 3, 2], seed=0).get_state(), "same layers and dtype"),
    "other dtype": (trained("float64").get_state(), "same layers and dtype"),
}


@pytest.mark.parametrize("kind", BAD_STATES)
def test_a_wrong_state_is_refused_whole(kind: str) -> None:
    state, words = BAD_STATES[kind]
    net = trained()
    net.train_step(X, Y)
    before = state_bytes(net)
    with pytest.raises(ValueError, match=words):
        net.set_state(state)
    assert state_bytes(net) == before


def test_weights_go_in_whole_or_not_at_all() -> None:
    net = trained()
    other = [w + 1 for w in net.weights]
    biases = [None if b is None else b + 1 for b in net.biases]
    before = state_bytes(net)
    for weights, wrong in (
        ([*other[:-1], other[-1].T], None),
        ([*other[:-1], other[-1] * np.nan], None),
        (other, [biases[0], np.ones(6), biases[2]]),
        (other, [biases[0], None, None]),
    ):
        with pytest.raises((ValueError, TypeError)):
            net.set_weights(weights, wrong)
        assert state_bytes(net) == before
    net.set_weights(other, biases)
    assert all(map(same_bits, net.weights, other))
    assert same_bits(net.biases[2], biases[2])
    assert net.biases[1] is None


def test_weights_alone_leave_the_biases_to_whoever_trains_them() -> None:
    net = cr.mlp([3, 2], seed=0)
    weight, bias = net.weights[0], net.biases[0]

    class Trains:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            net.train_step(np.ones((1, 3)), np.ones((1, 2)))  # as another thread may
            return weight

    net.set_weights([Trains()])
    assert same_bits(net.weights[0], weight)
    assert (net.biases[0] != bias).all()


# ---- Files ---------------------------------------------------------------------------------------


def test_the_safetensors_package_sees_the_same_tensors(tmp_path: Path, dtype: str) -> None:
    net = trained(dtype)
    path = tmp_path / "model.safetensors"
    net.save(path, optimizer=True)
    state = net.get_state()
    found = safetensors.numpy.load_file(path)
    assert found.keys() == state.keys() - {"chainrule"}
    assert all(same_bits(tensor, state[name]) for name, tensor in found.items())
    with safetensors.safe_open(path, "np") as file:
        metadata = file.metadata()
    assert metadata.keys() == {"format", "crc32c", "chainrule"}
    assert metadata["chainrule"] == state["chainrule"]


@pytest.mark.parametrize(
    "name", ["with space", "ümläut-漢字", "a'b\"c\n", "-", "\udcff", "x" * 200]
)
def test_odd_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = trained()
    for path in (name, os.fsencode(name), tmp_path / name):
        net.save(path)
        assert [found.name for found in tmp_path.iterdir()] == [name]
        assert cr.load(path).to_bytes() == net.to_bytes()


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "model", tmp_path / "link"
    link.symlink_to("there/model")
    for net in (trained(), trained("float64")):
        net.save(link)
        assert link.is_symlink()
        assert target.read_bytes() == net.to_bytes() == cr.load(link).to_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "model"
    trained().save(path)
    path.chmod(0o640)
    trained().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_cannot_be_written_says_why(tmp_path: Path) -> None:
    net = trained()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    for path, error in (
        (tmp_path / "missing" / "model", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        (tmp_path / "file" / "model", NotADirectoryError),
        (tmp_path / ("x" * 300), OSError),
        (tmp_path / "loop", OSError),
        ("", FileNotFoundError),
        ("/dev/full", OSError),
        ("/missing\udcff/model", FileNotFoundError),
    ):
        with pytest.raises(error, match="cannot") as raised:
            net.save(path)
        assert raised.value.errno
        assert f"'{os.fsencode(path).decode(errors='backslashreplace')}'" in str(raised.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, error in (
        (tmp_path / "missing", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        (tmp_path / "pipe", OSError),
        ("/dev/zero", OSError),
        ("missing\udcff", FileNotFoundError),
    ):
        with pytest.raises(error, match="cannot read") as raised:
            cr.load(path)
        assert f"'{os.fsencode(path).decode(errors='backslashreplace')}'" in str(raised.value)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model"
    trained().save(path)
    before = path.read_bytes()
    printed = run_code(
        "import resource, chainrule as cr\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        f"try: cr.mlp([100, 100], seed=0).save({str(path)!r})\n"
        "except OSError as error: print(error)"
    )
    assert "cannot write" in printed
    assert "bytes to" in printed
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
