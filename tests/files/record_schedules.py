"""What do PyTorch's schedulers make of a learning rate of 1?

``python tests/files/record_schedules.py`` needs torch, and writes ``schedules.json``: for each
schedule the rates of 60 steps. The tests only read that file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chainrule as cr

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = Path(__file__).resolve().parent / "schedules.json"
N_STEPS = 60
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": cr.schedules.Constant(),
    "step": cr.schedules.Step(7, gamma=0.5),
    "multi_step": cr.schedules.MultiStep([3, 10, 11, 50], gamma=0.3),
    "exponential": cr.schedules.Exponential(0.97),
    "polynomial": cr.schedules.Polynomial(),
    "polynomial, power": cr.schedules.Polynomial(2.5),
    "cosine": cr.schedules.Cosine(),
    "cosine, end": cr.schedules.Cosine(0.1),
    "cosine, period": cr.schedules.Cosine(0.1, period=9),
    "cosine, growth": cr.schedules.Cosine(period=5, growth=2),
    "one_cycle": cr.schedules.OneCycle(),
    "one_cycle, linear": cr.schedules.OneCycle(
        0.4, div_factor=5.0, final_div_factor=10.0, anneal_strategy="linear"
    ),
    "one_cycle, three phases": cr.schedules.OneCycle(0.35, three_phase=True),
    "warmup": cr.schedules.Warmup(8),
    "warmup, cosine": cr.schedules.Warmup(8, schedule="cosine"),
    "warmup, step": cr.schedules.Warmup(5, schedule=cr.schedules.Step(10, gamma=0.5)),
}


def pytorch() -> dict[str, Callable[[Any], Any]]:
    """The same schedules as PyTorch has them."""
    from torch.optim import lr_scheduler as torch

    def warm(optimizer: Any, steps: int) -> Any:
        return torch.LinearLR(optimizer, 1 / steps, 1.0, steps - 1)

    def cycle(optimizer: Any, **given: Any) -> Any:
        return torch.OneCycleLR(optimizer, 1.0, N_STEPS, cycle_momentum=False, **given)

    return {
        "constant": lambda o: torch.ConstantLR(o, 1.0),
        "step": lambda o: torch.StepLR(o, 7, 0.5),
        "multi_step": lambda o: torch.MultiStepLR(o, [3, 10, 11, 50], 0.3),
        "exponential": lambda o: torch.ExponentialLR(o, 0.97),
        "polynomial": lambda o: torch.PolynomialLR(o, N_STEPS),
        "polynomial, power": lambda o: torch.PolynomialLR(o, N_STEPS, 2.5),
        "cosine": lambda o: torch.CosineAnnealingLR(o, N_STEPS),
        "cosine, end": lambda o: torch.CosineAnnealingLR(o, N_STEPS, 0.1),
        "cosine, period": lambda o: torch.CosineAnnealingWarmRestarts(o, 9, 1, 0.1),
        "cosine, growth": lambda o: torch.CosineAnnealingWarmRestarts(o, 5, 2),
        "one_cycle": cycle,
        "one_cycle, linear": lambda o: cycle(
            o, pct_start=0.4, div_factor=5.0, final_div_factor=10.0, anneal_strategy="linear"
        ),
        "one_cycle, three phases": lambda o: cycle(o, pct_start=0.35, three_phase=True),
        "warmup": lambda o: warm(o, 8),
        "warmup, cosine": lambda o: torch.SequentialLR(
            o, [warm(o, 8), torch.CosineAnnealingLR(o, N_STEPS - 8)], [8]
        ),
        "warmup, step": lambda o: torch.SequentialLR(
            o, [warm(o, 5), torch.StepLR(o, 10, 0.5)], [5]
        ),
    }


def rates(make: Callable[[Any], Any]) -> list[float]:
    """The rates of all steps."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler, found = make(optimizer), []
    for _ in range(N_STEPS):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return found


def main() -> None:
    """Write the file."""
    lines = [f"{json.dumps(name)}: {json.dumps(rates(make))}" for name, make in pytorch().items()]
    PATH.write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
