"""Control flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, tensor
from infer_compare_tensorflow.importer.walk import Block, captured_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infer_compare.models.onnx_graph import Graph, Node


@operator("If", 1, 11, 13, 16, 19, 21, 23, 24, 25, scoped=True)
def branch(node: Node, scope: Mapping[str, Value], condition: Value) -> list[Value]:
    """One of two subgraphs; only the one that counts is built where the condition is known while tracing."""
    then, other = node.attributes["then_branch"], node.attributes["else_branch"]
    if isinstance(condition, np.ndarray):
        return Block(then if condition.reshape(()) else other).run(scope)
    # What a branch makes of an outer value must not be remembered outside of it, so both see plain tensors.
    used = captured_names(then) | captured_names(other)
    plain = {
        name: value if isinstance(value, np.ndarray) else tensor(value) for name, value in scope.items() if name in used
    }

    def built(graph: Graph) -> Callable[[], list[tf.Tensor]]:
        return lambda: [tensor(value) for value in Block(graph).run(plain)]

    return list(tf.cond(tf.reshape(condition, []), built(then), built(other)))
