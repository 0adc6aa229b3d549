"""Do all instruction sets with FMA give the same bits, and the others nearly the same numbers?"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cases
import chainrule as cr
import oracle
from chainrule import _testing

FMA = [isa for isa in _testing.available_isas() if isa != "scalar"]
# What this version makes of one net, on every machine with FMA. A change of a formula, of a rule of
# the kernels or of the random numbers changes it: then write the new one here, and say so in
# CHANGELOG.md.
BITS = {
    "float32": "bc80d081bc972f23c6e551c9b96e03148acfb13327bd3ace0612dd60eb352258",
    "float64": "2189bfa76e7cec103b7d10d77fddaa3a4967db3e3dae48297aeda9fdc996ebfd",
}


def data(d: int, n: int, dtype: str) -> np.ndarray:
    """Numbers in [-1, 1] that every machine computes alike: no function of NumPy is asked."""
    return ((np.arange(d * n) * 7919 % 2039) / 1024 - 1).reshape(d, n).astype(dtype)


def steady_targets(loss: str) -> np.ndarray:
    """Targets for 300 examples and 6 outputs, of the kind that the loss takes."""
    form = oracle.LOSSES[loss]
    y = np.tile(np.eye(6), (50, 1))
    if form.targets == "signs":
        return 2 * y - 1
    return (y if form.targets != "positive" else y + 1)[:, : 6 // form.outputs_per_target()]


def trained_weights(dtype: str) -> bytes:
    """The weights of nets with every formula of every list."""
    found, optimizers = b"", itertools.cycle(cr.optimizers.names())
    for loss, activation in itertools.product(cr.losses.names(), cr.activations.names()):
        output = oracle.LOSSES[loss].output
        net = cr.mlp([13, 37, 19, 6], activation, output, dtype=dtype, seed=7)
        x, y = data(300, 13, dtype), steady_targets(loss)
        optimizer = cases.CLASSES["optimizers"][next(optimizers)](1e-3)
        net.fit(x, y, epochs=2, optimizer=optimizer, loss=loss, verbose=0)
        found += cases.bits(net) + net.predict(data(7, 13, dtype)).tobytes()
    return found


def digest(dtype: str) -> str:
    return hashlib.sha256(trained_weights(dtype)).hexdigest()


def digest_of_one(dtype: str) -> str:
    net = cr.mlp([13, 37, 19, 5], "tanh", "softmax", dtype=dtype, seed=7)
    net.fit(data(300, 13, dtype), np.arange(300) % 5, epochs=3, optimizer="adam")
    return hashlib.sha256(cases.bits(net)).hexdigest()


def some_gradients(dtype: str) -> tuple[cr.Network, list[np.ndarray], oracle.Step]:
    """Gradients of a net in which products, functions and sums over chunks take part."""
    net = cr.mlp([13, 37, 19, 5], "tanh", "softmax", dtype=dtype, seed=7)
    x, y = data(300, 13, dtype), np.tile(np.eye(5, dtype=dtype), (60, 1))
    step = cases.twin(net).step(x.astype(float), y.astype(float), net.loss.name)
    return net, cases.gradients(net.gradients(x, y)), step


def write(found: list[np.ndarray]) -> None:
    file = io.BytesIO()  # NumPy wants to know the position, which a pipe has not
    for array in found:
        np.save(file, array)
    sys.stdout.buffer.write(file.getvalue())


def on(isa: str, code: str) -> bytes:
    """Run code with this file's names on an instruction set; return what it writes."""
    environment = os.environ | {
        "CHAINRULE_ISA": isa,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
    }
    check = f"assert cr.runtime.config()['kernels'].split()[0] == {isa!r}"
    program = f"from test_instruction_sets import *; {check}; {code}"
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout


def test_same_bits_with_fma(dtype: str) -> None:
    digests = {on(isa, f"print(digest({dtype!r}))") for isa in FMA}
    if _testing.isa() in FMA:
        digests.add(f"{digest(dtype)}\n".encode())
    assert len(digests) == 1


@pytest.mark.parametrize("isa", FMA)
def test_same_bits_on_every_machine(isa: str, dtype: str) -> None:
    assert on(isa, f"print(digest_of_one({dtype!r}))").decode().strip() == BITS[dtype]


@pytest.mark.parametrize("isa", _testing.available_isas())
def test_right_numbers_everywhere(isa: str, dtype: str) -> None:
    net, here, step = some_gradients(dtype)
    stream = io.BytesIO(on(isa, f"write(some_gradients({dtype!r})[1])"))
    found = [np.load(stream) for _ in here]
    # Each entry is a chain of at most k operations on numbers below its magnitude.
    k_u = cases.k_of(net, 300) * cases.unit(dtype)
    cases.all_close(found, step.gradients, [k_u * m for m in step.magnitudes])


def test_the_scalar_kernels_are_others(dtype: str) -> None:
    """Or else this file compares one and the same."""
    assert on("scalar", f"print(digest_of_one({dtype!r}))").decode().strip() != BITS[dtype]
