"""How were the golden files made? ``python tests/files/make_golden.py`` wrote those of its version.

A file stays as it is for ever: this only ever adds those of a new format version.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

import chainrule as cr

FOLDER = Path(__file__).resolve().parent
FORMAT_VERSION = 1
DTYPES = ("float32", "float64")


def inputs() -> np.ndarray:
    """Examples (7, 5), exact in each dtype."""
    return np.arange(35.0).reshape(7, 5) % 8 / 4 - 1


def plain() -> list[cr.layers.Layer]:
    """Dense layers with what they can have of tensors, and activations."""
    return [
        cr.Dense(17, "relu", initializer=cr.initializers.Normal(0.0, stddev=0.3)),
        cr.Dense(4, bias=False),
        cr.Activation("tanh"),
        cr.Dense(3, bias_initializer="ones"),
        cr.Activation("softmax"),
    ]


def every_kind() -> list[cr.layers.Layer]:
    """A layer of every type, with every setting, and learned slopes."""
    block = [cr.BatchNorm(0.25), cr.Dense(6, "prelu", l1=1e-3, l2=1e-2, max_norm=2.0)]
    return [
        cr.Rescale(0.5, offset=0.25),
        cr.LayerNorm(),
        cr.Dense(6, "selu", initializer="lsuv", learning_rate_multiplier=0.5),
        cr.AlphaDropout(0.125),
        cr.Residual([*block, cr.Residual([cr.GaussianNoise(0.125), cr.Scale(0.75)])]),
        cr.Dense(6, "gelu", initializer="orthogonal", trainable=False),
        cr.Dropout(0.25),
        cr.Dense(3, "softmax", initializer=np.arange(18.0).reshape(3, 6) / 16),
    ]


# What a kind of file has of layers and of optimisers.
KINDS = {
    "": (plain, cr.Adam(0.01)),
    "every_": (every_kind, cr.optimizers.RMSprop(0.01, momentum=0.5, centered=True)),
}


def model_path(version: int, dtype: str, kind: str = "") -> Path:
    """Where the file of a version lies; its predictions lie beside it."""
    return FOLDER / f"v{version}_{kind}{dtype}.safetensors"


def make(dtype: str, kind: str) -> None:
    """Train a little network and keep it."""
    path = model_path(FORMAT_VERSION, dtype, kind)
    if path.exists():
        return
    layers, optimizer = KINDS[kind]
    net = cr.Network(5, layers(), dtype=dtype, seed=2**63 + 1)
    net.fit(inputs(), [0, 1, 2, 0, 1, 2, 0], epochs=3, batch_size=4, optimizer=optimizer)
    net.save(path, optimizer=True)
    np.save(path.with_suffix(".npy"), net.predict(inputs()))


if __name__ == "__main__":
    for dtype, kind in itertools.product(DTYPES, KINDS):
        make(dtype, kind)
