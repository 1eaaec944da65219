"""The graph of an ONNX file as plain values, for importers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from infer_compare.interfaces import TensorSpec

DEFAULT_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class Node:
    """One operator call."""

    op_type: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    """Names of values; an empty name stands for an omitted optional input."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    """Ints, floats, strings, tuples of them, numpy arrays (tensors) or `Graph` objects (subgraphs). Default values that the
    file omits are not filled in."""
    opset: int
    """The version of the node's domain that the model imports."""

    @property
    def operator(self) -> str:
        """The operator, with its domain if that is not ONNX's: `com.microsoft.Attention` is not `Attention`."""
        return self.op_type if self.domain in DEFAULT_DOMAINS else f"{self.domain}.{self.op_type}"

    def __str__(self) -> str:
        """Return the name of the node in error messages."""
        name = self.name or next(filter(None, self.outputs), "?")
        return f"{self.operator} (node {name!r}, opset {self.opset})"


@dataclass(frozen=True, slots=True)
class Graph:
    """Inputs, constants and nodes in topological order."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    constants: Mapping[str, NDArray[Any]]
    """Initializers and `Constant` nodes by name; large external ones are memory-mapped."""
    nodes: tuple[Node, ...]
    """Nodes, without `Constant` nodes and nodes whose outputs are unused."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(spec.name for spec in self.outputs)


def captured_names(node: Node) -> set[str]:
    """Return the names that a node's subgraphs use, whether they come from outside or not."""
    names: set[str] = set()
    for value in node.attributes.values():
        if isinstance(value, Graph):
            names.update(value.output_names)
            for inner in value.nodes:
                names.update(inner.inputs)
                names.update(captured_names(inner))
    return names
