"""How well are handwritten digits recognised? The 10 000 test images of MNIST, cut into two sets.

The first 8000 images train, the last 2000 test; seeds 0 to 4, accuracy after the last of 20 epochs;
wanted is a mean of 0.96.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from statistics import fmean

import numpy as np
from report import per_seed, report

import chainrule as cr

WANTED = 0.96
N_TRAIN = 8000


def read_idx(path: Path) -> np.ndarray:
    """Return the bytes of a gzipped IDX file in their shape."""
    content = gzip.decompress(path.read_bytes())
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with mnist-t10k-*.gz")
    folder = parser.parse_args().data
    images = read_idx(folder / "mnist-t10k-images-idx3-ubyte.gz")
    x = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    y = read_idx(folder / "mnist-t10k-labels-idx1-ubyte.gz").astype(np.int64)

    def accuracy(seed: int) -> float:
        net = cr.mlp([784, 256, 128, 10], activation="relu", output="softmax", seed=seed)
        adam = cr.Adam()
        net.fit(x[:N_TRAIN], y[:N_TRAIN], epochs=20, batch_size=128, optimizer=adam, verbose=0)
        return float((net.predict_classes(x[N_TRAIN:]) == y[N_TRAIN:]).mean())

    found = per_seed(accuracy, 5)
    mean = fmean(found)
    report("mnist, accuracy", found, "mean", mean, f">= {WANTED}", met=mean >= WANTED)


if __name__ == "__main__":
    main()
