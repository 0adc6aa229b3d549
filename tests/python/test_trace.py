"""Is a trace the step worked out on paper, every number, and the step that training takes?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle

ACTIVATIONS = cr.activations.names()
LOSSES = cr.losses.names()


def worked_example(dtype: str = "float64") -> cr.Network:
    """The network of README.md, which was worked out on paper."""
    net = cr.mlp([2, 2, 1], activation="sigmoid", output="sigmoid", dtype=dtype, seed=0)
    net.set_weights([[[0.1, 0.4], [0.8, 0.6]], [[0.3, 0.7]]], [[0.3, 0.9], [0.5]])
    return net


# Columns are examples.
WORKED_EXAMPLE: dict[str, Any] = {
    "A0": [[0.5], [0.2]],
    "W1": [[0.1, 0.4], [0.8, 0.6]],
    "b1": [[0.3], [0.9]],
    "W2": [[0.3, 0.7]],
    "b2": [[0.5]],
    "Z1": [[0.43], [1.42]],
    "A1": [[0.6058736684], [0.8053384164]],
    "Z2": [[1.245498992]],
    "A2": [[0.7765197428]],
    "dA2": [[-1.2877972638]],
    "dZ2": [[-0.2234802572]],
    "db2": [[-0.2234802572]],
    "dW2": [[-0.1354008033, -0.1799772365]],
    "dA1": [[-0.0670440772], [-0.1564361801]],
    "slope1": [[0.2387907663], [0.1567684515]],
    "slope2": [[0.7765197428 * (1 - 0.7765197428)]],
    "dZ1": [[-0.0160095066], [-0.0245242577]],
    "db1": [[-0.0160095066], [-0.0245242577]],
    "dW1": [[-0.0080047533, -0.0032019013], [-0.0122621289, -0.0049048515]],
    "new_W1": [[0.1008004753, 0.4003201901], [0.8012262129, 0.6004904852]],
    "new_b1": [[0.3016009507], [0.9024524258]],
    "new_W2": [[0.3135400803, 0.7179977236]],
    "new_b2": [[0.5223480257]],
}


@pytest.mark.parametrize("name", WORKED_EXAMPLE)
def test_worked_example(name: str) -> None:
    t = worked_example().trace([[0.5, 0.2]], [1.0])
    found = getattr(t, name[:-1])[int(name[-1])]
    # Ten decimals are given.
    cases.close(found, WORKED_EXAMPLE[name], 1e-9)


def test_worked_example_as_a_whole() -> None:
    t = worked_example().trace([[0.5, 0.2]], [1.0], learning_rate=0.1)
    assert t.Y_hat == pytest.approx(0.7765197428, abs=1e-9)
    assert t.Y == [[1.0]]
    assert t.loss == pytest.approx(0.2529332114, abs=1e-9)
    assert t.losses.shape == (1,)
    assert t.losses[0] == t.loss
    assert t.new_loss == pytest.approx(0.2429308619, abs=1e-9)
    cases.close(t.dX, [[-0.0212203568], [-0.0211183572]], 1e-9)
    assert t.learning_rate == 0.1
    assert t.activations == ("sigmoid", "sigmoid")
    assert t.loss_name == "binary_cross_entropy"


def test_worked_example_when_trained() -> None:
    net = worked_example()
    x, y = [[0.5, 0.2]], [1.0]
    assert net.train_step(x, y, optimizer=cr.SGD(0.1)) == pytest.approx(0.2529332114, abs=1e-9)
    for found, name in zip(cases.parameters(net), ("W1", "b1", "W2", "b2"), strict=True):
        expected = np.reshape(WORKED_EXAMPLE[f"new_{name}"], found.shape)
        cases.close(found, expected, 1e-9)
    assert net.evaluate(x, y)["loss"] == pytest.approx(0.2429308619, abs=1e-9)


def test_worked_example_in_float32() -> None:
    t = worked_example("float32").trace([[0.5, 0.2]], [1.0])
    for name, expected in WORKED_EXAMPLE.items():
        found = getattr(t, name[:-1])[int(name[-1])]
        assert found.dtype == np.float32
        # 50 operations on numbers below 1.5 are behind each.
        cases.close(found, expected, 50 * 1.5 * cases.unit("float32"), name)


# ---- Numbering ---------------------------------------------------------------------------------


def test_layers_are_numbered_from_1() -> None:
    t = worked_example().trace([[0.5, 0.2]], [1.0])
    for name in ("W", "b", "Z", "slope", "dA", "dZ", "dW", "db", "new_W", "new_b"):
        quantity = getattr(t, name)
        with pytest.raises(IndexError, match=rf"^{name}\[0\]: layers are numbered from 1$"):
            quantity[0]
        for outside in (-1, 3):
            with pytest.raises(IndexError, match=rf"^{name}\[{outside}\]: expected a layer from 1"):
                quantity[outside]
        assert len(quantity) == len(list(quantity)) == 2
        assert repr(quantity) == f"<{name}[1] to {name}[2]>"
        assert [id(value) for value in quantity] == [id(quantity[1]), id(quantity[2])]


def test_activations_are_numbered_from_0() -> None:
    t = worked_example().trace([[0.5, 0.2], [0.1, 0.3]], [1.0, 0.0])
    assert len(t.A) == 3
    assert t.A[0].tolist() == [[0.5, 0.1], [0.2, 0.3]]
    assert t.A[2] is not None
    assert t.A[2].tobytes() == t.Y_hat.tobytes()
    for outside in (-1, 3):
        with pytest.raises(IndexError, match=rf"^A\[{outside}\]: expected a layer from 0 to 2$"):
            t.A[outside]


def test_classes_are_columns_of_Y() -> None:
    net = cr.mlp([2, 3], output="softmax", seed=0)
    t = net.trace(np.ones((2, 2)), [2, 0])
    assert t.Y.tolist() == [[0, 1], [0, 0], [1, 0]]
    assert t.Y.dtype == np.float32


# ---- Equations ---------------------------------------------------------------------------------

SHAPES: dict[str, tuple[int, list[Any], int]] = {
    "one unit": (1, [cr.Dense(1, "tanh")], 1),
    "odd sizes": (7, [cr.Dense(19, "relu"), cr.Dense(5, "tanh"), cr.Dense(3)], 13),
    "more rows than a chunk": (3, [cr.Dense(9, "sigmoid"), cr.Dense(2)], 300),
    "no bias": (5, [cr.Dense(17, "tanh", bias=False), cr.Dense(2, bias=False)], 6),
    "activation in front": (4, [cr.Activation("tanh"), cr.Dense(3, "relu"), cr.Dense(2)], 5),
    "softmax in front": (4, [cr.Activation("softmax"), cr.Dense(3, "relu"), cr.Dense(2)], 5),
    "activation behind": (4, [cr.Dense(6), cr.Activation("relu"), cr.Dense(2)], 5),
    "stacked": (
        4,
        [cr.Dense(6, "tanh"), cr.Activation("sigmoid"), cr.Dense(5, "relu"), cr.Dense(2, "tanh")],
        5,
    ),
    "softmax inside": (4, [cr.Dense(6, "softmax"), cr.Activation("tanh"), cr.Dense(2)], 5),
}


def check_equations(t: cr.Trace, net: cr.Network) -> None:
    """Each quantity follows from the others by its equation; `t` is typed as on paper."""
    L, d, u = len(t.W), t.losses.shape[0], cases.unit(net.dtype)
    eta = np.dtype(net.dtype).type(t.learning_rate)

    def same(found: Any, a: Any, b: Any, c: Any = 0) -> None:
        """`found` is a @ b + c: a sum of k products and one more number."""
        k = a.shape[1] + 2
        scale = np.abs(a).astype(float) @ np.abs(b).astype(float) + np.abs(c)
        cases.close(found, a.astype(float) @ b.astype(float) + c, k * u * scale)

    for layer in range(1, L + 1):
        same(t.Z[layer], t.W[layer], t.A[layer - 1], t.b[layer])
        assert t.Z[layer].shape == t.A[layer].shape == t.dZ[layer].shape == t.dA[layer].shape
        assert t.Z[layer].shape[1] == d
        if layer < L:
            same(t.dA[layer], t.W[layer + 1].T, t.dZ[layer + 1])
            if t.slope[layer] is not None:
                expected = t.dA[layer].astype(float) * t.slope[layer]
                cases.close(t.dZ[layer], expected, 2 * u * abs(expected))
        same(t.dW[layer], t.dZ[layer], t.A[layer - 1].T)
        if net.biases[layer - 1] is not None:
            same(t.db[layer], t.dZ[layer], np.ones((d, 1)))
        for new, old, gradient in ((t.new_W, t.W, t.dW), (t.new_b, t.b, t.db)):
            assert new[layer].tobytes() == (old[layer] - eta * gradient[layer]).tobytes()
    if net.layers[0].weight is not None:
        same(t.dX, t.W[1].T, t.dZ[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_equations_hold_as_typed(shape: str, dtype: str, rng: np.random.Generator) -> None:
    n, layers, d = SHAPES[shape]
    net = cr.Network(n, layers, loss="mse", dtype=dtype, seed=1)
    x, y = cases.inputs(rng, d, n, dtype), cases.inputs(rng, d, net.n_outputs, dtype)
    t = net.trace(x, y)
    check_equations(t, net)
    # A[0] is what the first Dense receives.
    front = [] if net.layers[0].weight is not None else [net.layers[0].activation.describe()]
    received = oracle.Network(front).forward(x.astype(float))[-1]
    cases.close(t.A[0].T, received, 30 * cases.unit(dtype) * bool(front))

    step = cases.twin(net).step(x.astype(float), y.astype(float), "mse")
    k_u = cases.k_of(net, d) * cases.unit(dtype)
    found = [g.reshape(-1) for pair in zip(t.dW, t.db, strict=True) for g in pair]
    if net.biases[0] is None:
        assert not any(b.any() for b in (*t.b, *t.db, *t.new_b))
        assert t.new_biases == [None, None]
        found = [dW.reshape(-1) for dW in t.dW]
    tolerances = [k_u * m.reshape(-1) for m in step.magnitudes]
    cases.all_close(found, [g.reshape(-1) for g in step.gradients], tolerances)
    cases.close(t.dX.T, step.dX, k_u * (1 + abs(step.dX)))
    cases.close(t.losses, step.losses, k_u * (1 + step.losses))
    cases.close(t.loss, t.losses.astype(float).mean(), d * cases.unit("float64") * t.loss)


def test_slope_is_none_where_there_is_no_single_one() -> None:
    rows = {name: cases.CLASSES["activations"][name]().row_wise for name in ACTIVATIONS}
    assert any(rows.values())
    for name, row_wise in rows.items():
        t = cr.mlp([2, 3, 3], name, name, seed=0).trace([[1.0, 2.0]], [[0, 0, 1]], loss="mse")
        assert [slope is None for slope in t.slope] == [row_wise, row_wise]
        if not row_wise:
            expected = oracle.ACTIVATIONS[name]().slope(t.Z[1].astype(float))
            cases.close(t.slope[1], expected, 30 * cases.unit("float32"))
    stacked = [cr.Dense(3, "tanh"), cr.Activation("relu"), cr.Dense(1)]
    t = cr.Network(2, stacked, seed=0).trace([[1.0, 2.0]], [1.0])
    assert [slope is None for slope in t.slope] == [True, False]
    assert t.activations == ("tanh, relu", "identity")


# ---- A trace and training ----------------------------------------------------------------------


def check_is_training(net: cr.Network, x: Any, y: Any, loss: str) -> None:
    before = cases.state(net)
    t = net.trace(x, y, learning_rate=0.01, loss=loss)
    assert cases.state(net) == before
    g = net.gradients(x, y, loss=loss, training=False)
    assert cases.state(net) == before
    assert g.loss == t.loss
    for layer, (dW, db) in enumerate(zip(g.weights, g.biases, strict=True), start=1):
        assert dW.tobytes() == t.dW[layer].tobytes()
        assert db is None or db.tobytes() == t.db[layer].tobytes()
    assert g.inputs.tobytes() == t.dX.T.tobytes()
    assert net.train_step(x, y, optimizer=cr.SGD(0.01), loss=loss) == t.loss
    for layer, (W, b) in enumerate(zip(net.weights, net.biases, strict=True), start=1):
        assert W.tobytes() == t.new_W[layer].tobytes() == t.new_weights[layer - 1].tobytes()
        if b is not None:
            assert b.tobytes() == t.new_b[layer].tobytes() == t.new_biases[layer - 1].tobytes()
    assert net.gradients(x, y, loss=loss).loss == t.new_loss
    assert net.predict(x).tobytes() == net.trace(x, y, loss=loss).Y_hat.T.tobytes()


@pytest.mark.parametrize(("hidden", "output", "loss"), cases.PAIRINGS)
def test_a_trace_has_the_bits_of_training(
    hidden: str, output: str, loss: str, dtype: str, rng: np.random.Generator
) -> None:
    x = cases.inputs(rng, 5, 3, dtype)
    net = cases.every_loss(cr.mlp([3, 5, 2], hidden, output, dtype=dtype, seed=1), x)
    y = cases.targets(rng, 5, 2, loss, dtype, output)
    if cases.takes(net, x, y, loss):
        check_is_training(net, x, y, loss)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_trace_has_the_bits_of_training_in_every_shape(
    shape: str, dtype: str, rng: np.random.Generator
) -> None:
    n, layers, d = SHAPES[shape]
    net = cr.Network(n, layers, dtype=dtype, seed=1)
    x, y = cases.inputs(rng, d, n, dtype), cases.inputs(rng, d, net.n_outputs, dtype)
    check_is_training(net, x, y, "mse")


def test_a_trace_leaves_everything_as_it_is(rng: np.random.Generator) -> None:
    net = cr.mlp([3, 4, 2], seed=0)
    x, y = cases.inputs(rng, 5, 3, "float32"), cases.inputs(rng, 5, 2, "float32")
    net.fit(x, y, epochs=2, optimizer="adam", verbose=0)
    before, y_hat = cases.state(net), net.forward(x, training=True)
    counted = cases.state(net)
    assert counted != before  # the forward was counted, the trace is not
    t = net.trace(x, y, training=True)
    assert cases.state(net) == counted
    net.backward(y_hat)  # the forward is still pending
    t.W[1][...] = 7.0
    t.A[0][...] = 7.0
    assert cases.state(net) == counted
    assert len(net.history["loss"]) == 2


def test_repr_of_a_trace() -> None:
    t = worked_example().trace([[0.5, 0.2]], [1.0])
    assert repr(t) == "Trace(2 layers, 1 examples, loss=0.252933, new_loss=0.242931)"


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_rates_out_of_range_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="learning_rate: expected a number in"):
        worked_example().trace([[0.5, 0.2]], [1.0], learning_rate=rate)


@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", "CrossEntropy"), ("sigmoid", "BinaryCrossEntropy")]
)
def test_targets_are_smoothed_as_the_loss_does_it(output: str, loss: str, dtype: str) -> None:
    net = cr.mlp([2, 4], output=output, dtype=dtype, seed=0)
    made = getattr(cr.losses, loss)(label_smoothing=0.2)
    t = net.trace([[0.5, -1.0]], np.eye(4)[:1], loss=made)
    expected = {"softmax": [0.85, 0.05, 0.05, 0.05], "sigmoid": [0.9, 0.1, 0.1, 0.1]}[output]
    cases.close(t.Y[:, 0], expected, 2 * cases.unit(dtype))
    dZ = (t.Y_hat - t.Y) / (4 if output == "sigmoid" else 1)
    cases.close(t.dZ[1], dZ, 4 * cases.unit(dtype))


def test_new_loss_is_nan_where_the_loss_is_not_defined(
    dtype: str, rng: np.random.Generator
) -> None:
    # Outputs of 0.3 are probabilities; a step of rate 100 leads far out of [0, 1].
    for loss in LOSSES:
        net = cr.mlp([1, 2], loss=loss, dtype=dtype, seed=0)
        net.set_weights([[[1.0], [1.0]]], [[0.1, 0.1]])
        y = cases.targets(rng, 1, 2, loss, dtype)
        t = net.trace([[0.2]], y, learning_rate=100.0)
        net.train_step([[0.2]], y, optimizer=cr.SGD(100.0))
        try:
            assert t.new_loss == net.evaluate([[0.2]], y, metrics=())["loss"] != t.loss
        except ValueError:
            assert np.isnan(t.new_loss)
