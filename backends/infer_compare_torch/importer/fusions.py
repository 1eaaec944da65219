"""Groups of operators that torch has one function for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from infer_compare_torch.importer.attention import AttentionFusion

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Graph, Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Value


class Fusion(Protocol):
    """Makes one call of a group of a graph's nodes."""

    def __call__(self, builder: Builder, node: Node) -> Value | None:
        """Return what the group makes that ends with the node, or None if the node ends none that torch has a call for.

        The group's other nodes were imported one by one before. What uses them no longer is left out of the module.
        """


FUSIONS: tuple[Callable[[Graph], Fusion], ...] = (AttentionFusion,)
"""The fusions, in the order in which they are tried."""


class Fusions:
    """All fusions of a graph."""

    def __init__(self, graph: Graph) -> None:
        """Look at no node yet."""
        self._fusions = [make(graph) for make in FUSIONS]

    def ending_with(self, builder: Builder, node: Node) -> tuple[Value, ...] | None:
        """Return the outputs of a node as a fused call makes them, or None if the node is to be imported by itself."""
        made = (fusion(builder, node) for fusion in self._fusions)
        return next(((value,) for value in made if value is not None), None)
