"""What does ``torch.compile`` make of a step? Forward with loss, backward and Adam compiled."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from opponents import torch_eager

if TYPE_CHECKING:
    from problem import Problem


class Opponent(torch_eager.Opponent):
    """The eager opponent with loss (and with it its gradient) and update compiled."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        # It warns of profiling that it leaves out.
        torch._logging.set_logs(dynamo=logging.ERROR)
        # A tensor, so that the compiled update does not depend on its value.
        for group in self.adam.param_groups:
            group["lr"] = torch.tensor(group["lr"])
        self._loss = torch.compile(super()._loss, dynamic=False)  # type: ignore[method-assign]
        self._update = torch.compile(self.adam.step, dynamic=False)  # type: ignore[method-assign]
