"""The size of a model: its parameters, the floating-point operations of one sample, and its precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.models.onnx_file import SMALL_ELEMENTS
from infer_compare.models.onnx_graph import DEFAULT_DOMAINS
from infer_compare.models.tensors import is_external

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import onnx

    Shapes = Mapping[str, tuple[int, ...]]

UNCOUNTED = frozenset(
    {
        "Attention",
        "ConvInteger",
        "DeformConv",
        "Einsum",
        "If",
        "Loop",
        "MatMulInteger",
        "QLinearConv",
        "QLinearMatMul",
        "Scan",
    }
)
"""Operators whose work cannot be counted; a model with one gets no number of operations."""


QUANTIZED_OPERATORS = frozenset(
    {
        "DynamicQuantizeLinear",
        "QuantizeLinear",
        "DynamicQuantizeMatMul",
        "DynamicQuantizeLSTM",
        "MatMulIntegerToFloat",
        "QLinearMatMul",
        "QLinearConv",
    }
)
"""Operators of models that compute in eight-bit integers."""
NOTABLE_SHARE = 0.05
"""Share of all weights in a coarser type from which a model counts as of that precision."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The size of a model."""

    parameters: int
    """Number of elements of its weights: floating constants, or eight-bit constants of a quantised model."""
    flops_per_sample: int | None
    """Twice the multiply-adds of convolutions, matrix products and recurrent cells at batch size 1.

    Biases, activations and normalisations are not counted. None if a shape is unknown or an operator cannot be counted.
    """
    precision: str | None = None
    """The coarsest precision of a notable share of its weights, or to which values are cast; None without weights."""


def figures(model: onnx.ModelProto, sizes: Mapping[str, int] | None = None) -> Figures:
    """Return the figures of a model.

    Args:
        model: an ONNX model; its weights need not be loaded.
        sizes: sizes of free axes by name; free first axes of inputs have size 1.
    """
    weights = _weights(model)
    return Figures(
        parameters=sum(weights.values()),
        flops_per_sample=_flops(model, sizes or {}),
        precision=_precision(model, weights),
    )


def _weights(model: onnx.ModelProto) -> dict[str, int]:
    """Return the number of elements of the weights of each type, the most precise type first."""
    from onnx import TensorProto

    names = {
        TensorProto.DOUBLE: "float64",
        TensorProto.FLOAT: "float32",
        TensorProto.FLOAT16: "float16",
        TensorProto.BFLOAT16: "bfloat16",
        TensorProto.INT8: "int8",
        TensorProto.UINT8: "int8",
    }
    tensors = [*model.graph.initializer]
    for node in model.graph.node:
        if node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS:
            tensors.extend(attribute.t for attribute in node.attribute if attribute.name == "value")
    counts = dict.fromkeys(names.values(), 0)
    for tensor in tensors:
        if tensor.data_type in names and tensor.dims:
            counts[names[tensor.data_type]] += math.prod(tensor.dims)
    return counts


def _precision(model: onnx.ModelProto, weights: Mapping[str, int]) -> str | None:
    if not QUANTIZED_OPERATORS.isdisjoint(node.op_type for node in model.graph.node):
        return "int8"
    least = NOTABLE_SHARE * sum(weights.values())
    held = [name for name, number in weights.items() if number > least]
    return max([*held, *_cast_to(model)], key=list(weights).index, default=None) if held else None


def _cast_to(model: onnx.ModelProto) -> Iterator[str]:
    """Yield the 16-bit types to which nodes cast values, as in models trained in mixed precision."""
    from onnx import TensorProto

    for node in model.graph.node:
        if node.op_type == "Cast":
            for attribute in node.attribute:
                if attribute.name == "to" and attribute.i in {TensorProto.FLOAT16, TensorProto.BFLOAT16}:
                    yield TensorProto.DataType.Name(attribute.i).lower()


def _flops(model: onnx.ModelProto, sizes: Mapping[str, int]) -> int | None:
    if any(node.op_type in UNCOUNTED or node.domain not in DEFAULT_DOMAINS for node in model.graph.node):
        return None
    shapes = shapes_at(model, sizes)
    if shapes is None:
        return None
    total = 0
    for node in model.graph.node:
        try:
            total += 2 * _multiply_adds(node, shapes)
        except KeyError:  # a shape that inference did not find
            return None
    return total


def _multiply_adds(node: onnx.NodeProto, shapes: Shapes) -> int:
    match node.op_type:
        case "Conv":
            weight = shapes[node.input[1]]
            return math.prod(shapes[node.output[0]]) * math.prod(weight[1:])
        case "ConvTranspose":
            weight = shapes[node.input[1]]
            return math.prod(shapes[node.input[0]]) * math.prod(weight[1:])
        case "Gemm":
            left = shapes[node.input[0]]
            inner = (
                left[0] if any(attribute.name == "transA" and attribute.i for attribute in node.attribute) else left[1]
            )
            return math.prod(shapes[node.output[0]]) * inner
        case "MatMul":
            return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
        case "LSTM" | "GRU" | "RNN":
            steps_and_rows = math.prod(shapes[node.input[0]][:2])
            return steps_and_rows * sum(math.prod(shapes[name]) for name in node.input[1:3])
        case _:
            return 0


def shapes_at(model: onnx.ModelProto, sizes: Mapping[str, int], *, batch: int = 1) -> dict[str, tuple[int, ...]] | None:
    """Return the shapes of all values at a batch size, as far as they can be inferred; None if inference fails."""
    import onnx
    import onnx.shape_inference

    light = without_weights(model)
    for value in light.graph.input:
        for index, dim in enumerate(value.type.tensor_type.shape.dim):
            if dim.dim_value <= 0:
                size = sizes.get(dim.dim_param) if dim.dim_param else None
                if index == 0 or size is not None:
                    dim.dim_value = batch if index == 0 else size or 1
    del light.graph.value_info[:]
    for value in light.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(light, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return None
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output):
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(dim.HasField("dim_value") for dim in tensor.shape.dim):
            shapes[value.name] = tuple(dim.dim_value for dim in tensor.shape.dim)
    return shapes


def without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose large constants have no data, since shape inference serialises the whole model."""
    import onnx

    light = onnx.ModelProto()
    light.ir_version = model.ir_version
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    light.graph.name = model.graph.name
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= SMALL_ELEMENTS and not is_external(tensor):
            light.graph.initializer.append(tensor)
        else:
            light.graph.initializer.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    return light
