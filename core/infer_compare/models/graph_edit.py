"""Adds nodes and constants with new names to the graph of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx


class GraphEdit:
    """An editor of a graph, which is changed in place."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Change nothing yet.

        Args:
            model: the model to edit.
        """
        self._graph = model.graph
        self._names = {name for node in self._graph.node for name in (*node.input, *node.output)}
        self._names |= {tensor.name for tensor in self._graph.initializer}
        self._rows: dict[str, str] = {}

    def integers(self, name: str) -> list[int] | None:
        """Return the integers of a constant; None if the value is not a constant."""
        from onnx import numpy_helper

        for tensor in self._graph.initializer:
            if tensor.name == name:
                return [int(number) for number in numpy_helper.to_array(tensor).reshape(-1)]
        for node in self._graph.node:
            if node.op_type == "Constant" and name in node.output and len(node.attribute) == 1:
                (attribute,) = node.attribute
                if attribute.name == "value":
                    return [int(number) for number in numpy_helper.to_array(attribute.t).reshape(-1)]
                if attribute.name == "value_ints":
                    return list(attribute.ints)
        return None

    def constant(self, values: Sequence[int]) -> str:
        """Add a constant vector and return its name; existing constants may be used by other nodes."""
        from onnx import TensorProto, helper

        name = self.fresh("constant")
        self._graph.initializer.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def node(self, op_type: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:  # noqa: ANN401 - attributes are of many types
        """Return a new node, which is not yet in the graph."""
        from onnx import helper

        return helper.make_node(op_type, inputs, [output], name=output, **attributes)

    def insert(self, before: onnx.NodeProto, *nodes: onnx.NodeProto) -> None:
        """Insert nodes directly before another."""
        index = next(index for index, node in enumerate(self._graph.node) if node.output == before.output)
        for offset, node in enumerate(nodes):
            self._graph.node.insert(index + offset, node)

    def rows_of(self, value: str) -> str:
        """Return the name of a one-element vector with the number of rows of an input; its nodes are added only once."""
        if value not in self._rows:
            shape, self._rows[value] = self.fresh("input_shape"), self.fresh("rows")
            nodes = [
                self.node("Shape", [value], shape),
                self.node("Gather", [shape, self.constant([0])], self._rows[value], axis=0),
            ]
            for index, node in enumerate(nodes):
                self._graph.node.insert(index, node)
        return self._rows[value]

    def repeated(self, before: onnx.NodeProto, name: str, axis: int, shape: Sequence[int], rows: str) -> str:
        """Add nodes that repeat the first row of a value for every row of an input, and return the name of the result.

        Args:
            before: the node before which they are inserted.
            name: the name of the value.
            axis: the axis of its rows.
            shape: the shape of the value.
            rows: the name of the input.
        """
        row = name
        if shape[axis] != 1:
            row = self.fresh("row")
            bounds = [self.constant([number]) for number in (0, 1, axis)]
            self.insert(before, self.node("Slice", [name, *bounds], row))
        parts = [self.rows_of(rows)]
        if axis > 0:
            parts.insert(0, self.constant([1] * axis))
        if axis + 1 < len(shape):
            parts.append(self.constant([1] * (len(shape) - axis - 1)))
        target, wide = self.fresh("shape"), self.fresh("wide")
        self.insert(before, self.node("Concat", parts, target, axis=0), self.node("Expand", [row, target], wide))
        return wide

    def fresh(self, stem: str) -> str:
        """Return an unused name."""
        name = next(text for number in range(10**6) if (text := f"free_batch_{stem}_{number}") not in self._names)
        self._names.add(name)
        return name
