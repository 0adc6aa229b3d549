"""What holds for a network whatever layers it has? Checks that the tests of norms and blocks share.

The loss is mse; x and y are as norm_cases.data draws them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import cases
import chainrule as cr
import oracle
import oracle_optimizers
from helpers import same_bits, state_bytes
from norm_cases import learned, of_twin, statistics

if TYPE_CHECKING:
    from collections.abc import Callable


def check_training(net: cr.Network, optimizer: str, x: Any, y: Any) -> None:
    """Steps are those of the oracle, every second one with penalties and clipping."""
    twin = cases.twin(net, rows=len(x))
    cls = cases.CLASSES["optimizers"][optimizer]
    given = {"weight_decay": 0.1} if "weight_decay" in cases.fields(cls) else {}
    rule = oracle_optimizers.OPTIMIZERS[optimizer]
    training = oracle.Training(twin, lambda m: rule(learning_rate=0.02 * m, **given))
    call = {"l1": 0.02, "l2": 0.05, "clip_value": 0.5, "clip_norm": 1.0}
    for step in range(5):
        asked = call if step % 2 else {}
        expected = twin.step(x, y, "mse")
        twin.follow(x)
        training.update(expected.gradients, **asked)
        J = net.train_step(x, y, loss="mse", optimizer=cls(0.02, **given), **asked)
        cases.close(J, expected.J, 1e-10)
        cases.all_close(learned(net), twin.parameters, [1e-9] * len(learned(net)))
        if statistics(net):
            cases.all_close(statistics(net), of_twin(twin), [1e-10] * len(statistics(net)))
    quiet = cases.twin(net)
    cases.close(net.predict(x), quiet.forward(x)[-1], 1e-12)
    cases.close(net.evaluate(x, y)["loss"], quiet.step(x, y, "mse").J, 1e-12)


def check_gradients(net: cr.Network, x: Any, y: Any, *, training: bool) -> None:
    """Gradients are those of the oracle, off where the parameters begin."""
    for _ in range(2):
        net.train_step(x, y, loss="mse", optimizer=cr.SGD(0.1))
    twin = cases.twin(net, rows=len(x) if training else None)
    step = twin.step(x.astype(float), y.astype(float), "mse")
    g = net.gradients(x, y, training=training)
    # Each norm adds two sums and some ten operations to every chain, the sum of a block one, well
    # below as many again; the magnitudes of inputs and of their gradients are within 10 of their
    # own.
    tolerance = 40 * cases.k_of(net, len(x)) * cases.unit(net.dtype)
    cases.close(g.loss, step.J, tolerance)
    bounds = [tolerance * (magnitude + abs(magnitude).max()) for magnitude in step.magnitudes]
    cases.all_close(list(g.parameters.values()), step.gradients, bounds)
    cases.close(g.inputs, step.dX, tolerance * (1 + abs(step.dX).max()))


def check_predictions(net: cr.Network, x: Any, y: Any) -> None:
    """The same bits for any batch and on every way, of a network that has been trained."""
    whole = net.predict(x)
    rows = np.concatenate([net.predict(row) for row in x[:, None]])
    predictor = net.predictor()
    ones = np.stack([predictor.predict_one(row) for row in x])
    for found in (rows, net.forward(x), predictor.predict(x), ones):
        assert same_bits(found, whole)
    assert net.gradients(x, y, training=False).loss == net.evaluate(x, y)["loss"]


def check_ways_of_training(make: Callable[[], cr.Network], x: Any, y: Any) -> cr.Network:
    """The same bits by a step, gradients, a fit, clipping and a trace; return the trained one."""
    descent = cr.SGD(0.1)
    step, applied, fitted, clipped = (make() for _ in range(4))
    trace = make().trace(x, y, learning_rate=0.1, training=True)
    step.train_step(x, y, optimizer=descent)
    applied.apply(applied.gradients(x, y), optimizer=descent)
    fitted.fit(x, y, batch_size=len(x), shuffle=False, optimizer=descent)
    clipped.train_step(x, y, optimizer=descent, clip_norm=1e9)
    everything = [a.tobytes() for a in (*learned(step), *statistics(step))]
    for other in (applied, fitted, clipped):
        assert [a.tobytes() for a in (*learned(other), *statistics(other))] == everything
    assert [w.tobytes() for w in trace.new_weights] == [w.tobytes() for w in step.weights]
    return step


def check_looking(net: cr.Network, x: Any, y: Any) -> None:
    """What only looks at a network changes nothing."""
    before = state_bytes(net)
    net.predict(x), net.evaluate(x, y), net.forward(x), net.gradients(x, y, training=False)
    net.trace(x, y), net.trace(x, y, training=True), net.example_losses(x, y), str(net)
    assert state_bytes(net) == before
