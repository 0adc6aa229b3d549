"""What do PyTorch's optimisers make of some gradients?

``python tests/files/record_optimizers.py`` needs torch, jax and optax (Lion is theirs), and writes
``optimizers.json``: for each setting the parameters after each of 30 updates. ``python
tests/files/record_optimizers.py lbfgs`` needs torch, and writes ``lbfgs.json``: for each problem
the losses of L-BFGS after some iterations. The tests only read these files.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).resolve().parent / "optimizers.json"
N_STEPS = 30
# The weight (1, 3) and the bias (1,) that each setting begins with.
START = [np.array([[0.75, -1.5, 1.0]]), np.array([0.5])]
DECAY = {"weight_decay": 0.1}
SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9, "dampening": 0.25, **DECAY}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", {}),
    ("rmsprop", {"rho": 0.8, "momentum": 0.5, "centered": True, **DECAY}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 0.01, **DECAY}),
    ("adadelta", {}),
    ("adadelta", {"learning_rate": 0.5, "rho": 0.7, "epsilon": 1e-3, **DECAY}),
    ("adam", {}),
    ("adam", {"beta_1": 0.8, "beta_2": 0.7, "amsgrad": True, "decay_biases": False, **DECAY}),
    ("adamw", {}),
    ("adamw", {"learning_rate": 0.1, "beta_2": 0.7, "amsgrad": True, "decay_biases": False}),
    ("adamax", {}),
    ("adamax", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1, **DECAY}),
    ("nadam", {}),
    ("nadam", {"beta_1": 0.8, "beta_2": 0.9, "momentum_decay": 0.5, **DECAY}),
    ("radam", {}),
    ("radam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9, **DECAY}),
    ("lion", {}),
    ("lion", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.8, **DECAY}),
    ("rprop", {}),
    ("rprop", {"etas": (0.25, 1.5), "step_sizes": (0.005, 0.015)}),
]


def gradients(step: int) -> list[np.ndarray]:
    """Those of weight and bias: eighths of either sign and 0; the second weight begins with 0."""
    i = np.arange(3)
    weight = ((step * step + 5 * step * (i + 1) + 3 * i) % 17 - 7) / 8
    weight[1] *= step >= 4
    return [weight.reshape(1, 3), weight.sum(keepdims=True).reshape(1)]


def with_torch(name: str, setting: dict[str, Any]) -> list[list[float]]:
    """The parameters after each update by PyTorch."""
    import torch

    torch.set_default_dtype(torch.float64)  # NAdam's product of momenta has this type, too
    words = {"learning_rate": "lr", "epsilon": "eps"} | (
        {"rho": "alpha"} if name == "rmsprop" else {}
    )
    given = {words.get(key, key): value for key, value in setting.items()}
    decay_biases = given.pop("decay_biases", True)
    classes = {
        cls.__name__.lower(): cls for cls in vars(torch.optim).values() if isinstance(cls, type)
    }
    defaults = {"sgd": {"lr": 0.01}}.get(name, {})
    betas = {"beta_1": 0.9, "beta_2": 0.999} | given
    if "beta_1" in given or "beta_2" in given:
        given["betas"] = (betas["beta_1"], betas["beta_2"])
    given = {key: value for key, value in given.items() if key not in ("beta_1", "beta_2")}
    parameters = [torch.tensor(p, requires_grad=True) for p in START]
    groups = [{"params": [p]} for p in parameters]
    if not decay_biases:
        groups[1]["weight_decay"] = 0.0
    optimizer = classes[name](groups, **defaults, **given)
    found = []
    for step in range(N_STEPS):
        for p, g in zip(parameters, gradients(step), strict=True):
            p.grad = torch.tensor(g)
        optimizer.step()
        found.append([float(x) for p in parameters for x in p.detach().flatten()])
    return found


def with_optax(name: str, setting: dict[str, Any]) -> list[list[float]]:
    """The parameters after each update by optax."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    words = {"beta_1": "b1", "beta_2": "b2"}
    given = {"learning_rate": 1e-4, "weight_decay": 0.0}
    given |= {words.get(key, key): value for key, value in setting.items()}
    optimizer = getattr(optax, name)(**given)
    parameters: Any = [jax.numpy.asarray(p) for p in START]
    state, found = optimizer.init(parameters), []
    for step in range(N_STEPS):
        updates, state = optimizer.update(gradients(step), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        found.append([float(x) for p in parameters for x in np.ravel(p)])
    return found


# ---- L-BFGS --------------------------------------------------------------------------------------

LBFGS_PATH = PATH.with_name("lbfgs.json")
LBFGS_ITERATIONS = (0, 10, 20, 30)
# Sizes, activation inside, output and loss.
PROBLEMS: dict[str, tuple[list[int], str, str, str]] = {
    "plane": ([5, 1], "identity", "identity", "mse"),
    "waves": ([2, 12, 1], "tanh", "identity", "mse"),
    "one of two": ([3, 8, 1], "sigmoid", "sigmoid", "binary_cross_entropy"),
    "one of three": ([4, 10, 3], "tanh", "softmax", "cross_entropy"),
    "deep": ([3, 8, 8, 2], "tanh", "identity", "mse"),
    "kinks": ([4, 16, 1], "relu", "identity", "mse"),
}


def numbers(*shape: int, seed: int = 1) -> np.ndarray:
    """Numbers in [-1, 1) that every machine draws alike, by a generator of Knuth's."""
    found, state = [], seed
    for _ in range(int(np.prod(shape))):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        found.append((state >> 32) / 2.0**31 - 1)
    return np.array(found).reshape(shape)


def problem(name: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Return examples, targets, weights and biases."""
    sizes = PROBLEMS[name][0]
    x = numbers(60, sizes[0])
    if name == "plane":
        x *= 3.0 ** np.arange(sizes[0])  # so that its valley is long
    turned = [x * np.roll(x, j + 1, axis=1) for j in range(sizes[-1])]
    sums = np.stack([products.sum(axis=1) - x[:, 0] for products in turned], axis=1)
    y = {"one of two": (sums > 0) * 1.0, "one of three": sums.argmax(axis=1)}.get(name, sums)
    shapes = list(itertools.pairwise(sizes))
    weights = [numbers(b, a, seed=a * b) / np.sqrt(a) for a, b in shapes]
    return x, y, weights, [numbers(b, seed=b) / 4 for _, b in shapes]


def lbfgs_with_torch(name: str) -> list[float]:
    """J after 0, 10, 20 and 30 iterations by PyTorch."""
    import torch

    torch.set_default_dtype(torch.float64)
    _, activation, _, loss = PROBLEMS[name]
    x, y, *start = problem(name)
    given, targets = torch.tensor(x), torch.tensor(y)
    inside = {"identity": lambda z: z}.get(activation, getattr(torch, activation, None))
    cost = {
        "mse": torch.nn.functional.mse_loss,
        "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
        "cross_entropy": torch.nn.functional.cross_entropy,
    }[loss]

    def after(iterations: int) -> float:
        weights, biases = ([torch.tensor(p, requires_grad=True) for p in part] for part in start)
        # In one call: PyTorch may stop for good at t = 0 where each has max_iter=1.
        optimizer = torch.optim.LBFGS(
            [*weights, *biases],
            lr=1,
            max_iter=iterations,
            max_eval=1000,
            history_size=10,
            line_search_fn="strong_wolfe",
        )

        def closure() -> Any:
            optimizer.zero_grad()
            a = given
            for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
                z = a @ w.T + b
                a = inside(z) if i + 1 < len(weights) else z
            value = cost(a, targets)
            value.backward()
            return value

        if iterations > 0:
            optimizer.step(closure)
        return float(closure().item())

    return [after(n) for n in LBFGS_ITERATIONS]


def record_lbfgs() -> None:
    """Write its file."""
    records = [json.dumps({"name": name, "losses": lbfgs_with_torch(name)}) for name in PROBLEMS]
    LBFGS_PATH.write_text("[" + ",\n".join(records) + "]\n")


def main() -> None:
    """Write the file that is asked for."""
    if sys.argv[1:] == ["lbfgs"]:
        record_lbfgs()
        return
    records = [
        {
            "name": name,
            "setting": setting,
            "parameters": (with_optax if name == "lion" else with_torch)(name, setting),
        }
        for name, setting in SETTINGS
    ]
    PATH.write_text("[" + ",\n".join(json.dumps(record) for record in records) + "]\n")


if __name__ == "__main__":
    main()
