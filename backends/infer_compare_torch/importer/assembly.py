"""The walk over the nodes that makes the module."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from infer_compare.backends import FailureKind, UnsupportedModel
from infer_compare_torch.failures import classify
from infer_compare_torch.importer import dtypes
from infer_compare_torch.importer.builder import Builder
from infer_compare_torch.importer.control import captured
from infer_compare_torch.importer.elementwise import cast
from infer_compare_torch.importer.fusions import Fusions
from infer_compare_torch.importer.operators import REGISTRY
from infer_compare_torch.importer.values import Value, described, dtype_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import fx

    from infer_compare.backends.onnx_graphs import Graph, Node
    from infer_compare_torch.importer.inference import Inferred

KEEPS_UNSIGNED = frozenset(
    {"Cast", "CastLike", "Expand", "Identity", "Reshape", "Shape", "Size", "Squeeze", "Unsqueeze"}
)
"""Operators that torch carries out on wide unsigned integers as on any dtype."""

WRAPS = frozenset(
    {"Add", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Concat", "Equal", "Gather", "GatherElements"}
    | {"GatherND", "Mul", "Slice", "Split", "Sub", "Tile", "Transpose", "Where"}
)
"""Operators whose bits are the same for signed and unsigned integers of one width."""


def assemble(graph: Graph, inferred: Mapping[str, Inferred]) -> fx.GraphModule:
    """Return the module of a graph.

    Raises:
        UnsupportedModel: an operator has no import, or not as this node uses it.
    """

    def walk(builder: Builder, graph: Graph, values: dict[str, Value]) -> list[Value]:
        return _walk(builder, graph, values, inferred)

    builder = Builder(walk)
    values: dict[str, Value] = {}
    for spec in graph.inputs:
        shape = tuple(size if isinstance(size, int) else None for size in spec.shape)
        with _naming(f"The model's input {spec.name!r}"):
            values[spec.name] = builder.input(spec.name, dtypes.from_name(spec.dtype), shape)
    outputs = walk(builder, graph, values)
    return builder.finish(outputs, graph.name, several=len(outputs) > 1)


def _walk(builder: Builder, graph: Graph, values: dict[str, Value], inferred: Mapping[str, Inferred]) -> list[Value]:
    """Write the nodes into the builder; `values` are those known so far by name."""
    uses = Counter(name for node in graph.nodes for name in (*node.inputs, *captured(node)))
    uses.update(graph.output_names)
    for name, array in graph.constants.items():
        if name in uses:
            with _naming(f"The model's constant {name!r}"):
                values[name] = builder.constants.add(name, array)
    fusions = Fusions(graph)
    for node in graph.nodes:
        arguments = [values[name] if name else None for name in node.inputs]
        builder.scope, builder.uses = values, uses
        with _refusing(node, arguments):
            results = fusions.ending_with(builder, node) or _run(builder, node, arguments, inferred)
            REGISTRY.check_outputs(node, len(results))
        for name, value in zip(node.outputs, results, strict=False):
            if name:
                values[name] = builder.annotate(value, inferred.get(name))
    return [values[name] for name in graph.output_names]


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Within it, refusals of inputs and constants name the input or constant."""
    try:
        yield
    except UnsupportedModel as error:
        raise REGISTRY.refusal(f"{what} cannot be imported: {error}") from error


@contextmanager
def _refusing(node: Node, arguments: Sequence[Value | None]) -> Iterator[None]:
    """Turn errors of a node into one sentence that names it; a lack of memory is passed on unchanged."""
    try:
        yield
    except UnsupportedModel as error:
        named = "ONNX operator" in str(error)
        raise REGISTRY.refusal(str(error) if named else f"ONNX operator {node} cannot be imported: {error}") from error
    except Exception as error:
        if classify(error).kind is not FailureKind.NO:
            raise
        said = str(error).strip().splitlines()[:1] if isinstance(error, RuntimeError) else []
        inputs = [described(value) for value in arguments if value is not None]
        raise REGISTRY.not_built(node, inputs, *said) from error


def _run(
    builder: Builder, node: Node, arguments: Sequence[Value | None], inferred: Mapping[str, Inferred]
) -> Sequence[Value]:
    operator = REGISTRY.find(node)
    wide = {dtype_of(value) for value in arguments if value is not None} & dtypes.UNSIGNED_WIDE
    if not wide or node.op_type in KEEPS_UNSIGNED:
        return operator(builder, node, arguments)
    if torch.uint64 in wide and node.op_type not in WRAPS:
        raise UnsupportedModel(f"ONNX operator {node} works on uint64, which cannot be imported into torch.")
    # torch cannot compute with these dtypes; the next wider one holds every value.
    widened = [
        cast(builder, value, torch.int64) if value is not None and dtype_of(value) in wide else value
        for value in arguments
    ]
    results = operator(builder, node, widened)
    narrowed = []
    for name, value in zip(node.outputs, results, strict=False):
        known = inferred.get(name)
        narrow = known is not None and known.dtype in dtypes.UNSIGNED_WIDE
        narrowed.append(cast(builder, value, known.dtype) if narrow and known and known.dtype else value)
    return narrowed
