"""Finds the valid ranges of inputs that are indices of constant tables, since files do not state them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

PASSING = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"})
"""Operators that pass the values of their first input on unchanged."""


def index_ranges(model: onnx.ModelProto) -> dict[str, int]:
    """Return for each input that indexes constant tables the number of rows of the smallest table."""
    sizes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    sources = {value.name: value.name for value in model.graph.input if value.name not in sizes}
    ranges: dict[str, int] = {}
    # Nodes are topologically sorted.
    for node in model.graph.node:
        if node.op_type in PASSING and node.input and node.output and node.input[0] in sources:
            sources[node.output[0]] = sources[node.input[0]]
        if node.op_type != "Gather" or len(node.input) != 2 or node.input[1] not in sources:
            continue
        axis = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)
        dims = sizes.get(node.input[0], ())
        if -len(dims) <= axis < len(dims):
            name = sources[node.input[1]]
            ranges[name] = min(ranges.get(name, dims[axis]), dims[axis])
    return {name: size for name, size in ranges.items() if size > 0}
