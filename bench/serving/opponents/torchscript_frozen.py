"""What does a call of PyTorch cost at its best? A traced and frozen module, without gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import opponent
import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from problem import Array, Problem


class Opponent(opponent.Opponent):
    """``torch.jit.freeze`` of a trace, optimised for inference."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        torch.set_num_threads(n_threads)
        torch.set_default_dtype(getattr(torch, problem.dtype))
        layers: list[nn.Module] = []
        for w, b in problem.parameters():
            linear = nn.Linear(w.shape[1], w.shape[0])
            linear.load_state_dict({"weight": torch.from_numpy(w), "bias": torch.from_numpy(b)})
            layers += [linear, nn.ReLU()]
        layers[-1] = nn.Softmax(dim=1)
        self.x = torch.from_numpy(problem.inputs())
        traced = torch.jit.trace(nn.Sequential(*layers).eval(), self.x)
        self.module = torch.jit.optimize_for_inference(torch.jit.freeze(traced))

    def call(self) -> Callable[[], object]:  # noqa: D102
        return self._predict

    def outputs(self) -> Array:  # noqa: D102
        return self.y.numpy()

    def _predict(self) -> None:
        with torch.inference_mode():
            self.y = self.module(self.x)
