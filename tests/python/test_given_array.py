"""Does a network begin with the arrays that it is given, and with nothing else?"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._given_array import GivenArray

W = np.arange(12.0).reshape(3, 4) / 8
B = np.array([1.0, -2.0, 0.5])


def network(dtype: str = "float64", **settings: Any) -> cr.Network:
    layers = [cr.Dense(3, "tanh", initializer=W, bias_initializer=B), cr.Dense(2, **settings)]
    return cr.Network(4, layers, dtype=dtype, seed=3)


def test_a_layer_begins_with_its_arrays(dtype: str) -> None:
    net = network(dtype, bias_initializer=[7, 8])
    plain = cr.mlp([4, 3, 2], "tanh", dtype=dtype, seed=3)
    assert net.weights[0].tobytes() == W.astype(dtype).tobytes()
    assert net.weights[1].tobytes() == plain.weights[1].tobytes()
    assert net.biases[0].tolist() == B.tolist()
    assert net.biases[1].tolist() == [7, 8]
    start = net.to_bytes()
    net.train_step(np.ones((5, 4)), np.ones((5, 2)))
    assert net.to_bytes() != start
    net.initialize()
    assert net.to_bytes() == start
    net.initialize(seed=4)
    assert net.weights[0].tobytes() == W.astype(dtype).tobytes()
    assert net.weights[1].tobytes() != plain.weights[1].tobytes()


def test_layers_in_blocks_begin_with_their_arrays() -> None:
    inside = cr.Dense(3, initializer=W[:, :3], bias_initializer=B)
    block = cr.Residual([cr.Dropout(0.5), cr.Residual([inside])])
    net = cr.Network(4, [cr.Dense(3), block, cr.Dense(1)], dtype="float64", seed=0)
    assert net.weights[1].tolist() == W[:, :3].tolist()
    assert net.layers[1].block[1].block[0].bias.tolist() == B.tolist()
    net.initialize()
    assert net.weights[1].tolist() == W[:, :3].tolist()


def test_arrays_are_copied_and_cannot_be_written() -> None:
    given = W.copy()
    dense = cr.Dense(3, initializer=given)
    given[:] = 0
    assert dense.initializer.values.tolist() == W.tolist()
    with pytest.raises(ValueError, match="read-only"):
        dense.initializer.values[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        dense.initializer.values.flags.writeable = True
    with pytest.raises(AttributeError, match="values: an initializer cannot be changed"):
        dense.initializer.values = W
    with pytest.raises(AttributeError, match="values: an initializer cannot be changed"):
        del dense.initializer.values


def test_a_string_of_numpy_is_a_name() -> None:
    """It has ``__array__``, as an array."""
    named = cr.Dense(1, initializer=np.str_("ones"), bias_initializer=np.str_("normal"))
    assert named == cr.Dense(1, initializer="ones", bias_initializer="normal")


def test_layers_with_arrays_are_values() -> None:
    dense = cr.Dense(3, initializer=W, bias_initializer=B.astype("float32"))
    same = cr.Dense(3, initializer=W.tolist(), bias_initializer=B)
    for twin in (same, copy.deepcopy(dense), pickle.loads(pickle.dumps(dense))):
        assert twin == dense
        assert hash(twin) == hash(dense)
    others = [
        cr.Dense(3, initializer=W + 1, bias_initializer=B),
        cr.Dense(3, initializer=W, bias_initializer=B * 2),
        cr.Dense(3, initializer=W.T, bias_initializer=B),
        cr.Dense(3, initializer="ones", bias_initializer=B),
        cr.Dense(3, initializer=W),
    ]
    assert dense not in others
    assert GivenArray(None) == GivenArray(None) != GivenArray(W) != "array"
    assert hash(GivenArray(None)) == hash(GivenArray(None))
    assert repr(cr.Dense(1, initializer=[[1, 2]]).initializer) == "GivenArray([[1, 2]])"
    assert repr(GivenArray(None)) == "GivenArray(None)"
    assert len(repr(GivenArray(np.zeros((500, 500))))) < 300
    large = GivenArray(np.array([[1e308, 1e308], [0, 1]]))
    assert hash(large) == hash(GivenArray(np.asfortranarray(large)))
    assert large == GivenArray(np.asfortranarray(large))
    assert (large == large.values) is False
    with pytest.raises(ValueError, match="no file holds"):
        np.asarray(GivenArray(None))


def test_files_know_that_there_was_an_array_but_not_which() -> None:
    net = network()
    for loaded in (cr.from_bytes(net.to_bytes()), pickle.loads(pickle.dumps(net))):
        assert loaded.to_bytes() == net.to_bytes()
        assert loaded.layers[0].initializer == loaded.layers[0].bias_initializer == GivenArray(None)
        before = loaded.to_bytes(optimizer=True)
        with pytest.raises(
            ValueError, match=r"layers\[0\]\.initializer: this was an array, and files"
        ):
            loaded.initialize()
        assert loaded.to_bytes(optimizer=True) == before
        loaded.train_step(np.ones((5, 4)), np.ones((5, 2)))
        with pytest.raises(
            ValueError, match=r"layers\[0\]\.initializer: this was an array, and files"
        ):
            cr.Network(4, [layer.description for layer in loaded.layers])


def test_copies_keep_the_arrays() -> None:
    net = network()
    net.layers[1].trainable = False
    for twin in (net.copy(), copy.deepcopy(net)):
        assert not twin.layers[1].trainable
        twin.set_weights([W * 2, twin.weights[1]])
        twin.initialize()
        assert twin.to_bytes() == net.to_bytes()
        assert twin.layers[0].description == net.layers[0].description


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"initializer": W.T}, ValueError, r"layers\[0\]\.initializer: expected shape \(3, 4\)"),
        ({"initializer": [1.0, 2.0]}, ValueError, r"layers\[0\]\.initializer: expected shape"),
        ({"bias_initializer": [1, 2]}, ValueError, r"layers\[0\]\.bias_initializer: expected shap"),
        ({"bias_initializer": [B]}, ValueError, r"layers\[0\]\.bias_initializer: expected shape"),
        ({"initializer": W * 1e300}, ValueError, r"layers\[0\]\.initializer: .* too large for"),
        ({"initializer": [[np.nan]]}, ValueError, "^initializer: expected finite numbers"),
        ({"initializer": [["a"]]}, TypeError, "^initializer: expected real numbers"),
        ({"initializer": np.ma.masked_array(W)}, TypeError, "^initializer: masked arrays"),
        ({"initializer": 3}, TypeError, "^initializer: expected an array, a name or an object of"),
        ({"initializer": "lsvu"}, ValueError, "^initializer: .*did you mean lsuv"),
        ({"bias_initializer": "zero"}, ValueError, "^bias_initializer: .*did you mean zeros"),
        ({"bias": False, "bias_initializer": B}, ValueError, "^bias_initializer: expected no arra"),
        (
            {"bias_initializer": "lsuv"},
            ValueError,
            r"layers\[0\]\.bias_initializer: expected an init",
        ),
    ],
)
def test_what_is_no_initializer(settings: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        cr.Network(4, [cr.Dense(3, **settings), cr.Dense(1)])


def test_a_column_may_be_one_dimensional() -> None:
    assert cr.Network(1, [cr.Dense(3, initializer=B)]).weights[0].tolist() == B[:, None].tolist()
