"""What does a step cost in PyTorch as most people write it? Eager, with the fused Adam."""

from __future__ import annotations

import opponent
import torch
from problem import LEARNING_RATE, Problem
from torch import nn


class Opponent(opponent.Opponent):
    """``nn.Sequential``, ``backward`` and ``torch.optim.Adam(fused=True)``."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        torch.set_num_threads(n_threads)
        torch.set_default_dtype(getattr(torch, problem.dtype))
        x, classes = problem.data()
        self.x = torch.from_numpy(x).split(problem.batch)
        self.y = torch.from_numpy(classes).split(problem.batch)
        layers: list[nn.Module] = []
        for n_in, n_out in zip(problem.sizes, problem.sizes[1:], strict=False):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        self.model = nn.Sequential(*layers[:-1])
        self.adam = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)

    def reset(self) -> None:  # noqa: D102
        given = [p for pair in zip(*self.problem.parameters(), strict=True) for p in pair]
        with torch.no_grad():
            for parameter, values in zip(self.model.parameters(), given, strict=True):
                parameter.copy_(torch.from_numpy(values))
        for moments in self.adam.state.values():
            for moment in moments.values():
                moment.zero_()

    def step(self, i: int) -> float:  # noqa: D102
        return self._step(self.x[i], self.y[i]).item()

    def epochs(self, n: int) -> None:  # noqa: D102
        for _ in range(n):
            for x, y in zip(self.x, self.y, strict=True):
                self._step(x, y)

    def _step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = self._loss(x, y)
        self.adam.zero_grad()
        loss.backward()
        self._update()
        return loss.detach()

    def _loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(self.model(x), y)

    def _update(self) -> None:
        self.adam.step()
