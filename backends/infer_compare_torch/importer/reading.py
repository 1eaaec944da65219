"""An ONNX model prepared for the walk: composed operators taken apart, dtypes and shapes inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import UnsupportedModel
from infer_compare.models.onnx_graph import DEFAULT_DOMAINS, Graph, load_onnx, read_graph
from infer_compare_torch.importer.attention_node import is_plain
from infer_compare_torch.importer.inference import Inferred, infer
from infer_compare_torch.importer.operators import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import onnx


KEPT: Mapping[str, Callable[[onnx.NodeProto], bool]] = {"Attention": is_plain}
"""Operators that have an import for some of their uses: which nodes these are."""
ASIDE = "infer_compare.kept"
"""The domain that such nodes are in while the others of their operator are taken apart."""


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
    composed, partly = set(), set()
    for op_type in {node.op_type for node in _nodes(model.graph) if node.domain in DEFAULT_DOMAINS}:
        try:
            schema = onnx.defs.get_schema(op_type, opset, "")
        except onnx.defs.SchemaError:
            continue
        covered = schema.since_version in REGISTRY.operators.get(op_type, ())
        if covered and op_type in KEPT and not all(map(KEPT[op_type], _named(model.graph, op_type))):
            composed.add(op_type)
            partly.add(op_type)
        elif not covered and (schema.has_function or schema.has_context_dependent_function):
            composed.add(op_type)
    if not composed:
        return model
    complete = onnx.ModelProto()
    complete.CopyFrom(model)
    for node in [one for op_type in composed for one in _named(complete.graph, op_type)]:
        if node.op_type in partly and KEPT[node.op_type](node):
            node.domain = ASIDE
        else:
            _state_defaults(node, onnx.defs.get_schema(node.op_type, opset, ""))
    complete.opset_import.append(onnx.helper.make_opsetid(ASIDE, 1))
    names = [("", op_type) for op_type in sorted(composed)]
    try:
        made = onnx.inliner.inline_selected_functions(complete, names, exclude=False, inline_schema_functions=True)
    except RuntimeError as error:
        # Some definitions cannot be written out where an optional input is left out.
        first = next(node for node in _nodes(model.graph) if node.op_type in composed)
        raise UnsupportedModel(
            f"ONNX operator {first.op_type} (node {first.name or first.output[0]!r}, opset {opset}) has no import into "
            f"torch, and ONNX's own definition of {' and '.join(sorted(composed))} does not fit this model."
        ) from error
    for node in _nodes(made.graph):
        if node.domain == ASIDE:
            node.domain = ""
    del made.opset_import[[entry.domain for entry in made.opset_import].index(ASIDE)]
    return made


def _named(graph: onnx.GraphProto, op_type: str) -> list[onnx.NodeProto]:
    """The nodes of an operator of ONNX's own."""
    return [node for node in _nodes(graph) if node.op_type == op_type and node.domain in DEFAULT_DOMAINS]


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
