"""A model made ready to be traced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import name_batch, precision_of
from infer_compare_tensorflow.importer.registry import OPERATORS
from infer_compare_tensorflow.importer.target import Target, target
from infer_compare_tensorflow.importer.values import tensor
from infer_compare_tensorflow.importer.walk import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends import TensorSpec
    from infer_compare.backends.onnx_graphs import Graph

MAX_CONSTANT_KERNELS = 512 * 2**20
"""Bytes of convolution kernels that may become constants of the graph; above that they are captured.

A serialised graph ends at 2 GiB, and optimising takes time and memory in proportion to its constants.
"""

KERNEL_OPERATORS = ("Conv", "ConvTranspose")


class Program:
    """A model whose operators have all been found; `tracer` makes the function that renders it."""

    signature: Callable[..., list[tf.Tensor]] | None = None
    """A function to call directly; None, since the graph has yet to be traced."""

    def __init__(self, graph: Graph) -> None:
        """Look up every operator.

        Raises:
            UnsupportedModel: an operator has no import, or TensorFlow has no type for an input.
        """
        self.inputs: Sequence[TensorSpec]
        self.outputs: Sequence[TensorSpec]
        self.inputs, self.outputs = name_batch(graph.inputs, graph.outputs)
        self.precision = precision_of((*self.inputs, *self.outputs))
        self._block = Block(graph)
        for spec in graph.inputs:
            if not _is_known(spec.dtype):
                kind = "string" if spec.dtype == "object" else spec.dtype
                raise OPERATORS.refusal(
                    f"The model's input {spec.name!r} cannot be imported: values of type {kind} have no import into TensorFlow"
                )
        kernels = {node.inputs[1] for node in graph.nodes if node.op_type in KERNEL_OPERATORS}
        self._kernel_bytes = sum(array.nbytes for name, array in graph.constants.items() if name in kernels)

    def tracer(self, goal: Target) -> Callable[..., list[tf.Tensor]]:
        """Return the function to trace for a target: takes the inputs in order, returns the list of outputs."""
        if self._kernel_bytes > MAX_CONSTANT_KERNELS:
            goal = replace(goal, constant_kernels=False)

        def trace(*inputs: tf.Tensor) -> list[tf.Tensor]:
            token = target.set(goal)
            try:
                names = (spec.name for spec in self.inputs)
                results = self._block.run(dict(zip(names, inputs, strict=True)))
            finally:
                target.reset(token)
            # Each output gets its own identity operator, since it may also be an input or another output.
            return [tf.identity(tensor(result)) for result in results]

        return trace


def _is_known(dtype: str) -> bool:
    try:
        tf.as_dtype(dtype)
    except TypeError:
        return False
    return True
