"""Is a step set out as on paper, line by line?"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr

WORKED_EXAMPLE = """\
One step of gradient descent, 1 example, learning rate η = 0.1

Forward pass
  X                              = [[0.5000]
                                    [0.2000]]
  Z1 = W1 X + b1                 = [[0.4300]
                                    [1.4200]]
  A1 = σ(Z1)                     = [[0.6059]
                                    [0.8053]]
  Z2 = W2 A1 + b2                = [[1.2455]]
  Ŷ = A2 = σ(Z2)                 = [[0.7765]]

Loss
  Y                              = [[1.0000]]
  J = binary_cross_entropy(Ŷ, Y) = 0.2529

Backward pass
  dA2 = ∂J/∂Ŷ                    = [[-1.2878]]
  σ'(Z2)                         = [[0.1735]]
  dZ2 = (Ŷ - Y)                  = [[-0.2235]]
  dW2 = dZ2 A1ᵀ                  = [[-0.1354 -0.1800]]
  db2 = dZ2 1                    = [[-0.2235]]
  dA1 = W2ᵀ dZ2                  = [[-0.0670]
                                    [-0.1564]]
  σ'(Z1)                         = [[0.2388]
                                    [0.1568]]
  dZ1 = dA1 ⊙ σ'(Z1)             = [[-0.0160]
                                    [-0.0245]]
  dW1 = dZ1 Xᵀ                   = [[-0.0080 -0.0032]
                                    [-0.0123 -0.0049]]
  db1 = dZ1 1                    = [[-0.0160]
                                    [-0.0245]]
  dX = W1ᵀ dZ1                   = [[-0.0212]
                                    [-0.0211]]

Update
  W1 ← W1 - η dW1                = [[0.1008 0.4003]
                                    [0.8012 0.6005]]
  b1 ← b1 - η db1                = [[0.3016]
                                    [0.9025]]
  W2 ← W2 - η dW2                = [[0.3135 0.7180]]
  b2 ← b2 - η db2                = [[0.5223]]
  J                              = 0.2429"""


@pytest.mark.parametrize("decimals", [np.get_printoptions()["precision"], 2])
def test_worked_example_is_printed_as_in_the_document(
    decimals: int, dtype: str, capsys: pytest.CaptureFixture[str]
) -> None:
    net = cr.mlp([2, 2, 1], activation="sigmoid", output="sigmoid", dtype=dtype, seed=0)
    net.set_weights([[[0.1, 0.4], [0.8, 0.6]], [[0.3, 0.7]]], [[0.3, 0.9], [0.5]])
    with np.printoptions(precision=decimals, suppress=decimals == 2):
        print(net.trace([[0.5, 0.2]], [1.0]))
    assert capsys.readouterr().out == WORKED_EXAMPLE + "\n"


def equations(t: cr.Trace) -> list[str]:
    """What stands left of the numbers."""
    return [line.strip() for line in re.findall(r"^  (\S.*) = (?:\[\[|-?\d)", str(t), re.MULTILINE)]


def gradient_of_output(output: str, loss: str, m: int, d: int) -> str:
    y = np.full((d, m), 1 / m)
    net = cr.mlp([2, m], output=output, loss=loss, seed=0)
    net.set_weights([np.full((m, 2), 0.1)], [np.full(m, 0.5)])
    lines = equations(net.trace(np.ones((d, 2)), y))
    return next(line for line in lines if line.startswith("dZ1")).removeprefix("dZ1 = ")


@pytest.mark.parametrize(
    ("output", "loss", "m", "d", "expected"),
    [
        ("sigmoid", "binary_cross_entropy", 1, 4, "(Ŷ - Y) / 4"),
        ("sigmoid", "binary_cross_entropy", 3, 1, "(Ŷ - Y) / 3"),
        ("sigmoid", "binary_cross_entropy", 3, 4, "(Ŷ - Y) / 4 / 3"),
        ("softmax", "cross_entropy", 3, 4, "(Ŷ - Y) / 4"),
        ("identity", "mse", 1, 1, "2 (Ŷ - Y)"),
        ("identity", "mse", 2, 4, "2 (Ŷ - Y) / 4 / 2"),
        ("sigmoid", "mse", 2, 4, "dA1 ⊙ σ'(Z1)"),
        ("tanh", "mse", 2, 4, "dA1 ⊙ tanh'(Z1)"),
        ("softmax", "mse", 2, 4, "(∂A1/∂Z1)ᵀ dA1"),
        ("identity", "cross_entropy", 2, 4, "dA1"),
    ],
)
def test_equation_of_the_output_gradient(
    output: str, loss: str, m: int, d: int, expected: str
) -> None:
    assert gradient_of_output(output, loss, m, d) == expected


def test_the_short_equation_gives_the_printed_number() -> None:
    net = cr.mlp([2, 3], output="sigmoid", dtype="float64", seed=0)
    t = net.trace([[1.0, 2.0]] * 4, [[1.0, 0.0, 1.0]] * 4)
    assert t.dZ[1] == pytest.approx((t.Y_hat - t.Y) / 4 / 3, rel=1e-15)
    net = cr.mlp([2, 3], dtype="float64", seed=0)
    t = net.trace([[1.0, 2.0]] * 4, [[1.0, 0.0, 1.0]] * 4)
    assert t.dZ[1] == pytest.approx(2 * (t.Y_hat - t.Y) / 4 / 3, rel=1e-15)


def test_equations_of_hidden_layers() -> None:
    layers: list[Any] = [cr.Dense(2, "relu"), cr.Dense(2), cr.Dense(2, "softmax"), cr.Dense(1)]
    t = cr.Network(2, layers, seed=0).trace([[1.0, 2.0], [0.0, 1.0]], [1.0, 2.0])
    assert str(t).startswith("One step of gradient descent, 2 examples, one per column, learning")
    assert equations(t) == [
        "X",
        *("Z1 = W1 X + b1", "A1 = relu(Z1)"),
        *("Z2 = W2 A1 + b2", "A2 = Z2"),
        *("Z3 = W3 A2 + b3", "A3 = softmax(Z3)"),
        *("Z4 = W4 A3 + b4", "Ŷ = A4 = Z4"),
        *("Y", "J = mse(Ŷ, Y)"),
        *("dA4 = ∂J/∂Ŷ", "dZ4 = 2 (Ŷ - Y) / 2", "dW4 = dZ4 A3ᵀ", "db4 = dZ4 1"),
        *("dA3 = W4ᵀ dZ4", "dZ3 = (∂A3/∂Z3)ᵀ dA3", "dW3 = dZ3 A2ᵀ", "db3 = dZ3 1"),
        *("dA2 = W3ᵀ dZ3", "dZ2 = dA2", "dW2 = dZ2 A1ᵀ", "db2 = dZ2 1"),
        *("dA1 = W2ᵀ dZ2", "relu'(Z1)", "dZ1 = dA1 ⊙ relu'(Z1)", "dW1 = dZ1 Xᵀ", "db1 = dZ1 1"),
        "dX = W1ᵀ dZ1",
        *(f"{p}{i} ← {p}{i} - η d{p}{i}" for i in range(1, 5) for p in "Wb"),
        "J",
    ]


def test_columns_stand_under_each_other_and_zero_has_no_sign() -> None:
    net = cr.mlp([2, 2], dtype="float64", seed=0)
    net.set_weights([[[10.0, -1.0], [-1e-9, 2.0]]], [[0.0, 0.0]])
    said = str(net.trace([[1.0, 1.0], [0.0, -2.0]], np.zeros((2, 2))))
    assert "  X                              = [[ 1.0000  0.0000]\n" in said
    assert "  Z1 = W1 X + b1                 = [[ 9.0000  2.0000]\n" in said
    assert " [ 2.0000 -4.0000]]\n" in said
    assert "-0.0000" not in said


def test_long_matrices_are_shortened() -> None:
    net = cr.mlp([40, 50, 2], seed=0)
    text = str(net.trace(np.ones((30, 40)), np.ones((30, 2))))
    assert "..." in text
    assert len(text.splitlines()) < 300
    assert max(map(len, text.splitlines())) <= 140
