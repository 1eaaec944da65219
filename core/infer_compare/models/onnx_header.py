"""Checks the names and sizes in an ONNX file once, when the file is read.

A file may contain any bytes as a name and any 64-bit number as a size; later code relies on valid values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.limits import LARGEST_AXIS, MOST_AXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import onnx


def check_header(model: onnx.ModelProto, path: Path) -> None:
    """Check the names in a model, and the shapes of its inputs and outputs.

    Raises:
        ModelError: a name is not UTF-8, an input or output is listed twice, an axis is larger than any memory, there are too
            many axes, or a function calls itself.
    """
    graph = model.graph
    for noun, values in (("input", graph.input), ("output", graph.output)):
        names = [value.name for value in values]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ModelError(f"{path} lists the {noun} {twice!r} twice; remove one, or rename it.")
    for value in (*graph.input, *graph.output):
        sizes = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        if len(sizes) > MOST_AXES:
            raise ModelError(
                f"{path} has {len(sizes)} axes in its {_named(value.name)}; at most {MOST_AXES} are supported."
            )
        too_large = next((size for size in sizes if size > LARGEST_AXIS), None)
        if too_large is not None:
            raise ModelError(
                f"{path} has an axis of {too_large} in its {_named(value.name)}, which is too large for any memory; export it again."
            )
    if any(isinstance(name, bytes) for name in _names(model)):
        raise ModelError(f"{path} is not a valid ONNX file: a name in it is not UTF-8; export it again.")

    recursive = _recursive(model)
    if recursive is not None:
        raise ModelError(f"{path} is not a valid ONNX file: its function {recursive!r} calls itself; export it again.")


def _recursive(model: onnx.ModelProto) -> str | None:
    """Return the name of a function of the model that calls itself, directly or through others; None if there is none."""
    calls = {
        f"{function.domain}.{function.name}": {f"{node.domain}.{node.op_type}" for node in all_nodes(function.node)}
        for function in model.functions
    }
    while calls:
        leaves = [name for name, called in calls.items() if not called & calls.keys()]
        if not leaves:
            return min(calls)
        for name in leaves:
            del calls[name]
    return None


def all_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph or function, including those of subgraphs."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from all_nodes(inner.node)


def _named(name: object) -> str:
    return f"input or output {name!r}"


def _names(model: onnx.ModelProto) -> Iterator[object]:
    """Yield all names in a model; protobuf returns names that are not UTF-8 as bytes."""
    graph = model.graph
    yield graph.name
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        yield from (axis.dim_param for axis in value.type.tensor_type.shape.dim)
    yield from (tensor.name for tensor in graph.initializer)
    for node in graph.node:
        yield from _words(node)
    for entry in (*model.metadata_props, *model.opset_import):
        yield from (getattr(entry, field, "") for field in ("key", "value", "domain"))


def _words(node: onnx.NodeProto) -> Iterable[object]:
    return (
        node.name,
        node.op_type,
        node.domain,
        *node.input,
        *node.output,
        *(attribute.name for attribute in node.attribute),
    )
