"""How fast is NumPy at its best? The step written out; nothing is allocated or done twice."""

from __future__ import annotations

import itertools

import numpy as np
import opponent
from problem import LEARNING_RATE, Array, Problem

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
# Elements that Adam works on at a time: its five arrays stay in cache. Fastest of 2^12 to 2^17.
BLOCK = 1 << 16


class Opponent(opponent.Opponent):
    """Forward, backward and Adam with ``out=`` throughout.

    The last layer is computed as classes x examples, where sums over classes add whole rows. The
    gradient is that of the sum over the batch, not of the mean: Adam needs the factor d in its
    epsilon only.
    """

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        self._limit_threads()
        sizes, d, dtype = problem.sizes, problem.batch, problem.dtype
        x, classes = problem.data()
        one_hot = np.eye(sizes[-1], dtype=dtype)[classes]
        self.x = np.split(x, problem.n_batches)
        self.y = [np.ascontiguousarray(part.T) for part in np.split(one_hot, problem.n_batches)]

        self.flat, self.g, self.m, self.v, self.work = self._flat_arrays()
        self.weights, self.biases = self._views(self.flat)
        self.dw, self.db = self._views(self.g)
        self.a = [np.empty((d, n), dtype) for n in sizes[1:-1]]
        self.da = [np.empty((d, n), dtype) for n in sizes[1:-1]]
        self.active = [np.empty((d, n), bool) for n in sizes[1:-1]]
        self.z = np.empty((sizes[-1], d), dtype)
        self.row = np.empty((1, d), dtype)
        self.ones = np.ones(d, dtype)
        self.zero = np.zeros((), dtype)

    def reset(self) -> None:  # noqa: D102
        for views, values in zip(
            (self.weights, self.biases), self.problem.parameters(), strict=True
        ):
            for view, value in zip(views, values, strict=True):
                view[...] = value
        self.m[:] = 0
        self.v[:] = 0
        self.power_1 = self.power_2 = 1.0

    def step(self, i: int) -> float:  # noqa: D102
        inputs = [self.x[i], *self.a]
        for w, b, a_prev, a in zip(self.weights, self.biases, inputs, self.a, strict=False):
            np.dot(a_prev, w.T, out=a)
            np.add(a, b, out=a)
            np.fmax(a, self.zero, out=a)
        loss = self._softmax_and_loss(inputs[-1], self.y[i])
        self._backward(inputs)
        self._adam()
        return loss

    def _softmax_and_loss(self, a_prev: Array, y: Array) -> float:
        """Make z dZ of the summed loss, as classes x examples."""
        z, row = self.z, self.row
        np.dot(self.weights[-1], a_prev.T, out=z)
        np.add(z, self.biases[-1][:, None], out=z)
        np.maximum.reduce(z, axis=0, keepdims=True, out=row)
        np.subtract(z, row, out=z)
        of_targets = np.vdot(z, y)
        np.exp(z, out=z)
        np.add.reduce(z, axis=0, keepdims=True, out=row)
        np.divide(z, row, out=z)
        np.subtract(z, y, out=z)
        np.log(row, out=row)
        return float(row.sum() - of_targets) / self.problem.batch

    def _backward(self, inputs: list[Array]) -> None:
        dz = self.z.T
        for layer in reversed(range(len(self.weights))):
            np.dot(dz.T, inputs[layer], out=self.dw[layer])
            np.dot(self.ones, dz, out=self.db[layer])
            if layer > 0:
                da, active = self.da[layer - 1], self.active[layer - 1]
                np.dot(dz, self.weights[layer], out=da)
                np.greater(inputs[layer], self.zero, out=active)
                np.multiply(da, active, out=da)
                dz = da

    def _adam(self) -> None:
        r"""Update all parameters; m is over :math:`1 - \beta_1`, v over :math:`1 - \beta_2`."""
        self.power_1 *= BETA_1
        self.power_2 *= BETA_2
        scale = ((1 - BETA_2) / (1 - self.power_2)) ** 0.5
        rate = LEARNING_RATE * (1 - BETA_1) / (1 - self.power_1) / scale
        epsilon = EPSILON * self.problem.batch / scale
        for w, g, m, v, work in self.blocks:
            np.multiply(m, BETA_1, out=m)
            np.add(m, g, out=m)
            np.multiply(v, BETA_2, out=v)
            np.multiply(g, g, out=g)
            np.add(v, g, out=v)
            np.sqrt(v, out=work)
            np.add(work, epsilon, out=work)
            np.divide(m, work, out=work)
            np.multiply(work, rate, out=work)
            np.subtract(w, work, out=w)

    def _flat_arrays(self) -> list[Array]:
        """Return parameters, gradient, both moments and room for Adam; cut them into `blocks`."""
        sizes = self.problem.sizes
        size = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
        arrays = [np.zeros(size, self.problem.dtype) for _ in range(5)]
        self.blocks = [
            [array[start : start + BLOCK] for array in arrays[:4]]
            + [arrays[4][: min(BLOCK, size - start)]]
            for start in range(0, size, BLOCK)
        ]
        return arrays

    def _views(self, flat: Array) -> tuple[list[Array], list[Array]]:
        weights, biases, at = [], [], 0
        for n_in, n_out in zip(self.problem.sizes, self.problem.sizes[1:], strict=False):
            weights.append(flat[at : at + n_out * n_in].reshape(n_out, n_in))
            biases.append(flat[at + n_out * n_in : at + n_out * (n_in + 1)])
            at += n_out * (n_in + 1)
        return weights, biases

    def _limit_threads(self) -> None:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415  (after NumPy has loaded its BLAS)

        self.limits = threadpool_limits(self.n_threads, "blas")
