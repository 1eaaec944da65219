"""Branches and loops.

A branch whose condition is known is taken while the model is imported. Any other subgraph becomes a module of
its own, which Python calls as the condition or the count says.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from infer_compare.backends.onnx_graphs import Graph
from infer_compare_torch.importer.builder import Builder
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, dtype_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


class Branch(nn.Module):
    """One of two modules, as a condition says in each run."""

    def __init__(self, then: nn.Module, other: nn.Module) -> None:
        """Keep both modules."""
        super().__init__()
        self.then = then
        self.other = other

    def forward(
        self, condition: bool, for_then: Sequence[torch.Tensor], for_other: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, ...]:
        """Return the outputs of the branch taken."""
        taken: tuple[torch.Tensor, ...] = self.then(*for_then) if condition else self.other(*for_other)
        return taken


class Loop(nn.Module):
    """A body that is repeated while a condition holds, at most a number of times."""

    def __init__(self, body: nn.Module, carried: int) -> None:
        """Hold the body, and how many values go from one repetition to the next."""
        super().__init__()
        self.body = body
        self.carried = carried

    def forward(
        self,
        most: int | None,
        condition: bool,
        carried: Sequence[torch.Tensor],
        captured: Sequence[torch.Tensor],
        device: torch.device,
    ) -> tuple[torch.Tensor, ...]:
        """Return the values carried out of the last repetition, and those collected from all of them."""
        collected: list[Sequence[torch.Tensor]] = []
        for index in count() if most is None else range(most):
            if not condition:
                break
            number = torch.tensor(index, device=device)
            proceed, *results = self.body(number, torch.tensor(condition, device=device), *carried, *captured)
            condition = bool(proceed)
            carried = results[: self.carried]
            collected.append(results[self.carried :])
        return *carried, *_stacked(collected)


class Scan(nn.Module):
    """A body that is run over the slices of sequences."""

    def __init__(self, body: nn.Module, carried: int, settings: dict[str, tuple[int, ...]]) -> None:
        """Hold the body, how many states it carries, and axes and directions of sequences by attribute."""
        super().__init__()
        self.body = body
        self.carried = carried
        self.settings = settings

    def forward(self, values: Sequence[torch.Tensor], captured: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Return the last states, and the sequences of what each step gave."""
        states, sequences = list(values[: self.carried]), []
        for index, sequence in enumerate(values[self.carried :]):
            slices = sequence.unbind(self._setting("scan_input_axes", index))
            sequences.append(slices[::-1] if self._setting("scan_input_directions", index) else slices)
        collected = []
        for slices in zip(*sequences, strict=True):
            results = self.body(*states, *slices, *captured)
            states = list(results[: self.carried])
            collected.append(results[self.carried :])
        outputs = []
        for index, steps in enumerate(zip(*collected, strict=True)):
            ordered = steps[::-1] if self._setting("scan_output_directions", index) else steps
            outputs.append(torch.stack(ordered, self._setting("scan_output_axes", index)))
        return *states, *outputs

    def _setting(self, name: str, index: int) -> int:
        given = self.settings.get(name, ())
        return given[index] if given else 0


def _stacked(collected: Sequence[Sequence[torch.Tensor]]) -> list[torch.Tensor]:
    return [torch.stack(tuple(steps)) for steps in zip(*collected, strict=True)]


def captured(node: Node) -> list[str]:
    """Return the names that the graphs inside of a node take from outside."""
    graphs = [attribute for attribute in node.attributes.values() if isinstance(attribute, Graph)]
    return [name for graph in graphs for name in _free_names(graph)]


def _free_names(graph: Graph) -> list[str]:
    """Return the names that a subgraph takes from outside, in order."""
    defined = {spec.name for spec in graph.inputs} | set(graph.constants)
    free: dict[str, None] = {}
    for node in graph.nodes:
        wanted = (*node.inputs, *captured(node))
        free.update(dict.fromkeys(name for name in wanted if name and name not in defined))
        defined.update(node.outputs)
    free.update(dict.fromkeys(name for name in graph.output_names if name not in defined))
    return list(free)


def _module(builder: Builder, graph: Graph) -> tuple[nn.Module, tuple[Value, ...]]:
    """Return a subgraph as a module that takes its inputs, then what it captures; and the names of the latter."""
    inner = Builder(builder.walk)
    values: dict[str, Value] = {spec.name: inner.input(spec.name) for spec in graph.inputs}
    taken = []
    for name in _free_names(graph):
        outer = builder.scope[name]
        if isinstance(outer, torch.Tensor):
            values[name] = outer
            continue
        taken.append(builder.tensor(outer))
        values[name] = inner.input(name, dtype_of(outer), shape_of(outer))
    outputs = builder.walk(inner, graph, values)
    return inner.finish(outputs, graph.name, several=True), tuple(taken)


@operator("If", 1, 11, 13, 16, 19, 21, 23, 24, 25, host=True)
def _if(builder: Builder, node: Node, condition: Value) -> Sequence[Value]:
    then, other = node.attributes["then_branch"], node.attributes["else_branch"]
    if isinstance(condition, torch.Tensor):
        taken = then if condition.item() else other
        return builder.walk(builder, taken, dict(builder.scope))
    first, for_first = _module(builder, then)
    second, for_second = _module(builder, other)
    branch = Branch(first, second)
    chosen = builder.number(condition)
    return builder.module(len(node.outputs), node.name or "branch", branch, chosen, for_first, for_second)


@operator("Loop", 1, 11, 13, 16, 19, 21, 23, 24, 25, host=True)
def _loop(
    builder: Builder, node: Node, most: Value | None = None, condition: Value | None = None, *carried: Value
) -> Sequence[Value]:
    body, taken = _module(builder, node.attributes["body"])
    return builder.module(
        len(node.outputs),
        node.name or "loop",
        Loop(body, len(carried)),
        None if most is None else builder.number(most),
        True if condition is None else builder.number(condition),
        tuple(builder.tensor(value) for value in carried),
        taken,
        builder.device,
    )


@operator("Scan", 9, 11, 16, 19, 21, 23, 24, 25)
def _scan(builder: Builder, node: Node, *values: Value) -> Sequence[Value]:
    body, taken = _module(builder, node.attributes["body"])
    carried = len(values) - node.attributes["num_scan_inputs"]
    settings: dict[str, Any] = {key: tuple(value) for key, value in node.attributes.items() if key.startswith("scan_")}
    return builder.module(len(node.outputs), node.name or "scan", Scan(body, carried, settings), values, taken)
