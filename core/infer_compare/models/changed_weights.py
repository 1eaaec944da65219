"""Combines a model with copies that each have one changed weight tensor, to test whether comparing outputs notices them.

All are in one graph, so that one worker runs them at once. A copy consists of the nodes that depend on its changed weights,
and shares all others with the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

FACTOR = 1.1
"""The factor by which the values of a tensor are changed."""
TENSORS = 8
"""The most tensors that are changed, evenly over the graph."""
LEAST_IR = 4
"""The first IR version whose files need not list constants among their inputs."""


class Change(NamedTuple):
    """A changed weight tensor."""

    tensor: str
    outputs: tuple[int, ...]
    """For each output of the original, the index of the changed output, or of the original if it does not depend on the tensor."""


class ChangedModel(NamedTuple):
    """The original and its changed copies as one model."""

    model: onnx.ModelProto
    """The model; its first outputs are those of the original."""
    changes: tuple[Change, ...]


def changed_weights(model: onnx.ModelProto) -> ChangedModel | None:
    """Return a model combined with its changed copies; None if it has no weights to change, or has subgraphs.

    Args:
        model: a model with its external data; it is changed in place.
    """
    graph = model.graph
    weights = _weights(model)
    if not weights or model.ir_version < LEAST_IR or any(_has_subgraph(node) for node in graph.node):
        return None
    nodes, outputs = list(graph.node), list(graph.output)
    changes = [_add_copy(model, tensor, number, nodes, outputs) for number, tensor in enumerate(weights)]
    return ChangedModel(model, tuple(changes))


def _weights(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """Return floating tensors, evenly over the graph, without single elements and zeros."""
    from onnx import TensorProto, numpy_helper

    floating = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
    used = {name for node in model.graph.node for name in node.input}
    weights = [
        tensor
        for tensor in model.graph.initializer
        if tensor.name in used
        and tensor.data_type in floating
        and any(size > 1 for size in tensor.dims)
        and numpy_helper.to_array(tensor).any()
    ]
    if len(weights) <= TENSORS:
        return weights
    return [weights[round(place * (len(weights) - 1) / (TENSORS - 1))] for place in range(TENSORS)]


def _has_subgraph(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)


def _add_copy(
    model: onnx.ModelProto,
    tensor: onnx.TensorProto,
    number: int,
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[onnx.ValueInfoProto],
) -> Change:
    from onnx import numpy_helper

    graph = model.graph
    array = numpy_helper.to_array(tensor)
    renamed = {tensor.name: _renamed(tensor.name, number)}
    changed = (array * array.dtype.type(FACTOR)).astype(array.dtype)
    graph.initializer.append(numpy_helper.from_array(changed, renamed[tensor.name]))
    for node in nodes:
        if renamed.keys().isdisjoint(node.input):
            continue
        copy = graph.node.add()
        copy.CopyFrom(node)
        copy.name = _renamed(node.name, number) if node.name else ""
        copy.input[:] = [renamed.get(name, name) for name in node.input]
        renamed.update({name: _renamed(name, number) for name in node.output if name})
        copy.output[:] = [renamed.get(name, "") for name in node.output]
    places = []
    for place, output in enumerate(outputs):
        if output.name in renamed:
            places.append(len(graph.output))
            value = graph.output.add()
            value.CopyFrom(output)
            value.name = renamed[output.name]
        else:
            places.append(place)
    return Change(tensor.name, tuple(places))


def _renamed(name: str, number: int) -> str:
    return f"{name}/changed weights/{number}"
