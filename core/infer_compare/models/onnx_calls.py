"""Checks the operator calls in an ONNX file against ONNX's definitions of the operators.

A call with missing inputs crashes the process in ONNX's shape inference, and causes unreadable errors in importers. ONNX
Runtime rejects such files by the same rules.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import ModelError
from infer_compare.models.graph import DEFAULT_DOMAINS, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import onnx


INTERNAL = "__"
"""Prefix of attributes that are internal notes of tools."""

NOT_NEGATIVE = {"GatherND": "batch_dims"}
"""Attributes that crash the process in ONNX's shape inference if they are negative, by operator."""

KINDS = {
    "FLOAT": "a number",
    "INT": "an integer",
    "STRING": "a text",
    "TENSOR": "a tensor",
    "GRAPH": "a graph",
    "SPARSE_TENSOR": "a sparse tensor",
    "TYPE_PROTO": "a type",
    "FLOATS": "numbers",
    "INTS": "integers",
    "STRINGS": "texts",
    "TENSORS": "tensors",
    "GRAPHS": "graphs",
    "SPARSE_TENSORS": "sparse tensors",
    "TYPE_PROTOS": "types",
}
"""Types of attributes in words."""


def check_calls(model: onnx.ModelProto, path: Path) -> None:
    """Check the inputs and attributes of every node, and that its inputs are defined.

    Operators of unknown domains and versions are not checked.

    Raises:
        ModelError: an input or attribute is missing, unknown or of another type, or a value is not computed by any node; the
            message names the node and its operator.
    """
    problem = next(_problems(model), None)
    if problem is not None:
        raise ModelError(f"{path} is not a valid ONNX file: {problem}; export the model again.")


class _Known(NamedTuple):
    """The known operators: opsets and functions of the file."""

    opsets: Mapping[str, int]
    functions: Mapping[tuple[str, str], int]
    """The number of inputs of each function of the file, by domain and name."""


def _problems(model: onnx.ModelProto) -> Iterator[str]:
    functions = {(function.domain, function.name): len(function.input) for function in model.functions}
    yield from _of_graph(model.graph, _Known(_opsets(model.opset_import), functions), set())
    for function in model.functions:
        opsets = _opsets(function.opset_import or model.opset_import)
        values = set(function.input).union(*(node.output for node in function.node))
        yield from _of_nodes(function.node, _Known(opsets, functions), values)


def _opsets(entries: Sequence[onnx.OperatorSetIdProto]) -> dict[str, int]:
    return {("" if entry.domain in DEFAULT_DOMAINS else entry.domain): entry.version for entry in entries}


def _of_graph(graph: onnx.GraphProto, known: _Known, outer: set[str]) -> Iterator[str]:
    values = outer.union(
        (value.name for value in graph.input),
        (tensor.name for tensor in graph.initializer),
        *(node.output for node in graph.node),
    )
    yield from _of_nodes(graph.node, known, values)
    for output in graph.output:
        if output.name not in values:
            yield f"no node computes its output {output.name!r}"


def _of_nodes(nodes: Sequence[onnx.NodeProto], known: _Known, values: set[str]) -> Iterator[str]:
    for node in nodes:
        domain = "" if node.domain in DEFAULT_DOMAINS else node.domain
        opset = known.opsets.get(domain, 1)
        call = f"ONNX operator {Node(node.op_type, domain, node.name, (), tuple(node.output), {}, opset)}"
        for value in node.input:
            if value and value not in values:
                yield f"{call} takes {value!r}, which no node computes"
        most = known.functions.get((node.domain, node.op_type))
        schema = _schema(node.op_type, opset, domain) if most is None else None
        if most is not None and len(node.input) > most:
            yield f"{call} has {len(node.input)} inputs, and its function takes {most}"
        if schema is not None:
            yield from (f"{call} {problem}" for problem in _of_call(node, schema))
        for attribute in node.attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _of_graph(graph, known, values)


@cache
def _schema(op_type: str, opset: int, domain: str) -> onnx.defs.OpSchema | None:
    import onnx.defs

    try:
        return onnx.defs.get_schema(op_type, opset, domain)
    except (onnx.defs.SchemaError, TypeError):  # a version that is no 32-bit number
        return None


def _of_call(node: onnx.NodeProto, schema: onnx.defs.OpSchema) -> Iterator[str]:
    import onnx.defs

    single = onnx.defs.OpSchema.FormalParameterOption.Single
    count = len(node.input)
    if count > schema.max_input:
        yield f"has {count} inputs, and takes at most {schema.max_input}"
    missing = [
        formal.name
        for index, formal in enumerate(schema.inputs)
        if formal.option == single and index < schema.min_input and not (index < count and node.input[index])
    ]
    if missing:
        yield f"lacks the input {missing[0]!r}"
    elif count < schema.min_input:
        yield f"has {count} inputs, and needs {schema.min_input} or more"
    if not schema.min_output <= len(node.output) <= schema.max_output:
        yield f"has {len(node.output)} outputs, which is not a number that it can have"
    stated = {attribute.name for attribute in node.attribute}
    for name, definition in schema.attributes.items():
        if definition.required and name not in stated:
            yield f"lacks the attribute {name!r}"
    for attribute in node.attribute:
        if attribute.name not in schema.attributes:
            if not attribute.name.startswith(INTERNAL):
                yield f"has the attribute {attribute.name!r}, which the operator does not know"
            continue
        if NOT_NEGATIVE.get(node.op_type) == attribute.name and attribute.i < 0:
            yield f"has the attribute {attribute.name!r} as {attribute.i}, which must be 0 or more"
        wanted = schema.attributes[attribute.name].type.name
        given = (
            attribute.AttributeType.Name(attribute.type) if attribute.type in attribute.AttributeType.values() else ""
        )
        if given not in {wanted, "UNDEFINED"}:
            yield f"has the attribute {attribute.name!r} as {KINDS.get(given, 'something')}, which must be {KINDS[wanted]}"
