"""Quantised tensors: what ONNX computes in small integers is computed here in numbers that hold it exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer import dtypes
from infer_compare_torch.importer.convolution import CONVOLUTIONS, geometry, interleaved, kernel_of, pad_same
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, dtype_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


def along(parameter: torch.Tensor, tensor: torch.Tensor, axis: int, block: int) -> torch.Tensor:
    """Return a scale or zero point shaped to broadcast: one for all, one per place of an axis, or one per block."""
    if parameter.dim() == 0 or parameter.numel() == 1:
        return parameter.reshape(())
    if block:
        return parameter.repeat_interleave(block, axis).narrow(axis, 0, tensor.shape[axis])
    if parameter.dim() > 1:
        return parameter
    shape = [1] * tensor.dim()
    shape[axis] = -1
    return parameter.reshape(shape)


def quantize(
    tensor: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor | None,
    axis: int,
    block: int,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Return numbers as integers: divided, rounded half to even, shifted and clipped to the range of the dtype."""
    steps = torch.round(tensor / along(scale, tensor, axis, block).to(tensor.dtype))
    if zero is not None:
        steps = steps + along(zero, tensor, axis, block).to(steps.dtype)
    limits = torch.iinfo(dtype)
    # Through a signed integer: wide unsigned dtypes are not converted to from floating point everywhere.
    return steps.clamp(limits.min, limits.max).to(torch.int64).to(dtype)


def dequantize(
    tensor: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor | None, axis: int, block: int
) -> torch.Tensor:
    """Return the numbers that integers stand for, in the dtype of the scale."""
    steps = tensor.to(torch.int64)
    if zero is not None:
        steps = steps - along(zero.to(torch.int64), tensor, axis, block)
    return steps.to(scale.dtype) * along(scale, tensor, axis, block)


@operator("QuantizeLinear", 10, 13, 19, 21, 23, 24, 25)
def _quantize(builder: Builder, node: Node, value: Value, scale: Value, zero: Value | None = None) -> Value:
    _refuse_other_precision(node, "precision", value)
    _refuse_other_precision(node, "precision", scale)
    wanted = node.attributes.get("output_dtype", 0)
    dtype = dtypes.from_onnx(wanted) if wanted else torch.uint8 if zero is None else dtype_of(zero)
    if dtype is None or dtype.is_floating_point:
        raise UnsupportedModel(f"ONNX operator {node} quantises to a type that cannot be imported into torch.")
    axis, block = node.attributes.get("axis", 1), node.attributes.get("block_size", 0)
    return builder.emit(quantize, value, scale, zero, axis, block, dtype)


@operator("DequantizeLinear", 10, 13, 19, 21, 23, 24, 25)
def _dequantize(builder: Builder, node: Node, value: Value, scale: Value, zero: Value | None = None) -> Value:
    _refuse_other_precision(node, "output_dtype", scale)
    axis, block = node.attributes.get("axis", 1), node.attributes.get("block_size", 0)
    return builder.emit(dequantize, value, scale, zero, axis, block)


def _refuse_other_precision(node: Node, attribute: str, value: Value) -> None:
    """Refuse an attribute that asks for another dtype than a value has."""
    wanted = node.attributes.get(attribute, 0)
    if wanted and dtypes.from_onnx(wanted) != dtype_of(value):
        raise UnsupportedModel(
            f"ONNX operator {node} uses a separate computation type, which cannot be imported into torch."
        )


def quantize_dynamically(tensor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return numbers quantised to bytes by their range, with the scale and the zero point."""
    least = torch.clamp(tensor.min(), max=0.0)
    most = torch.clamp(tensor.max(), min=0.0)
    scale = (most - least) / 255
    zero = torch.round(torch.clamp(-least / scale, 0, 255)).to(torch.uint8)
    return quantize(tensor, scale, zero, 0, 0, torch.uint8), scale, zero


@operator("DynamicQuantizeLinear", 11)
def _quantize_dynamically(builder: Builder, _: Node, value: Value) -> tuple[Value, ...]:
    return builder.several(3, quantize_dynamically, value)


def centred(tensor: torch.Tensor, zero: torch.Tensor | None, axis: int) -> torch.Tensor:
    """Return integers less their zero point, in double precision, which holds every sum of their products."""
    numbers = tensor.to(torch.float64)
    return numbers if zero is None else numbers - along(zero, tensor, axis, 0).to(torch.float64)


def multiply_integers(
    first: torch.Tensor, second: torch.Tensor, first_zero: torch.Tensor | None, second_zero: torch.Tensor | None
) -> torch.Tensor:
    """Return a product of matrices of small integers."""
    product = torch.matmul(centred(first, first_zero, first.dim() - 2), centred(second, second_zero, second.dim() - 1))
    return product.to(torch.int32)


@operator("MatMulInteger", 10)
def _multiply_integers(
    builder: Builder,
    _: Node,
    first: Value,
    second: Value,
    first_zero: Value | None = None,
    second_zero: Value | None = None,
) -> Value:
    return builder.emit(multiply_integers, first, second, first_zero, second_zero)


def multiply_quantized(
    first: torch.Tensor,
    first_scale: torch.Tensor,
    first_zero: torch.Tensor,
    second: torch.Tensor,
    second_scale: torch.Tensor,
    second_zero: torch.Tensor,
    scale: torch.Tensor,
    zero: torch.Tensor,
) -> torch.Tensor:
    """Return a product of quantised matrices, quantised again."""
    rows, columns = first.dim() - 2, second.dim() - 1
    product = torch.matmul(
        centred(first, first_zero, rows) * along(first_scale, first, rows, 0).to(torch.float64),
        centred(second, second_zero, columns) * along(second_scale, second, columns, 0).to(torch.float64),
    )
    return quantize(product, scale, zero, product.dim() - 1, 0, zero.dtype)


@operator("QLinearMatMul", 10, 21)
def _multiply_quantized(builder: Builder, _: Node, *values: Value) -> Value:
    return builder.emit(multiply_quantized, *values)


def convolve_integers(
    tensor: torch.Tensor,
    weight: torch.Tensor,
    zero: torch.Tensor | None,
    weight_zero: torch.Tensor | None,
    strides: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    upper: bool | None,
    group: int,
) -> torch.Tensor:
    """Return a convolution of small integers, in double precision; padding is with the zero point."""
    numbers = centred(tensor, zero, 1)
    if upper is None:
        numbers = torch.nn.functional.pad(numbers, interleaved(starts, ends))
    else:
        numbers = pad_same(numbers, weight.shape[2:], strides, dilations, upper)
    call: Any = CONVOLUTIONS[weight.dim() - 2]
    result: torch.Tensor = call(numbers, centred(weight, weight_zero, 0), None, strides, 0, dilations, group)
    return result


def convolve_to_int32(*arguments: Any) -> torch.Tensor:  # noqa: ANN401 - those of `convolve_integers`
    """Return a convolution of small integers."""
    return convolve_integers(*arguments).to(torch.int32)


def convolve_quantized(
    tensor: torch.Tensor,
    tensor_scale: torch.Tensor,
    zero: torch.Tensor,
    weight: torch.Tensor,
    weight_scale: torch.Tensor,
    weight_zero: torch.Tensor,
    result_scale: torch.Tensor,
    result_zero: torch.Tensor,
    bias: torch.Tensor | None,
    *geometry: Any,  # noqa: ANN401 - as the last arguments of `convolve_integers`
) -> torch.Tensor:
    """Return a quantised convolution, quantised again; the bias counts in products of the two scales."""
    sums = convolve_integers(tensor, weight, zero, weight_zero, *geometry)
    places = [1] * (weight.dim() - 2)
    if bias is not None:
        sums = sums + bias.to(torch.float64).reshape(-1, *places)
    scales = tensor_scale.to(torch.float64) * weight_scale.to(torch.float64)
    return quantize(sums * scales.reshape(-1, *places), result_scale, result_zero, 1, 0, result_zero.dtype)


def _geometry(node: Node, weight: Value) -> tuple[Any, ...]:
    automatic = node.attributes.get("auto_pad", "NOTSET")
    upper = {"SAME_UPPER": True, "SAME_LOWER": False}.get(automatic)
    return (*geometry(node, kernel_of(node, weight)), upper, node.attributes.get("group", 1))


@operator("ConvInteger", 10)
def _convolve_integers(
    builder: Builder,
    node: Node,
    value: Value,
    weight: Value,
    zero: Value | None = None,
    weight_zero: Value | None = None,
) -> Value:
    return builder.emit(convolve_to_int32, value, weight, zero, weight_zero, *_geometry(node, weight))


@operator("QLinearConv", 10)
def _convolve_quantized(
    builder: Builder,
    node: Node,
    value: Value,
    scale: Value,
    zero: Value,
    weight: Value,
    weight_scale: Value,
    weight_zero: Value,
    result_scale: Value,
    result_zero: Value,
    bias: Value | None = None,
) -> Value:
    return builder.emit(
        convolve_quantized,
        value,
        scale,
        zero,
        weight,
        weight_scale,
        weight_zero,
        result_scale,
        result_zero,
        bias,
        *_geometry(node, weight),
    )
