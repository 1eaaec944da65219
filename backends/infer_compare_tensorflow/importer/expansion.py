"""Operators that ONNX itself defines by others, written out where the importer has no rule of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import onnx.defs
import onnx.inliner

from infer_compare.models.onnx_graph import DEFAULT_DOMAINS, load_onnx
from infer_compare_tensorflow.importer.registry import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def expanded(model: onnx.ModelProto | Path) -> onnx.ModelProto:
    """The model with every operator written out that has no import and whose schema holds a definition.

    Raises:
        ModelError: the file cannot be read.
    """
    if not isinstance(model, onnx.ModelProto):
        model = load_onnx(model)
    opset = max((entry.version for entry in model.opset_import if entry.domain in DEFAULT_DOMAINS), default=1)
    known = OPERATORS.operators
    names = {node.op_type for node in _nodes(model.graph) if node.domain in DEFAULT_DOMAINS} - set(known)
    defined = [("", name) for name in sorted(names) if _is_defined(name, opset)]
    if not defined:
        return model
    typed = onnx.ModelProto()
    typed.CopyFrom(model)
    # The inliner asks for the types of a call's inputs, and finds none for initializers.
    typed.graph.value_info.extend(
        onnx.helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in model.graph.initializer
    )
    try:
        return onnx.inliner.inline_selected_functions(typed, defined, inline_schema_functions=True)
    except RuntimeError:
        # It asserts where it lacks a type; the operator is then refused by name.
        return model


def _is_defined(name: str, opset: int) -> bool:
    try:
        schema = onnx.defs.get_schema(name, opset, "")
    except onnx.defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)
