"""Is the gradient clipped as documented, in steps, their parts and fits?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cases
import chainrule as cr

LIMITS: list[dict[str, float]] = [
    {"clip_value": 0.05},
    {"clip_norm": 0.2},
    {"clip_value": 0.05, "clip_norm": 0.1},
]


def example(dtype: str, rng: np.random.Generator) -> tuple[cr.Network, Any, Any]:
    net = cr.mlp([4, 6, 2], "tanh", dtype=dtype, seed=5)
    return net, cases.inputs(rng, 12, 4, dtype), cases.inputs(rng, 12, 2, dtype)


def clipped(g: cr.Gradients, clip_value: float = np.inf, clip_norm: float = np.inf) -> list[Any]:
    """By value first, then by the norm of all."""
    found = [np.clip(a.astype(float), -clip_value, clip_value) for a in cases.gradients(g)]
    norm = np.sqrt(sum((a**2).sum() for a in found))
    return [a * min(1.0, clip_norm / norm) for a in found]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_steps_are_those_of_the_clipped_gradient(
    limits: dict[str, float], dtype: str, rng: np.random.Generator
) -> None:
    net, x, y = example(dtype, rng)
    g, before = net.gradients(x, y), cases.parameters(net)
    expected = clipped(g, **limits)
    assert any((a != b).any() for a, b in zip(expected, cases.gradients(g), strict=True))
    net.apply(g, cr.SGD(1.0), **limits)
    moved = [b.astype(float) - a for a, b in zip(cases.parameters(net), before, strict=True)]
    # Rounded with the parameter, which is below 4.
    cases.all_close(moved, expected, [10 * cases.unit(dtype) * 4] * len(moved))


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_step_apply_and_fit_have_the_same_bits(
    limits: dict[str, float], dtype: str, rng: np.random.Generator
) -> None:
    net, x, y = example(dtype, rng)
    by_parts, by_fit, free = net.copy(), net.copy(), net.copy()
    for _ in range(3):
        net.train_step(x, y, optimizer="adam", **limits)
        by_parts.apply(by_parts.gradients(x, y), "adam", **limits)
        free.train_step(x, y, optimizer="adam")
    by_fit.fit(x, y, epochs=3, batch_size=12, optimizer="adam", shuffle=False, **limits)
    assert cases.bits(net) == cases.bits(by_parts) == cases.bits(by_fit) != cases.bits(free)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads(threads: int, dtype: str, rng: np.random.Generator) -> None:
    x, y = cases.inputs(rng, 600, 257, dtype), cases.inputs(rng, 600, 31, dtype)
    nets = [cr.mlp([257, 301, 31], "tanh", dtype=dtype, seed=1) for _ in range(2)]
    for net, n in zip(nets, (1, threads), strict=True):
        net.n_threads = n
        net.fit(x, y, batch_size=300, clip_norm=0.01, clip_value=1e-3)
    assert cases.bits(nets[0]) == cases.bits(nets[1])


@pytest.mark.parametrize("name", ["clip_value", "clip_norm"])
def test_wrong_limits_are_refused(name: str, rng: np.random.Generator) -> None:
    net, x, y = example("float32", rng)
    g, before = net.gradients(x, y, training=False), cases.state(net)
    for call in (
        lambda **given: net.fit(x, y, **given),
        lambda **given: net.train_step(x, y, **given),
        lambda **given: net.apply(g, **given),
    ):
        for value in (0, 0.0, -1, np.nan, np.inf):
            with pytest.raises(ValueError, match=f"{name}: expected a number"):
                call(**{name: value})
        for odd in ("1", True, [1.0]):
            with pytest.raises(TypeError, match=f"{name}: expected a number"):
                call(**{name: odd})
        # The core takes subnormal numbers for 0, to which it would bring all gradients.
        with pytest.raises(ValueError, match=rf"{name}: expected at least 1\.2e-38, the least"):
            call(**{name: 1e-39})
    assert cases.state(net) == before
    cr.mlp([4, 2], dtype="float64", seed=0).train_step(x, y, **{name: 1e-39})
