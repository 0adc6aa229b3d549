"""Do forward, backward and apply make a step, and only in that order?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle

X, Y = [[1.0, 2.0], [0.5, -1.0]], [1.0, -1.0]


def small(**given: Any) -> cr.Network:
    return cr.mlp([2, 3, 1], "tanh", seed=3, **given)


@pytest.mark.parametrize(("hidden", "output", "loss"), cases.PAIRINGS)
def test_forward_backward_apply_is_a_step(
    hidden: str, output: str, loss: str, dtype: str, rng: np.random.Generator
) -> None:
    x, y = cases.inputs(rng, 6, 3, dtype), cases.targets(rng, 6, 2, loss, dtype, output)
    net = cases.every_loss(cr.mlp([3, 5, 2], hidden, output, loss=loss, dtype=dtype, seed=1), x)
    if not cases.takes(net, x, y, loss):
        return
    whole, parts = net.copy(), net.copy()
    dA = net.trace(x, y).dA[2].T
    whole.train_step(x, y, optimizer=cr.SGD(0.01))
    y_hat = parts.forward(x, training=True)
    assert y_hat.tobytes() == net.predict(x).tobytes()
    # ∂J/∂Ŷ as a user would write it, from the equation.
    twin = oracle.loss_form(loss, output)
    share = oracle.shares(np.ones(6), y.shape, twin)
    p = y_hat.astype(float)
    gradient = twin.of_outputs(share, 2 // y.shape[1]) * twin.gradient(p, y.astype(float))
    # Near 0 and 1 the quotient makes more of an error in ŷ; 10 operations otherwise.
    sensitivity = 1 / np.minimum(1, np.maximum(p * (1 - p), 1e-3)) ** 2
    cases.close(dA, gradient, 10 * cases.unit(dtype) * (1 + sensitivity))
    g = parts.backward(dA)
    assert np.isnan(g.loss)
    assert g.weight_sum == 6
    parts.apply(g, cr.SGD(0.01))
    if twin.matching != output:
        assert cases.state(parts) == cases.state(whole)
        return
    step = cases.twin(net).step(x.astype(float), y.astype(float), loss)
    k_u = cases.k_of(net, 6) * cases.unit(dtype) * sensitivity.max()
    scales = zip(cases.parameters(net), step.magnitudes, strict=True)
    tolerances = [k_u * (abs(w) + m) for w, m in scales]
    cases.all_close(cases.parameters(parts), cases.parameters(whole), tolerances)


def test_dA_is_the_gradient_of_anything() -> None:
    net = small(dtype="float64")
    x, direction = np.array(X), np.array([[2.0], [-3.0]])
    net.forward(x, training=True)
    g = net.backward(direction)
    for index in np.ndindex(x.shape):
        h = np.zeros_like(x)
        h[index] = 1e-5
        difference = ((net.predict(x + h) - net.predict(x - h)) * direction).sum() / 2e-5
        assert g.inputs[index] == pytest.approx(difference, abs=1e-8)


def test_a_vector_will_do_for_one_output() -> None:
    net = small()
    net.forward(X, training=True)
    first = net.backward([[1.0], [2.0]]).flat.tobytes()
    net.forward(X, training=True)
    assert net.backward([1.0, 2.0]).flat.tobytes() == first


def test_backward_goes_back_once() -> None:
    net = small()
    with pytest.raises(RuntimeError, match="no training forward to go back through"):
        net.backward([[1.0], [1.0]])
    net.forward(X)
    with pytest.raises(RuntimeError, match="no training forward"):
        net.backward([[1.0], [1.0]])
    net.forward(X, training=True)
    net.backward([[1.0], [1.0]])
    with pytest.raises(RuntimeError, match="once for each backward"):
        net.backward([[1.0], [1.0]])


def test_backward_is_of_the_last_training_forward() -> None:
    net, twin = small(), small()
    net.forward([[9.0, 9.0]], training=True)
    net.forward(X, training=True)
    net.predict([[5.0, 5.0]])
    net.forward([[5.0, 5.0]])
    net.evaluate(X, Y)
    net.example_losses(X, Y)
    net.gradients(X, Y, training=False)
    net.trace(X, Y)
    twin.forward(X, training=True)
    dA = [[1.0], [2.0]]
    assert net.backward(dA).flat.tobytes() == twin.backward(dA).flat.tobytes()


CHANGES: dict[str, Any] = {
    "train_step": lambda net: net.train_step(X, Y),
    "fit": lambda net: net.fit(X, Y, verbose=0),
    "apply": lambda net: net.apply(net.gradients(X, Y)),
    "set_weights": lambda net: net.set_weights(net.weights),
    "set_state": lambda net: net.set_state(net.get_state()),
    "initialize": lambda net: net.initialize(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_backward_needs_the_parameters_of_its_forward(change: str) -> None:
    net = small()
    g = net.gradients(X, Y)
    net.forward(X, training=True)
    CHANGES[change](net)
    with pytest.raises(RuntimeError, match="forward"):
        net.backward([[1.0], [1.0]])
    with pytest.raises(RuntimeError, match="inputs: the parameters have changed"):
        _ = g.inputs
    assert len(g.weights) == 2  # all else is still there


@pytest.mark.parametrize("wrong", [[[1.0]], [[1.0, 2.0], [3.0, 4.0]], 1.0, [[np.nan], [1.0]]])
def test_a_refused_dA_leaves_the_forward(wrong: Any) -> None:
    net = small()
    net.forward(X, training=True)
    with pytest.raises(ValueError, match="dA"):
        net.backward(wrong)
    net.backward([[1.0], [1.0]])


@pytest.mark.parametrize("given", [{"training": True}, {}])
def test_gradients_change_nothing_but_the_counter(given: dict[str, bool]) -> None:
    net = small()
    net.train_step(X, Y)
    before = cases.state(net)
    without = net.gradients(X, Y, training=False)
    assert cases.state(net) == before
    counted = net.gradients(X, Y, **given)
    assert cases.state(net) != before
    assert len(cases.state(net)) - len(before) in (-64, 0, 64)
    assert cases.bits(net) == cases.bits(cr.from_bytes(before))
    assert counted.flat.tobytes() == without.flat.tobytes()
