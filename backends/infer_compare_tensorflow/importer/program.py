"""A graph made ready to be traced, and the walk that traces it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare import UnsupportedModel
from infer_compare_tensorflow.importer.dims import fold_dims
from infer_compare_tensorflow.importer.registry import OPERATORS, Operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Dims, Target, Value, target, tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare import TensorSpec
    from infer_compare.models.onnx_graph import Graph, Node

MAX_CONSTANT_KERNELS = 512 * 2**20
"""Bytes of convolution kernels that may become constants of the graph; above that they are captured.

A serialised graph ends at 2 GiB, and optimising takes time and memory in proportion to its constants.
"""

KERNEL_OPERATORS = ("Conv", "ConvTranspose")


class Program:
    """A model whose operators have all been found; `tracer` makes the function that renders it."""

    def __init__(self, graph: Graph) -> None:
        """Looks every operator up and finds where values die.

        Raises:
            UnsupportedModel: an operator has no import, or an input has no fixed rank.
        """
        OPERATORS.check(graph)
        self.inputs: Sequence[TensorSpec] = graph.inputs
        self.outputs: Sequence[TensorSpec] = graph.outputs
        self._constants = graph.constants
        last_use = {name: index for index, node in enumerate(graph.nodes) for name in (*node.inputs, *node.outputs)}
        for name in graph.output_names:
            last_use.pop(name, None)
        dying: dict[int, list[str]] = {}
        for name, index in last_use.items():
            dying.setdefault(index, []).append(name)
        self._steps = [
            (node, OPERATORS.find(node), tuple(dying.get(index, ()))) for index, node in enumerate(graph.nodes)
        ]
        kernels = {node.inputs[1] for node in graph.nodes if node.op_type in KERNEL_OPERATORS}
        self._kernel_bytes = sum(array.nbytes for name, array in graph.constants.items() if name in kernels)

    def tracer(self, goal: Target) -> Callable[..., list[tf.Tensor]]:
        """The function to trace for a target: takes the inputs in order, returns the list of outputs."""
        if self._kernel_bytes > MAX_CONSTANT_KERNELS:
            goal = replace(goal, constant_kernels=False)

        def trace(*inputs: tf.Tensor) -> list[tf.Tensor]:
            token = target.set(goal)
            try:
                return self._walk(inputs)
            finally:
                target.reset(token)

        return trace

    def _walk(self, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        values: dict[str, Value] = dict(self._constants)
        values.update(zip((spec.name for spec in self.inputs), inputs, strict=True))
        for node, operator, dying in self._steps:
            arguments = [values[name] if name else None for name in node.inputs]
            results = evaluate(node, operator, arguments)
            values.update((name, result) for name, result in zip(node.outputs, results, strict=False) if name)
            for name in dying:
                values.pop(name, None)
        # An operator of its own for every output: it may be an input, or another output as well.
        return [tf.identity(tensor(values[spec.name])) for spec in self.outputs]


def evaluate(node: Node, operator: Operator, arguments: Sequence[Value]) -> Sequence[Value]:
    """The outputs of one node.

    Arrays alone are computed at once and stay arrays; shapes with free axes are computed entry by entry where
    that is possible; everything else becomes part of the graph.

    Raises:
        UnsupportedModel: TensorFlow cannot build the operator with what the node asks of it.
    """
    folded = fold_dims(node, arguments)
    if folded is not None:
        return folded
    arguments = [_accepted(operator, value) for value in arguments]
    try:
        if operator.folds and all(value is None or isinstance(value, np.ndarray) for value in arguments):
            with tf.init_scope(), tf.device("/CPU:0"):
                return [_array(value) for value in _listed(operator.function(node, *arguments))]
        return _listed(operator.function(node, *arguments))
    except (
        NotImplementedError,
        TypeError,
        ValueError,
        tf.errors.InvalidArgumentError,
        tf.errors.NotFoundError,
        tf.errors.UnimplementedError,
    ) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UnsupportedModel(f"ONNX operator {node} cannot be built with TensorFlow: {reason}") from error


def _accepted(operator: Operator, value: Value) -> Value:
    if (isinstance(value, ChannelsLast) and not operator.layouts) or (isinstance(value, Dims) and not operator.dims):
        return tensor(value)
    return value


def _listed(result: Any) -> Sequence[Value]:  # noqa: ANN401 - one value or several
    return result if isinstance(result, list | tuple) else [result]


def _array(value: Value) -> Value:
    if value is None or isinstance(value, np.ndarray | Dims):
        return value
    return np.asarray(tensor(value).numpy())
