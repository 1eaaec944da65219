"""Nodes of a graph in the order in which they can be computed.

The standard asks for it, and ONNX Runtime does without: files that were changed by hand often have a node at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx


def sort_nodes(model: onnx.ModelProto, path: Path) -> None:
    """Bring the nodes of a model's graph into the order in which they can be computed; sorted ones stay where they are.

    Raises:
        ModelError: nodes need each other's outputs.
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
    """The names that a node takes, those that its graphs take from around them included."""
    names = set(node.input)
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            taken = {one.name for one in graph.output}.union(*map(_uses, graph.node))
            own = {one.name for one in (*graph.input, *graph.initializer)}.union(*(one.output for one in graph.node))
            names |= taken - own
    return names


def _ordered(needs: Sequence[Sequence[int]]) -> list[int] | None:
    """The indices with those that each needs before it, without recursion; None where some need each other."""
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
