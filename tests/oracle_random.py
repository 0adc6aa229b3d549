"""Which random numbers belong where? Philox, shuffles, splits and initialisers in NumPy.

The part of the oracle that is drawn; it knows nothing of the core either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]

WEIGHTS, BIASES, SHUFFLE, SPLIT, DROPOUT, NOISE = 1, 2, 3, 4, 5, 6


def philox(counter: Array, key: tuple[int, int]) -> Array:
    """Philox 4x32-10 of counters (..., 4)."""
    low = np.uint64(0xFFFFFFFF)
    c = [counter[..., i].astype(np.uint64) for i in range(4)]
    k = list(key)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]),
            p1 & low,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]),
            p0 & low,
        ]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return np.stack(c, axis=-1)


def words(seed: int, purpose: int, layer: int, step: int, rows: int, features: int) -> Array:
    """The words (rows, features) of one purpose."""
    blocks = -(-features // 4)
    counter = np.zeros((rows, blocks, 4), np.uint64)
    counter[..., 0] = purpose * 2**24 + layer * 2**8 + (step >> 32)
    counter[..., 1] = step % 2**32
    counter[..., 2] = np.arange(rows)[:, None]
    counter[..., 3] = np.arange(blocks)
    return philox(counter, (seed % 2**32, seed >> 32)).reshape(rows, -1)[:, :features]


@dataclass(frozen=True)
class Draw:
    """The random numbers of one tensor (n_out, n_in)."""

    seed: int
    purpose: int
    layer: int
    shape: tuple[int, int]
    step: int = 0

    def words(self) -> Array:
        return words(self.seed, self.purpose, self.layer, self.step, *self.shape)

    def uniform(self) -> Array:
        return (self.words() + 0.5) * 2.0**-32

    def normal(self) -> Array:
        n_out, n_in = self.shape
        u = replace(self, shape=(n_out, n_in + n_in % 2)).uniform()
        radius, angle = np.sqrt(-2 * np.log(u[:, 0::2])), 2 * math.pi * u[:, 1::2]
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
        return pairs.reshape(n_out, -1)[:, :n_in]


def permutation(d: int, seed: int, purpose: int, step: int = 0) -> list[int]:
    """Fisher and Yates; step is the epoch, counted over all fits from 0."""
    order = list(range(d))
    drawn = [int(w) for w in words(seed, purpose, 0, step, 1, 2 * d)[0]]
    for i in range(d - 1, 0, -1):
        j = (drawn[2 * i] * 2**32 + drawn[2 * i + 1]) * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    return order


def validation_split(
    n: int, fraction: float, classes: Array | None, seed: int
) -> tuple[list[int], list[int]]:
    """Training and validation rows, in order; every class gives its share."""
    classes = np.zeros(n, int) if classes is None else classes
    n_validation = math.ceil(fraction * n)
    sizes = np.bincount(classes)
    left = {c: n_validation * int(size) // n for c, size in enumerate(sizes)}
    rest = sorted((-(n_validation * int(s) % n), c) for c, s in enumerate(sizes) if s > 1)
    for _, c in rest[: n_validation - sum(left.values())]:
        left[c] += 1
    aside = set()
    for row in permutation(n, seed, SPLIT):
        if left[int(classes[row])] > 0:
            left[int(classes[row])] -= 1
            aside.add(row)
    return [r for r in range(n) if r not in aside], sorted(aside)


def uniform(draw: Draw, limit: float) -> Array:
    return -limit + (limit - -limit) * draw.uniform()


def truncated_normal(
    draw: Draw, n_in: int, n_out: int, mean: float = 0.0, stddev: float = 0.05
) -> Array:
    """The first number of the steps 0, 1, ... within two standard deviations."""
    drawn = draw.normal()
    while (abs(drawn) > 2).any():
        draw = replace(draw, step=draw.step + 1)
        drawn = np.where(abs(drawn) > 2, draw.normal(), drawn)
    return mean + stddev * drawn


def variance_scaling(
    draw: Draw,
    n_in: int,
    n_out: int,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
) -> Array:
    width = {"fan_in": n_in, "fan_out": n_out, "fan_avg": (n_in + n_out) / 2}[mode]
    variance = scale / width
    if distribution == "uniform":
        return uniform(draw, math.sqrt(3 * variance))
    if distribution == "untruncated_normal":
        return math.sqrt(variance) * draw.normal()
    density = math.exp(-2) / math.sqrt(2 * math.pi)  # of the normal distribution, at 2
    kept = 1 - 4 * density / math.erf(math.sqrt(2))  # of the variance
    return truncated_normal(draw, n_in, n_out, stddev=math.sqrt(variance / kept))


def sparse(draw: Draw, n_in: int, n_out: int, sparsity: float = 0.1, stddev: float = 0.01) -> Array:
    """Selection sampling: a place is taken with the chance (zeros left) / (places left)."""
    w, chances = stddev * draw.normal(), replace(draw, step=draw.step + 1).words()
    for row, words_of_row in zip(w, chances, strict=True):
        n_zeros = math.ceil(sparsity * len(row))
        for j, word in enumerate(words_of_row):
            if int(word) * (len(row) - j) < n_zeros * 2**32:
                row[j] = 0
                n_zeros -= 1
    return w


def orthogonal(draw: Draw, n_in: int, n_out: int, gain: float = 1.0) -> Array:
    """Q of G = Q R, or of its transpose, with the diagonal of R positive."""
    drawn = draw.normal()
    wide = len(drawn) < drawn.shape[1]
    q, r = np.linalg.qr(drawn.T if wide else drawn)
    q = q * np.sign(np.diag(r))
    return gain * (q.T if wide else q)


INITIALIZERS: dict[str, Callable[..., Array]] = {
    "zeros": lambda draw, n_in, n_out: np.zeros(draw.shape),
    "ones": lambda draw, n_in, n_out: np.ones(draw.shape),
    "constant": lambda draw, n_in, n_out, value=0.0: np.full(draw.shape, value),
    "normal": lambda draw, n_in, n_out, mean=0.0, stddev=0.05: mean + stddev * draw.normal(),
    "truncated_normal": truncated_normal,
    "uniform": lambda draw, n_in, n_out, low=-0.05, high=0.05: low + (high - low) * draw.uniform(),
    "glorot_uniform": lambda draw, n_in, n_out: uniform(draw, math.sqrt(6 / (n_in + n_out))),
    "glorot_normal": lambda draw, n_in, n_out: math.sqrt(2 / (n_in + n_out)) * draw.normal(),
    "he_uniform": lambda draw, n_in, n_out: uniform(draw, math.sqrt(6 / n_in)),
    "he_normal": lambda draw, n_in, n_out: math.sqrt(2 / n_in) * draw.normal(),
    "lecun_uniform": lambda draw, n_in, n_out: uniform(draw, math.sqrt(3 / n_in)),
    "lecun_normal": lambda draw, n_in, n_out: math.sqrt(1 / n_in) * draw.normal(),
    "variance_scaling": variance_scaling,
    "orthogonal": orthogonal,
    "lsuv": orthogonal,  # until data scale it
    "sparse": sparse,
}


# Those that take logarithms, and how much larger an error of what is drawn may become by
# arithmetic: Q of a matrix moves by its condition times as much.
OF_LOGARITHMS: dict[str, Callable[[Draw], float]] = {
    **{name: lambda draw: 1.0 for name in INITIALIZERS if "normal" in name},
    "variance_scaling": lambda draw: 1.0,
    "sparse": lambda draw: 1.0,
    **{
        name: lambda draw: float(np.linalg.cond(draw.normal()))
        for name, twin in INITIALIZERS.items()
        if twin is orthogonal
    },
}


# ---- Noise: a <- s a + t, by type of the layer ---------------------------------------------------

SELU_SATURATION = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


def _dropped(draw: Draw, p: float) -> Array:
    return draw.words() < round(p * 2**32)


def dropout(draw: Draw, p: float) -> tuple[Array, Array]:
    dropped = _dropped(draw, p)
    return np.where(dropped, 0, 1 / (1 - p)), np.zeros(draw.shape)


def alpha_dropout(draw: Draw, p: float) -> tuple[Array, Array]:
    dropped, low = _dropped(draw, p), SELU_SATURATION
    s = ((1 - p) * (1 + p * low**2)) ** -0.5
    t = -s * p * low
    return np.where(dropped, 0, s), np.where(dropped, s * low + t, t)


def gaussian_noise(draw: Draw, stddev: float) -> tuple[Array, Array]:
    return np.ones(draw.shape), stddev * draw.normal()


NOISES: dict[str, tuple[int, Callable[..., tuple[Array, Array]]]] = {
    "dropout": (DROPOUT, dropout),
    "alpha_dropout": (DROPOUT, alpha_dropout),
    "gaussian_noise": (NOISE, gaussian_noise),
}
