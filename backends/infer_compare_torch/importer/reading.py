"""An ONNX model prepared for the walk: composed operators taken apart, dtypes and shapes inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import UnsupportedModel
from infer_compare.models.onnx_graph import DEFAULT_DOMAINS, Graph, load_onnx, read_graph
from infer_compare_torch.importer.inference import Inferred, infer
from infer_compare_torch.importer.operators import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import onnx


def read(model: onnx.ModelProto | Path) -> tuple[Graph, Mapping[str, Inferred]]:
    """The graph, and what is known of its values.

    Raises:
        ModelError: the file cannot be read.
        UnsupportedModel: an operator has no import.
    """
    import onnx

    if not isinstance(model, onnx.ModelProto):
        model = load_onnx(model)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    model = _decomposed(model)
    _check_inputs(model)
    graph = read_graph(model)
    REGISTRY.check(graph)
    return graph, infer(model)


def _check_inputs(model: onnx.ModelProto) -> None:
    """Refuses inputs that are no tensors, or of which not even the rank is stated."""
    constants = {one.name for one in model.graph.initializer}
    for one in model.graph.input:
        if one.name not in constants and not one.type.tensor_type.HasField("shape"):
            raise UnsupportedModel(f"The model's input {one.name!r} is not a tensor with a stated number of axes.")


def _decomposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with operators that have no import replaced by ONNX's own definition of them, where it has one."""
    import onnx.defs
    import onnx.inliner

    opset = max((entry.version for entry in model.opset_import if entry.domain in DEFAULT_DOMAINS), default=1)
    composed = set()
    for op_type in {node.op_type for node in _nodes(model.graph) if node.domain in DEFAULT_DOMAINS}:
        try:
            schema = onnx.defs.get_schema(op_type, opset, "")
        except onnx.defs.SchemaError:
            continue
        covered = schema.since_version in REGISTRY.operators.get(op_type, ())
        if not covered and (schema.has_function or schema.has_context_dependent_function):
            composed.add(op_type)
    if not composed:
        return model
    complete = onnx.ModelProto()
    complete.CopyFrom(model)
    for node in _nodes(complete.graph):
        if node.op_type in composed and node.domain in DEFAULT_DOMAINS:
            _state_defaults(node, onnx.defs.get_schema(node.op_type, opset, ""))
    names = [("", op_type) for op_type in sorted(composed)]
    try:
        return onnx.inliner.inline_selected_functions(complete, names, exclude=False, inline_schema_functions=True)
    except RuntimeError as error:
        # Some definitions cannot be written out where an optional input is left out.
        first = next(node for node in _nodes(model.graph) if node.op_type in composed)
        raise UnsupportedModel(
            f"ONNX operator {first.op_type} (node {first.name or first.output[0]!r}, opset {opset}) has no import into "
            f"torch, and ONNX's own definition of {' and '.join(sorted(composed))} does not fit this model."
        ) from error


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The nodes of a graph and of the graphs inside of them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _state_defaults(node: onnx.NodeProto, schema: onnx.defs.OpSchema) -> None:
    """Writes attributes out that were left to their defaults: the definitions refer to them by name."""
    stated = {attribute.name for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in stated and attribute.default_value.name:
            node.attribute.append(attribute.default_value)
