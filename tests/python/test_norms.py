"""Do norms and scales have the numbers of their equations, and how are they built?"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
from helpers import same_bits
from layer_promises import (
    check_gradients,
    check_training,
)
from norm_cases import NORMS, data, lively, normed


@pytest.fixture(params=NORMS, ids=repr)
def norm(request: pytest.FixtureRequest) -> cr.layers.Norm:
    assert isinstance(request.param, cr.layers.Norm)
    return request.param


# ---- Numbers -------------------------------------------------------------------------------------


def test_a_row_by_hand() -> None:
    net = cr.Network(3, [cr.LayerNorm(0.5), cr.Dense(3)], dtype="float64", seed=0)
    net.set_weights([np.eye(3)])
    # Mean 2, variance (1 + 1 + 4)/3 = 2; with epsilon 2.5.
    found = net.predict([[1.0, 1.0, 4.0]])
    assert np.allclose(found, np.array([[-1, -1, 2]]) / np.sqrt(2.5), rtol=1e-15)


def test_a_batch_by_hand() -> None:
    net = cr.Network(1, [cr.BatchNorm(0.25, epsilon=0.5), cr.Dense(1)], dtype="float64", seed=0)
    net.set_weights([[[1.0]]])
    x = np.array([[1.0], [1.0], [4.0]])
    assert np.allclose(net.predict(x), x / np.sqrt(1.5), rtol=1e-15)  # mean 0, variance 1
    found = net.forward(x, training=True)
    assert np.allclose(found, np.array([[-1], [-1], [2]]) / np.sqrt(2.5), rtol=1e-15)
    # The running variance takes the unbiased one, 6/2.
    layer = net.layers[0]
    assert np.allclose([layer.running_mean, layer.running_var], [[0.5], [0.75 + 0.75]])
    expected = (x - 0.5) / np.sqrt(1.5 + 0.5)
    assert np.allclose(net.predict(x), expected, rtol=1e-15)


@pytest.mark.parametrize("optimizer", cases.ELEMENTWISE)
def test_training_is_that_of_the_oracle(
    optimizer: str, norm: cr.layers.Norm, rng: np.random.Generator
) -> None:
    check_training(lively(norm), optimizer, *data(rng))


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_those_of_the_oracle(
    norm: cr.layers.Norm, dtype: str, training: bool, rng: np.random.Generator
) -> None:
    check_gradients(normed(norm, dtype, "tanh"), *data(rng, dtype, 300), training=training)


def test_a_constant_feature_and_a_constant_row_stay_finite(dtype: str) -> None:
    x, y = np.ones((4, 5), dtype), np.ones((4, 3), dtype)
    for norm in NORMS[:4]:
        net = normed(norm, dtype)
        assert all(np.isfinite(p).all() for p in net.gradients(x, y).parameters.values())
        net.fit(x, y, epochs=3, verbose=0)
        assert np.isfinite(net.predict(x)).all()


@pytest.mark.parametrize("epsilon", [1e-320, 1e-50])
@pytest.mark.parametrize("cls", [cr.BatchNorm, cr.LayerNorm])
def test_an_epsilon_that_the_dtype_takes_for_0(
    cls: Any, epsilon: float, dtype: str, rng: np.random.Generator
) -> None:
    net = cr.Network(5, [cls(epsilon=epsilon), cr.Dense(3)], dtype=dtype, seed=1)
    x, y = data(rng, dtype)
    x[:, 2] = 0.5
    x[3] = 0.5
    net.fit(x, y, epochs=2, verbose=0)
    assert np.isfinite(net.predict(x)).all()
    assert np.isfinite(net.gradients(x, y).flat).all()


# ---- Building ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "cls"), [("batch", cr.BatchNorm), ("layer", cr.LayerNorm)])
def test_mlp_normalises_before_the_activation(name: str, cls: Any) -> None:
    net = cr.mlp([4, 8, 6, 2], "tanh", "sigmoid", norm=name, dropout=0.25, seed=0)
    assert [layer.description for layer in net.layers] == [
        *(cr.Dense(8), cls(), cr.Activation("tanh"), cr.Dropout(0.25)),
        *(cr.Dense(6), cls(), cr.Activation("tanh"), cr.Dropout(0.25)),
        cr.Dense(2, "sigmoid"),
    ]
    assert cls.type.encode() in net.to_bytes()
    relu = cr.mlp([4, 8, 2], norm=name, seed=0)
    assert same_bits(relu.weights[0], cr.mlp([4, 8, 2], seed=0).weights[0])  # he_normal
    assert cases.bits(cr.mlp([4, 8, 2], norm=None, seed=0)) == cases.bits(cr.mlp([4, 8, 2], seed=0))


def test_mlp_refuses_other_norms() -> None:
    for sizes in ([4, 8, 2], [4, 2]):
        with pytest.raises(ValueError, match="norm: expected 'batch' or 'layer', got 'group'"):
            cr.mlp(sizes, norm="group")
        with pytest.raises(TypeError, match="norm: expected 'batch' or 'layer', got True"):
            cr.mlp(sizes, norm=True)


def test_layers_show_what_they_have(rng: np.random.Generator) -> None:
    layers = [cr.Dense(4), cr.BatchNorm(), cr.LayerNorm(), cr.Scale(), cr.Rescale(2), cr.Dense(3)]
    net = cr.Network(5, layers, seed=0)
    tensors = ("weight", "bias", "running_mean", "running_var", "slope")
    shapes = [
        [None if getattr(layer, name) is None else getattr(layer, name).shape for name in tensors]
        for layer in net.layers
    ]
    vector, nothing = (4,), None
    assert shapes == [
        [(4, 5), vector, nothing, nothing, nothing],
        [vector, vector, vector, vector, nothing],
        [vector, vector, nothing, nothing, nothing],
        [vector, nothing, nothing, nothing, nothing],
        [nothing] * 5,
        [(3, 4), (3,), nothing, nothing, nothing],
    ]
    assert not net.layers[1].running_mean.flags.writeable
    assert [w.shape for w in net.weights] == [(4, 5), (3, 4)]
    assert [b.shape for b in net.biases] == [(4,), (3,)]
    g = net.gradients(*data(rng, "float32"))
    assert [w.shape for w in g.weights] == [(4, 5), (3, 4)]
    assert [b.shape for b in g.biases] == [(4,), (3,)]
    assert net.n_parameters == 24 + 8 + 8 + 4 + 15
    assert [row.split(maxsplit=1)[-1] for row in str(net).splitlines()[3:7]] == [
        "momentum=0.1 epsilon=1e-05       4           8",
        "epsilon=1e-05                    4           8",
        "initial=1                            4           4",
        "factor=2 offset=0                  4           0",
    ]


def test_norms_are_always_trained() -> None:
    net = cr.Network(5, [cr.Dense(4), cr.BatchNorm(), cr.Rescale(2), cr.Dense(3)], seed=0)
    assert [layer.trainable for layer in net.layers] == [True, True, False, True]
    net.layers[1].trainable = True
    net.layers[2].trainable = False
    with pytest.raises(ValueError, match=r"trainable: layers\[1\] is a BatchNorm, which is always"):
        net.layers[1].trainable = False


def test_the_usual_loss_is_that_of_what_comes_last() -> None:
    for last, loss in ((cr.LayerNorm(), "mse"), (cr.Rescale(2), "mse"), (cr.Dropout(), None)):
        net = cr.Network(3, [cr.Dense(2, "softmax"), last], seed=0)
        assert net.loss.name == (loss or "cross_entropy")
    with pytest.raises(ValueError, match="predict_classes"):
        cr.Network(3, [cr.Dense(2, "softmax"), cr.Scale()]).predict_classes([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("cls", "field", "span"),
    [
        (cr.LayerNorm, "epsilon", "(0, inf)"),
        (cr.BatchNorm, "epsilon", "(0, inf)"),
        (cr.BatchNorm, "momentum", "[0, 1]"),
        (cr.Scale, "initial", "(-inf, inf)"),
        (cr.Rescale, "factor", "(-inf, inf)"),
        (cr.Rescale, "offset", "(-inf, inf)"),
    ],
)
def test_values_outside_the_range_are_refused(cls: Any, field: str, span: str) -> None:
    message = re.escape(f"{field}: expected a number in {span}, got ")
    wrong = [float("nan"), float("inf"), -float("inf")]
    wrong += [0.0] * span.startswith("(0") + [1.5] * span.endswith("1]")
    for value in wrong:
        with pytest.raises(ValueError, match=message):
            cls(**{field: value})
    for other in ("0.5", None, True):
        with pytest.raises(TypeError, match=message):
            cls(**{field: other})


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (cr.Scale(-1e39), "initial"),
        (cr.Rescale(1e39), "factor"),
        (cr.Rescale(1, offset=-1e39), "offset"),
        (cr.BatchNorm(epsilon=1e39), "epsilon"),
        (cr.LayerNorm(1e39), "epsilon"),
        (cr.GaussianNoise(1e39), "stddev"),
    ],
)
def test_numbers_too_large_for_the_dtype_are_refused(layer: Any, field: str) -> None:
    layers = [cr.Dense(3), cr.Residual([layer]), cr.Dense(2)]
    number = re.escape(f"{getattr(layer, field):g}")
    place = re.escape(f"layers[1].block[0].{field}")
    with pytest.raises(ValueError, match=f"{place}: {number} is too large for float32"):
        cr.Network(3, layers)
    net = cr.Network(3, layers, dtype="float64")
    assert net.layers[1].block[0].description == layer
