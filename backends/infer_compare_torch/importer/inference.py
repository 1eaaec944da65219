"""Dtypes and shapes of the values inside a graph, as ONNX's own shape inference has them.

Shapes that a file records for its inner values and outputs are left out of account: exporters have written
stale ones, while what follows from the inputs and the constants is certain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import DEFAULT_DOMAINS, is_external
from infer_compare_torch.importer import dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    import torch

SMALL_ELEMENTS = 1024
"""Initializers up to this size may hold shapes or axes, and take part with their values."""


KEEPS_SHAPE = frozenset({"GroupNormalization", "MeanVarianceNormalization"})
"""Operators whose output has the dtype and shape of the first input, which shape inference does not know."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """The dtype and shape of a value, as far as they are known."""

    dtype: torch.dtype | None
    shape: tuple[int | None, ...] | None


def infer(model: onnx.ModelProto) -> Mapping[str, Inferred]:
    """Return dtype and shape of every value of the main graph that inference reaches, by name."""
    import onnx.shape_inference

    inferred = onnx.shape_inference.infer_shapes(_skeleton(model), check_type=False, strict_mode=False, data_prop=True)
    return {value.name: _inferred(value) for value in (*inferred.graph.value_info, *inferred.graph.output)}


def _skeleton(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without its large weights and without recorded shapes: small enough to be serialised."""
    import onnx

    graph = onnx.GraphProto(name=model.graph.name or "graph", node=map(_known, model.graph.node))
    inputs = {value.name for value in model.graph.input}
    graph.input.extend(model.graph.input)
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= SMALL_ELEMENTS and not is_external(tensor):
            graph.initializer.append(tensor)
        elif tensor.name not in inputs:
            graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    for output in model.graph.output:
        element_type = output.type.tensor_type.elem_type
        graph.output.append(onnx.helper.make_tensor_value_info(output.name, element_type, None))
    return onnx.ModelProto(
        ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions, graph=graph
    )


def _known(node: onnx.NodeProto) -> onnx.NodeProto:
    import onnx

    if node.op_type in KEEPS_SHAPE and node.domain in DEFAULT_DOMAINS:
        return onnx.helper.make_node("Identity", node.input[:1], node.output[:1])
    return node


def _inferred(info: onnx.ValueInfoProto) -> Inferred:
    tensor = info.type.tensor_type
    try:
        dtype = dtypes.from_onnx(tensor.elem_type)
    except UnsupportedModel:
        dtype = None
    if not tensor.HasField("shape"):
        return Inferred(dtype, None)
    return Inferred(dtype, tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim))
