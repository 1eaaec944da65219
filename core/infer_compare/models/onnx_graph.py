"""Reads an ONNX file into plain values, for importers.

`onnx` is imported inside the functions to keep the command line fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.errors import UnsupportedModel
from infer_compare.interfaces import TensorSpec
from infer_compare.models.graph import DEFAULT_DOMAINS, Graph, Node, captured_names
from infer_compare.models.onnx_file import load_onnx, open_onnx
from infer_compare.models.op_registry import OpRegistry
from infer_compare.models.specs import unnamed
from infer_compare.models.tensors import array_of, dense_array

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

__all__ = [
    "DEFAULT_DOMAINS",
    "Graph",
    "Node",
    "OpRegistry",
    "captured_names",
    "load_onnx",
    "open_onnx",
    "read_graph",
    "read_specs",
]


def read_graph(model: onnx.ModelProto | Path) -> Graph:
    """Return the graph of a model or of a file, with model-local functions inlined.

    Raises:
        ModelError: see `open_onnx`.
        UnsupportedModel: an input or output is not a tensor, or the opset is newer than the installed `onnx` package.
    """
    import onnx
    import onnx.inliner

    if not isinstance(model, onnx.ModelProto):
        model = open_onnx(model)
    check_opset(model)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    read_specs(model)
    opsets = {("" if entry.domain in DEFAULT_DOMAINS else entry.domain): entry.version for entry in model.opset_import}
    return _graph(model.graph, opsets)


def check_opset(model: onnx.ModelProto) -> None:
    """Check that the installed `onnx` package knows the opset of a model.

    Raises:
        UnsupportedModel: it does not, so the meaning of the model's operators is unknown.
    """
    import onnx.defs

    newest = onnx.defs.onnx_opset_version()
    opset = max((entry.version for entry in model.opset_import if entry.domain in DEFAULT_DOMAINS), default=1)
    if opset > newest:
        raise UnsupportedModel(
            f"The model uses opset {opset}, and the installed onnx package supports opsets up to {newest}; export the model "
            f"with opset {newest} or lower, or install a newer onnx."
        )


def _graph(proto: onnx.GraphProto, opsets: Mapping[str, int]) -> Graph:
    constants: dict[str, NDArray[Any]] = {tensor.name: array_of(tensor) for tensor in proto.initializer}
    initializers = set(constants)
    nodes: list[Node] = []
    for entry in proto.node:
        node = _node(entry, opsets)
        if node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS:
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    outputs = tuple(_spec(output) for output in proto.output)
    return Graph(
        name=proto.name,
        inputs=tuple(_spec(value) for value in proto.input if value.name not in initializers),
        outputs=outputs,
        constants=constants,
        nodes=_alive(nodes, {spec.name for spec in outputs}),
    )


def _node(proto: onnx.NodeProto, opsets: Mapping[str, int]) -> Node:
    domain = "" if proto.domain in DEFAULT_DOMAINS else proto.domain
    return Node(
        op_type=proto.op_type,
        domain=domain,
        name=proto.name,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes={attribute.name: _attribute(attribute, opsets) for attribute in proto.attribute},
        opset=opsets.get(domain, 1),
    )


def _attribute(proto: onnx.AttributeProto, opsets: Mapping[str, int]) -> Any:  # noqa: ANN401 - attributes are of many types
    import onnx

    value = onnx.helper.get_attribute_value(proto)
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case onnx.TensorProto():
            return array_of(value)
        case onnx.SparseTensorProto():
            return dense_array(value)
        case onnx.GraphProto():
            return _graph(value, opsets)
        case str() | int() | float():
            return value
    if hasattr(value, "__iter__"):
        return tuple(item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value)
    return value


def _constant(node: Node) -> NDArray[Any]:
    import numpy as np

    if len(node.attributes) != 1:
        raise UnsupportedModel(
            f"ONNX operator {node} has {len(node.attributes)} attributes, and its value is one; export the model again."
        )
    ((kind, value),) = node.attributes.items()
    match kind:
        case "value" | "sparse_value":
            return np.asarray(value)
        case "value_float" | "value_floats":
            return np.asarray(value, np.float32)
        case "value_int" | "value_ints":
            return np.asarray(value, np.int64)
        case "value_string" | "value_strings":
            return np.asarray(value, object)
        case _:
            raise UnsupportedModel(
                f"ONNX operator {node} has the attribute {kind!r}, which no importer supports; export the model again."
            )


def _alive(nodes: list[Node], wanted: set[str]) -> tuple[Node, ...]:
    kept: list[Node] = []
    needed = set(wanted)
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
            needed.update(captured_names(node))
            needed.discard("")
    return tuple(reversed(kept))


def read_specs(model: onnx.ModelProto) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Return inputs and outputs as the file describes them, without inputs that have an initializer, which are constants.

    Raises:
        UnsupportedModel: an input or output is not a tensor, or has an unknown element type.
    """
    initializers = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initializers]
    for value in (*inputs, *model.graph.output):
        kind = value.type.WhichOneof("value")
        if kind not in {None, "tensor_type"}:
            what = f"{value.name!r} is a {kind.removesuffix('_type')}, and only tensors are measured"
            if any(node.op_type == "ZipMap" for node in model.graph.node):
                what += '; convert the model again with skl2onnx.to_onnx(model, rows, options={"zipmap": False})'
            else:
                what += "; export the model with tensors as its inputs and outputs"
            raise UnsupportedModel(f"{what}.")
    return tuple(map(_spec, inputs)), tuple(map(_spec, model.graph.output))


def _spec(proto: onnx.ValueInfoProto) -> TensorSpec:
    from onnx import helper

    tensor = proto.type.tensor_type
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type).name if tensor.elem_type else "float32"
    except KeyError:
        raise UnsupportedModel(
            f"{proto.name!r} is of the element type {tensor.elem_type}, which the installed onnx package does not know; "
            "export the model again, or install a newer onnx."
        ) from None
    shape = tuple(
        dim.dim_value if dim.dim_value > 0 else (dim.dim_param or unnamed(index))  # some exporters write -1 or 0
        for index, dim in enumerate(tensor.shape.dim)
    )
    return TensorSpec(proto.name, dtype, shape)
