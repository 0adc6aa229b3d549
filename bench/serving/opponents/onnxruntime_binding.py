"""How fast is ONNX Runtime at its best? Inputs and outputs bound once to fixed arrays."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import opponent
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

    from problem import Array, Problem


def model(problem: Problem) -> bytes:
    """Return the network in ONNX: Gemm and Relu, at last Softmax."""
    element = TensorProto.FLOAT if problem.dtype == "float32" else TensorProto.DOUBLE
    nodes, tensors, at = [], [], "x"
    for layer, (w, b) in enumerate(problem.parameters(), 1):
        tensors += [
            numpy_helper.from_array(w, f"w{layer}"),
            numpy_helper.from_array(b, f"b{layer}"),
        ]
        given = [at, f"w{layer}", f"b{layer}"]
        nodes.append(helper.make_node("Gemm", given, [f"z{layer}"], transB=1))
        last = layer == len(problem.sizes) - 1
        at = "y" if last else f"a{layer}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"z{layer}"], [at]))
    rows, sizes = problem.rows, problem.sizes
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", element, [rows, sizes[0]])],
        [helper.make_tensor_value_info("y", element, [rows, sizes[-1]])],
        tensors,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made.SerializeToString()


class Opponent(opponent.Opponent):
    """``run_with_iobinding`` on one session."""

    def __init__(self, problem: Problem, n_threads: int) -> None:
        super().__init__(problem, n_threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = n_threads, 1
        self.session = onnxruntime.InferenceSession(
            model(problem), options, providers=["CPUExecutionProvider"]
        )
        self.out = np.empty((problem.rows, problem.sizes[-1]), problem.dtype)
        to_value = onnxruntime.OrtValue.ortvalue_from_numpy
        self.x, self.y = to_value(problem.inputs()), to_value(self.out)
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input("x", self.x)
        self.binding.bind_ortvalue_output("y", self.y)

    def call(self) -> Callable[[], object]:  # noqa: D102
        return functools.partial(self.session.run_with_iobinding, self.binding)

    def outputs(self) -> Array:  # noqa: D102
        return self.y.numpy()
