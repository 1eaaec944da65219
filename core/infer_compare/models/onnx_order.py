"""Sorts the nodes of a graph topologically.

The standard requires it, but ONNX Runtime does not, and files edited by hand often have nodes appended at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx


def sort_nodes(model: onnx.ModelProto, path: Path) -> None:
    """Sort the nodes of a model's graph topologically; sorted graphs are left unchanged.

    Raises:
        ModelError: the graph has a cycle.
    """
    nodes = model.graph.node
    made = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    needs = [sorted({made[name] for name in _uses(node) if name in made}) for node in nodes]
    if all(before < index for index, befores in enumerate(needs) for before in befores):
        return
    order = _ordered(needs)
    if order is None:
        raise ModelError(
            f"{path} is not a valid ONNX file: its nodes need each other's outputs; export the model again."
        )
    copies = [type(nodes[index]).FromString(nodes[index].SerializeToString()) for index in order]
    del nodes[:]
    nodes.extend(copies)


def _uses(node: onnx.NodeProto) -> set[str]:
    """Return the names that a node uses, including those that its subgraphs capture."""
    names = set(node.input)
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            taken = {output.name for output in graph.output}.union(*map(_uses, graph.node))
            defined = {value.name for value in (*graph.input, *graph.initializer)}.union(
                *(value.output for value in graph.node)
            )
            names |= taken - defined
    return names


def _ordered(needs: Sequence[Sequence[int]]) -> list[int] | None:
    """Return the indices in topological order, without recursion; None if there is a cycle."""
    order: list[int] = []
    state = [0] * len(needs)
    for start in range(len(needs)):
        stack = [start]
        while stack:
            index = stack[-1]
            if state[index] == 2:
                stack.pop()
                continue
            waiting = [before for before in needs[index] if state[before] != 2]
            if not waiting:
                state[index] = 2
                order.append(stack.pop())
            elif state[index] == 1:
                return None
            else:
                state[index] = 1
                stack.extend(reversed(waiting))
    return order
