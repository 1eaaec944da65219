"""Expands functions in a file, and operators that ONNX defines by other operators, if an importer has no rule for them.

Each node is expanded separately: a node whose definition does not apply is kept, and the importer refuses it by name.
"""

from __future__ import annotations

import contextlib
from collections import ChainMap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.models.figures import without_weights
from infer_compare.models.onnx_graph import DEFAULT_DOMAINS
from infer_compare.models.onnx_header import all_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import onnx

    from infer_compare.models.onnx_graph import OpRegistry

    Types = Mapping[str, onnx.TypeProto]
    Partly = Mapping[str, Callable[[onnx.NodeProto], bool]]

DOMAIN = "infer_compare.expanded"
"""Domain of the temporary functions that hold definitions before they are inlined."""

DEEPEST = 10
"""The most passes: expanded nodes are searched for further definitions."""


class Rules(NamedTuple):
    """The operators for which an importer has rules."""

    registry: OpRegistry[Any]
    partly: Partly
    """For operators with a rule for only some calls, a function that says whether it covers a call."""

    def cover(self, node: onnx.NodeProto, since_version: int) -> bool:
        """Return whether there is a rule for that call of an operator's version."""
        covered = self.registry.covers(node.op_type, since_version)
        return covered and (node.op_type not in self.partly or self.partly[node.op_type](node))


def expanded(
    model: onnx.ModelProto, registry: OpRegistry[Any], partly: Partly = MappingProxyType({})
) -> onnx.ModelProto:
    """Return the model with its functions, and the operators that the importer lacks, replaced by their definitions.

    Args:
        model: any model; its external data need not be loaded.
        registry: the operators for which the importer has rules, which are kept.
        partly: for operators of the registry whose rule covers only some calls, a function that says whether it does.

    Returns:
        The model itself if there is nothing to expand, else a new model without recorded shapes and metadata.
    """
    import onnx.inliner

    rules = Rules(registry, partly)
    if not model.functions and not any(_is_foreign(node, rules, _opset(model)) for node in all_nodes(model.graph.node)):
        return model
    draft = without_weights(model)
    if draft.functions:
        _state_own_defaults(draft)
        draft = onnx.inliner.inline_local_functions(draft)
    for _ in range(DEEPEST):
        draft, found_any = _defined(draft, rules)
        if not found_any:
            break
    del draft.graph.initializer[:]
    draft.graph.initializer.extend(model.graph.initializer)
    return draft


def _state_own_defaults(model: onnx.ModelProto) -> None:
    """Write out default attributes in calls of the model's functions, since the inliner drops them."""
    functions = {(function.domain, function.name): function for function in model.functions}
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in all_nodes(nodes):
            function = functions.get((node.domain, node.op_type))
            stated = {attribute.name for attribute in node.attribute}
            defaults = () if function is None else function.attribute_proto
            node.attribute.extend(attribute for attribute in defaults if attribute.name not in stated)


def _opset(model: onnx.ModelProto) -> int:
    return max((entry.version for entry in model.opset_import if entry.domain in DEFAULT_DOMAINS), default=1)


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _is_foreign(node: onnx.NodeProto, rules: Rules, opset: int) -> bool:
    """Return whether the importer lacks a node's operator and ONNX defines it by other operators."""
    schema = _schema(node, opset)
    if schema is None or rules.cover(node, schema.since_version):
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def _schema(node: onnx.NodeProto, opset: int) -> onnx.defs.OpSchema | None:
    import onnx.defs

    if node.domain not in DEFAULT_DOMAINS:
        return None
    try:
        return onnx.defs.get_schema(node.op_type, opset, "")
    except onnx.defs.SchemaError:
        return None


def _defined(model: onnx.ModelProto, rules: Rules) -> tuple[onnx.ModelProto, bool]:
    """Return the model after one pass of expansion, and whether anything was expanded."""
    import onnx.inliner
    import onnx.shape_inference

    opset = _opset(model)
    if not any(_is_foreign(node, rules, opset) for node in all_nodes(model.graph.node)):
        return model, False
    with contextlib.suppress(onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        # Some definitions depend on the types of a call's inputs.
        model = onnx.shape_inference.infer_shapes(model)
    functions: list[onnx.FunctionProto] = []
    _replace(model.graph, {}, rules, opset, functions)
    if not functions:
        return model, False
    model.functions.extend(functions)
    model.opset_import.add(domain=DOMAIN, version=1)
    model = onnx.inliner.inline_local_functions(model)
    kept = [entry for entry in model.opset_import if entry.domain != DOMAIN]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model, True


def _replace(
    graph: onnx.GraphProto, outer: Types, rules: Rules, opset: int, functions: list[onnx.FunctionProto]
) -> None:
    """Make every node that can be expanded call a function with its definition, and add these functions to the list."""
    from onnx import helper

    known = {value.name: value.type for value in (*graph.input, *graph.output, *graph.value_info)}
    known.update(
        {tensor.name: helper.make_tensor_type_proto(tensor.data_type, tensor.dims) for tensor in graph.initializer}
    )
    types = ChainMap(known, dict(outer))
    for node in graph.node:
        for inner in _subgraphs(node):
            _replace(inner, types, rules, opset, functions)
        if not _is_foreign(node, rules, opset):
            continue
        function = _definition(node, types, opset)
        if function is not None:
            function.name, function.domain = f"{node.op_type}_{len(functions)}", DOMAIN
            node.op_type, node.domain = function.name, DOMAIN
            functions.append(function)


def _definition(node: onnx.NodeProto, types: Types, opset: int) -> onnx.FunctionProto | None:
    """Return ONNX's definition of one call; None if there is none for these inputs."""
    import onnx

    schema = _schema(node, opset)
    assert schema is not None
    _state_defaults(node, schema)
    try:
        data = _body(node, schema, types, opset)
    except (RuntimeError, ValueError, onnx.defs.SchemaError):  # the definition does not apply to this call
        return None
    if not data:
        return None
    function = onnx.FunctionProto.FromString(data)
    if len(node.input) > len(function.input):  # the inliner ends in an assertion then
        return None
    # The definition applies at the model's opset, whatever opset it states itself.
    del function.opset_import[:]
    function.opset_import.add(domain="", version=opset)
    return function


def _body(node: onnx.NodeProto, schema: onnx.defs.OpSchema, types: Types, opset: int) -> bytes | None:
    import onnx

    if schema.has_context_dependent_function:
        versions = [version for version in schema.context_dependent_function_opset_versions if version <= opset]
        known = [types.get(name, onnx.TypeProto()) if name else onnx.TypeProto() for name in node.input]
        complete = all(not name or value.WhichOneof("value") for name, value in zip(node.input, known, strict=True))
        if versions and complete:
            given = [value.SerializeToString() for value in known]
            made: bytes = schema.get_context_dependent_function_with_opset_version(
                max(versions), node.SerializeToString(), given
            )
            return made
    versions = (
        [version for version in schema.function_opset_versions if version <= opset] if schema.has_function else []
    )
    body: bytes | None = schema.get_function_with_opset_version(max(versions)) if versions else None
    return body


def _state_defaults(node: onnx.NodeProto, schema: onnx.defs.OpSchema) -> None:
    """Write out default attributes, since definitions refer to them by name."""
    stated = {attribute.name for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in stated and attribute.default_value.name:
            node.attribute.append(attribute.default_value)
