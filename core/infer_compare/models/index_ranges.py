"""How large an index may be that a graph looks up in a table: what no file says of its inputs, and its tables show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

PASSING = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"})
"""Operators whose first input's values are those of their output."""


def index_ranges(model: onnx.ModelProto) -> dict[str, int]:
    """Return for each input that picks rows of constant tables the number of rows of the smallest one."""
    sizes = {one.name: tuple(one.dims) for one in model.graph.initializer}
    sources = {one.name: one.name for one in model.graph.input if one.name not in sizes}
    found: dict[str, int] = {}
    # Nodes are in an order in which each comes after those that it depends on.
    for node in model.graph.node:
        if node.op_type in PASSING and node.input and node.output and node.input[0] in sources:
            sources[node.output[0]] = sources[node.input[0]]
        if node.op_type != "Gather" or len(node.input) != 2 or node.input[1] not in sources:
            continue
        axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
        dims = sizes.get(node.input[0], ())
        if -len(dims) <= axis < len(dims):
            name = sources[node.input[1]]
            found[name] = min(found.get(name, dims[axis]), dims[axis])
    return {name: size for name, size in found.items() if size > 0}
