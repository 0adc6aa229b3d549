"""Are Gradients one writable buffer, and everything else read from it?"""

from __future__ import annotations

import gc
import pickle
import sys
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr

LAYERS: list[Any] = [cr.Dense(19, "tanh"), cr.Activation("relu"), cr.Dense(3, bias=False)]


def net_of(dtype: str, seed: int = 0) -> cr.Network:
    return cr.Network(5, LAYERS, dtype=dtype, seed=seed)


def gradients(dtype: str, rng: np.random.Generator, d: int = 7) -> tuple[cr.Network, cr.Gradients]:
    net = net_of(dtype)
    return net, net.gradients(cases.inputs(rng, d, 5, dtype), cases.inputs(rng, d, 3, dtype))


def test_shapes_and_types(dtype: str, rng: np.random.Generator) -> None:
    net, g = gradients(dtype, rng)
    assert [dW.shape for dW in g.weights] == [(19, 5), (3, 19)]
    assert g.biases[0].shape == (19,)
    assert g.biases[1] is None
    assert g.inputs.shape == (7, 5)
    assert list(g.parameters) == ["layers.0.weight", "layers.0.bias", "layers.2.weight"]
    assert list(g.parameters) == [name for name in net.get_state() if name != "chainrule"]
    for array in (*g.weights, g.biases[0], g.inputs, g.flat, *g.parameters.values()):
        assert array.dtype == dtype
        assert array.flags.c_contiguous
    assert isinstance(g.loss, float)
    assert isinstance(g.norm, float)
    assert g.weight_sum == 7.0
    assert repr(g) == f"Gradients(loss={g.loss:.6g}, norm={g.norm:.6g})"


def test_norm_is_that_of_all_parameters(dtype: str, rng: np.random.Generator) -> None:
    _, g = gradients(dtype, rng)
    expected = np.sqrt(sum((p.astype(float) ** 2).sum() for p in g.parameters.values()))
    # Sums of 171 squares in float64.
    assert g.norm == pytest.approx(expected, rel=200 * cases.unit("float64"))


def test_everything_is_read_from_flat(dtype: str, rng: np.random.Generator) -> None:
    net, g = gradients(dtype, rng)
    flat = g.flat
    assert flat.ndim == 1
    assert flat.flags.writeable
    assert np.shares_memory(flat, g.flat)
    before, norm, loss = g.parameters, g.norm, g.loss
    flat *= 2
    for name, array in g.parameters.items():
        assert array.tobytes() == (2 * before[name]).tobytes()
    assert g.weights[0].tobytes() == (2 * before["layers.0.weight"]).tobytes()
    assert g.biases[0].tobytes() == (2 * before["layers.0.bias"]).tobytes()
    assert g.norm == 2 * norm
    assert g.loss == loss
    g.weights[0][...] = 0  # copies
    assert g.norm == 2 * norm
    net.apply(g, cr.SGD(0.5))
    for name, array in net.get_state().items():
        if name in before:
            start = net_of(dtype).get_state()[name]
            assert array.tobytes() == (start - before[name]).tobytes()


def test_padding_is_plus_zero_and_stays_so(dtype: str, rng: np.random.Generator) -> None:
    net, g = gradients(dtype, rng)
    assert net.n_parameters == 5 * 19 + 19 + 19 * 3
    bits = np.dtype(dtype).str.replace("f", "u")
    assert (g.flat.view(bits) != 0).sum() == sum(np.count_nonzero(p) for p in g.parameters.values())
    net.apply(g, "adam")
    again = net.gradients(np.ones((4, 5)), np.ones((4, 3)))
    flat = again.flat
    n_nonzero = sum(np.count_nonzero(p) for p in again.parameters.values())
    assert (flat.view(bits) != 0).sum() == n_nonzero
    assert flat.size > net.n_parameters  # or there is nothing to see here


def test_equal_networks_share_the_layout(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 6, 5, dtype), cases.inputs(rng, 6, 3, dtype)
    one, other = net_of(dtype), net_of(dtype, seed=1)
    g, h = one.gradients(x, y), other.gradients(x, y)
    h.flat[:] = g.flat
    for name, array in g.parameters.items():
        assert h.parameters[name].tobytes() == array.tobytes()
    twin = net_of(dtype)
    twin.apply(h, cr.SGD(0.1))
    one.apply(g, cr.SGD(0.1))
    assert cases.bits(one) == cases.bits(twin)


def test_batches_of_several_machines_combine(dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 10, 5, dtype), cases.inputs(rng, 10, 3, dtype)
    w, net = rng.uniform(0.5, 2, 10), net_of(dtype)
    whole = net.gradients(x, y, sample_weight=w)
    rows = (slice(3), slice(3, 10))
    parts = [net.gradients(x[r], y[r], sample_weight=w[r]) for r in rows]
    total = sum(part.weight_sum for part in parts)
    assert total == pytest.approx(whole.weight_sum, rel=1e-15)
    union = sum(part.flat * (part.weight_sum / total) for part in parts)
    # A sum over 10 examples, and a few roundings more, of numbers below the norm.
    cases.close(union, whole.flat, 20 * cases.unit(dtype) * whole.norm)
    loss = sum(part.loss * part.weight_sum / total for part in parts)
    assert loss == pytest.approx(whole.loss, rel=20 * cases.unit(dtype))


def test_gradients_outlive_their_network(rng: np.random.Generator) -> None:
    net, g = gradients("float32", rng)
    flat, before, dX = g.flat, g.flat.tobytes(), g.inputs.tobytes()
    del net
    assert g.inputs.tobytes() == dX
    del g
    assert flat.tobytes() == before


def test_a_network_that_holds_its_gradients_is_collected(rng: np.random.Generator) -> None:
    class Agent(cr.Network):
        pass

    agent = Agent(5, LAYERS, seed=0)
    agent.last = agent.gradients(cases.inputs(rng, 7, 5, "float32"), np.ones((7, 3)))
    agent.last.weights[0][0] = 0
    gone = weakref.ref(agent)
    del agent
    gc.collect()
    assert gone() is None


def test_references_to_a_network_are_counted_by_one_thread_at_a_time() -> None:
    # Of two counts at the same time one is lost, if the threads happen to meet: not in every run.
    net = cr.mlp([64, 64, 2], seed=0)
    x, y = np.zeros((128, 64), np.float32), np.zeros((128, 2), np.float32)
    held = [net] * 1000  # so many may be lost before the network is
    before = sys.getrefcount(net)

    def learn() -> None:
        for _ in range(500):
            net.gradients(x, y)
            net.forward(x, training=True)
            net.backward(y)

    learner = threading.Thread(target=learn)
    learner.start()
    while learner.is_alive():
        net, net, net, net, net, net, net, net  # noqa: B018
    assert sys.getrefcount(net) == before
    del held


def test_inputs_belong_to_the_parameters(rng: np.random.Generator) -> None:
    net, g = gradients("float32", rng)
    first = g.inputs.tobytes()
    assert g.inputs.tobytes() == first
    net.predict(np.ones((2, 5)))
    assert g.inputs.tobytes() == first
    net.apply(g)
    with pytest.raises(RuntimeError, match="inputs: the parameters have changed"):
        _ = g.inputs


def test_gradients_that_do_not_belong_are_refused(rng: np.random.Generator) -> None:
    _, g = gradients("float32", rng)
    for other in (
        net_of("float64"),
        cr.Network(5, [cr.Dense(19, "tanh"), cr.Dense(4, bias=False)]),
        cr.mlp([1, 1]),
    ):
        before = cases.state(other)
        with pytest.raises(ValueError, match="gradients"):
            other.apply(g)
        assert cases.state(other) == before
    net = net_of("float32")
    before = cases.state(net)
    for wrong in (np.nan, np.inf):
        g.flat[3] = wrong
        with pytest.raises(ValueError, match="gradients: expected finite numbers"):
            net.apply(g)
    with pytest.raises(TypeError, match=r"gradients: expected chainrule.Gradients, got ndarray"):
        net.apply(g.flat)
    assert cases.state(net) == before


def test_the_network_of_gradients_is_never_another(rng: np.random.Generator) -> None:
    net, g = gradients("float32", rng)
    flat, state = g.flat.tobytes(), cases.state(net)
    with pytest.raises(RuntimeError, match="built already"):
        net.__init__(500, [cr.Dense(300)])  # type: ignore[misc]
    assert cases.state(net) == state
    assert g.flat.tobytes() == flat
    assert [dW.shape for dW in g.weights] == [(19, 5), (3, 19)]


@pytest.mark.parametrize("kind", ["Gradients", "Snapshot", "TrainingRun"])
def test_what_the_core_holds_is_neither_made_nor_kept_by_python(kind: str) -> None:
    cls = getattr(sys.modules["chainrule._core"], kind)
    empty = cls.__new__(cls)
    for name, member in vars(cls).items():
        if not name.startswith("_"):
            given = (1, 0.0, 0.1) if name == "run" else ()
            with pytest.raises(RuntimeError, match="never built"):
                _ = getattr(empty, name)(*given) if callable(member) else getattr(empty, name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(empty, protocol)


def test_a_snapshot_that_was_never_taken_is_not_restored() -> None:
    net = net_of("float32")
    kind = type(net._snapshot())
    with pytest.raises(RuntimeError, match="never built"):
        net._restore(kind.__new__(kind))
