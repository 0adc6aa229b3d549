"""Does the library work on an old processor, with the bits of a new one?

``CHAINRULE_ISA=avx2 qemu-x86_64 -cpu Nehalem python tests/old_processor.py scalar`` checks that
the kernels of that tier are in use, that a warning says so if another one was asked for, and the
worked example of README.md; it prints the SHA-256 of the weights after a short training, to be
compared between processors.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings

import numpy as np

import chainrule as cr
from chainrule import _testing


def main(tier: str) -> None:
    """Check, and print the digest."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = cr.mlp([2, 2, 1], "sigmoid", "sigmoid", dtype="float64", seed=0)
    told = [str(warning.message) for warning in caught]
    asked = os.environ.get("CHAINRULE_ISA", tier)
    warned = any(f"CHAINRULE_ISA={asked} is not available" in message for message in told)
    if _testing.isa() != tier or warned != (asked not in _testing.available_isas()):
        raise SystemExit(f"expected the kernels {tier}, got {_testing.isa()} and warnings {told}")

    net.set_weights([[[0.1, 0.4], [0.8, 0.6]], [[0.3, 0.7]]], [[0.3, 0.9], [0.5]])
    loss = net.trace([[0.5, 0.2]], [1.0]).loss
    if abs(loss - 0.2529332114) > 1e-9:
        raise SystemExit(f"the worked example gives {loss}")

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 20)), rng.integers(0, 3, 100)
    weights = hashlib.sha256()
    for dtype in ("float32", "float64"):
        net = cr.mlp([20, 30, 40, 3], activation="tanh", output="softmax", dtype=dtype, seed=0)
        net.fit(x, y, epochs=2, batch_size=32, verbose=0)
        weights.update(net.to_bytes())
    print(tier, weights.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1])
