"""How were the golden files made? ``python tests/files/make_golden.py`` wrote those of its version.

A file stays as it is for ever: this only ever adds those of a new format version.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import chainrule as cr

FOLDER = Path(__file__).resolve().parent
FORMAT_VERSION = 1
DTYPES = ("float32", "float64")


def inputs() -> np.ndarray:
    """Examples (7, 5), exact in each dtype."""
    return np.arange(35.0).reshape(7, 5) % 8 / 4 - 1


def model_path(version: int, dtype: str) -> Path:
    """Where the file of a version lies; its predictions lie beside it."""
    return FOLDER / f"v{version}_{dtype}.safetensors"


def make(dtype: str) -> None:
    """Train a little network with every kind of layer and of tensor, and keep it."""
    path = model_path(FORMAT_VERSION, dtype)
    if path.exists():
        return
    layers = [
        cr.Dense(17, "relu", initializer=cr.initializers.Normal(0.0, stddev=0.3)),
        cr.Dense(4, bias=False),
        cr.Activation("tanh"),
        cr.Dense(3, bias_initializer="ones"),
        cr.Activation("softmax"),
    ]
    net = cr.Network(5, layers, dtype=dtype, seed=2**63 + 1)
    net.fit(inputs(), [0, 1, 2, 0, 1, 2, 0], epochs=3, batch_size=4, optimizer=cr.Adam(0.01))
    net.save(path, optimizer=True)
    np.save(path.with_suffix(".npy"), net.predict(inputs()))


if __name__ == "__main__":
    for name in DTYPES:
        make(name)
