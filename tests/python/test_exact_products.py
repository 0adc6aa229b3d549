"""Is every product exact where it can be, at every size? Small integers leave nothing to round."""

from __future__ import annotations

import numpy as np
import pytest

import cases
import chainrule as cr
from chainrule import _testing

# Around the widths of panels, tiles and chunks, and beyond the blocks that fit into a cache.
SIZES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 97, 255, 256, 257, 300, 511, 513]
LARGE = [(600, 700, 130), (40, 3001, 70), (70, 65, 2050), (1030, 33, 129)]


def check(rng: np.random.Generator, d: int, n: int, m: int, dtype: str, threads: int = 1) -> None:
    """Z, dW, db and dX of one layer are those of integers: all sums stay far below 2**24."""
    net = cr.mlp([n, m], dtype=dtype, seed=0)
    net.n_threads = threads
    shapes = ((m, n), (m,), (d, n), (d, m))
    W, b, x, dZ = (rng.integers(-9, 10, shape).astype(float) for shape in shapes)
    net.set_weights([W], [b])
    assert np.array_equal(net.predict(x), x @ W.T + b)
    assert np.array_equal(net.forward(x, training=True), x @ W.T + b)
    g = net.backward(dZ)
    assert np.array_equal(g.weights[0], dZ.T @ x)
    assert np.array_equal(g.biases[0], dZ.sum(axis=0))
    assert np.array_equal(g.inputs, dZ @ W)
    net.apply(g, cr.SGD(1.0))
    assert np.array_equal(net.weights[0], W - dZ.T @ x)
    assert np.array_equal(net.biases[0], b - dZ.sum(axis=0))
    # The same update, fused: with y = Ŷ - dZ, the mean squared error has dZ = 2 dZ / (d m).
    net.set_weights([W], [b])
    net.train_step(x, x @ W.T + b - dZ, optimizer=cr.SGD(d * m / 2))
    scale = abs(dZ).T @ abs(x) + abs(W)
    cases.close(net.weights[0], W - dZ.T @ x, (d + 6) * cases.unit(dtype) * scale)


@pytest.mark.parametrize("size", SIZES)
def test_products_of_small_sizes(size: int, dtype: str, rng: np.random.Generator) -> None:
    others = rng.choice([s for s in SIZES if s < 100], (4, 2))
    for a, b in others.tolist():
        check(rng, size, a, b, dtype)
        check(rng, a, size, b, dtype)
        check(rng, a, b, size, dtype)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("d", "n", "m"), LARGE)
def test_products_of_large_sizes(
    d: int, n: int, m: int, threads: int, dtype: str, rng: np.random.Generator
) -> None:
    _testing.set_wait_for_all_workers(True)
    _testing.reset_path_counters()
    try:
        check(rng, d, n, m, dtype, threads)
    finally:
        _testing.set_wait_for_all_workers(False)
    assert _testing.path_counters()["most_threads"] == (threads if threads > 1 else 0)
