"""The walk over a graph's nodes while a function is traced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import FailureKind, UnsupportedModel
from infer_compare.backends.onnx_graphs import Graph
from infer_compare_tensorflow.failures import classify
from infer_compare_tensorflow.importer.dims import fold_dims
from infer_compare_tensorflow.importer.registry import OPERATORS, Operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Dims, Value, described, tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.backends.onnx_graphs import Node


class Block:
    """The nodes of a graph or subgraph, with their operators and where values die."""

    def __init__(self, graph: Graph) -> None:
        """Look up every operator, including those of subgraphs.

        Raises:
            UnsupportedModel: an operator has no import.
        """
        OPERATORS.check(graph)
        self._graph = graph
        last_use: dict[str, int] = {}
        for index, node in enumerate(graph.nodes):
            last_use.update(dict.fromkeys((*node.inputs, *node.outputs), index))
            for inner in subgraphs(node):
                Block(inner)
                last_use.update(dict.fromkeys(captured_names(inner), index))
        dying: dict[int, list[str]] = {}
        for name, index in last_use.items():
            if name not in graph.output_names:
                dying.setdefault(index, []).append(name)
        self._steps = [
            (node, OPERATORS.find(node), tuple(dying.get(index, ()))) for index, node in enumerate(graph.nodes)
        ]

    def run(self, outer: Mapping[str, Value]) -> list[Value]:
        """Return the graph's outputs; `outer` holds its inputs and what it may take from around it."""
        values: dict[str, Value] = {**outer, **self._graph.constants}
        for node, operator, dying in self._steps:
            arguments = [values[name] if name else None for name in node.inputs]
            results = evaluate(node, operator, arguments, values)
            values.update((name, result) for name, result in zip(node.outputs, results, strict=False) if name)
            for name in dying:
                values.pop(name, None)
        return [values[name] for name in self._graph.output_names]


def subgraphs(node: Node) -> Iterator[Graph]:
    """Return the graphs among a node's attributes."""
    return (value for value in node.attributes.values() if isinstance(value, Graph))


def captured_names(graph: Graph) -> set[str]:
    """Return every name that a subgraph uses, whether it comes from outside or not."""
    names = set(graph.output_names)
    for node in graph.nodes:
        names.update(node.inputs)
        for inner in subgraphs(node):
            names.update(captured_names(inner))
    return names


def evaluate(node: Node, operator: Operator, arguments: Sequence[Value], scope: Mapping[str, Value]) -> Sequence[Value]:
    """Return the outputs of one node.

    Arrays alone are computed at once and stay arrays; shapes with free axes are computed entry by entry where
    that is possible; everything else becomes part of the graph.

    Args:
        node: the node.
        operator: its rule.
        arguments: its inputs.
        scope: all values by name, for an operator with subgraphs.

    Raises:
        UnsupportedModel: TensorFlow cannot build the operator with what the node asks of it.
    """
    try:
        folded = fold_dims(node, arguments)
        results = _results(node, operator, arguments, scope) if folded is None else folded
        OPERATORS.check_outputs(node, len(results))
    except UnsupportedModel as error:
        named = "ONNX operator" in str(error)
        raise OPERATORS.refusal(str(error) if named else f"ONNX operator {node} cannot be imported: {error}") from error
    except Exception as error:
        if classify(error).kind is not FailureKind.NO:
            raise
        inputs = [described(value) for value in arguments if value is not None]
        raise OPERATORS.not_built(node, inputs, _said(error)) from error
    return results


def _results(node: Node, operator: Operator, arguments: Sequence[Value], scope: Mapping[str, Value]) -> Sequence[Value]:
    arguments = [_accepted(operator, value) for value in arguments]
    if operator.scoped:
        return _listed(operator.function(node, scope, *arguments))
    if all(value is None or isinstance(value, np.ndarray) for value in arguments):
        with tf.init_scope(), tf.device("/CPU:0"):
            return [_array(value) for value in _listed(operator.function(node, *arguments))]
    return _listed(operator.function(node, *arguments))


_CALLED = re.compile(r"\{\{function_node [^}]*\}\} | \[Op:.*$| for '\{\{node .*$")
"""The parts that TensorFlow adds to its messages about its own graph."""


def _said(error: Exception) -> str:
    """Return TensorFlow's message about shapes and sizes; empty for Python's messages about code, which help nobody."""
    text = str(error).strip()
    if not (isinstance(error, tf.errors.OpError) or (isinstance(error, ValueError) and "{{node" in text)):
        return ""
    line = _CALLED.sub("", text.splitlines()[0] if text else "")
    return "" if any(mark in line for mark in "{}<>`_") else line


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
