"""Quantised tensors: `QuantizeLinear` and its kin, with their exact integer results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.convolution import conv
from infer_compare_tensorflow.importer.matrix import product
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, dtype_of, rank_of, shape_of, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node

INTEGERS = (tf.uint8, tf.int8, tf.uint16, tf.int16)


def _spread(node: Node, data: Value, factor: Value) -> tf.Tensor:
    """Return a scale or zero point per tensor, per slice of an axis or per block, as a tensor that broadcasts to the data."""
    given = tensor(factor)
    rank = rank_of(data)
    if len(given.shape) == 0:
        return given
    axis = node.attributes.get("axis", 1)
    axis = axis % rank if rank > 1 else 0
    block = node.attributes.get("block_size", 0)
    if block:
        sizes = shape_of(data)
        repeated = tf.repeat(given, block, axis)
        return repeated[(slice(None),) * axis + (slice(0, sizes[axis]),)]
    if isinstance(data, ChannelsLast):
        axis = data.axis(axis)
    return tf.reshape(given, [-1 if place == axis else 1 for place in range(rank)]) if given.shape[0] != 1 else given


def _type(node: Node, number: int) -> tf.DType:
    from onnx import helper

    try:
        return tf.as_dtype(helper.tensor_dtype_to_np_dtype(number))
    except (KeyError, TypeError) as error:
        raise UnsupportedModel(f"ONNX operator {node} makes a type that TensorFlow does not have.") from error


def _quantized(node: Node, data: Value, scale: Value, zero: Value, default: tf.DType) -> Value:
    dtype = default if zero is None else dtype_of(zero)
    if dtype not in INTEGERS:
        raise UnsupportedModel(f"ONNX operator {node} makes {dtype.name}, which cannot be imported into TensorFlow.")
    held = isinstance(data, ChannelsLast) and not node.attributes.get("block_size", 0)
    x = data.last if held else tensor(data)
    around = data if held else x
    factor = _spread(node, around, scale)
    number = node.attributes.get("precision", 0)
    precision = _type(node, number) if number else factor.dtype
    steps = tf.round(tf.cast(x, precision) / tf.cast(factor, precision))
    # Steps are clipped in their own type first: huge ones do not fit an integer.
    steps = tf.cast(tf.clip_by_value(tf.cast(steps, tf.float32), -(2.0**24), 2.0**24), tf.int32)
    if zero is not None:
        steps += tf.cast(_spread(node, around, zero), tf.int32)
    result = tf.cast(tf.clip_by_value(steps, dtype.min, dtype.max), dtype)
    return ChannelsLast(result) if held else result


@operator("QuantizeLinear", 10, 13, 19, 21, 23, 24, 25, 28, layouts=True)
def quantize_linear(node: Node, data: Value, scale: Value, zero: Value = None) -> Value:
    """round(x / scale) + zero point, half to even, within the range of the type."""
    number = node.attributes.get("output_dtype", 0)
    return _quantized(node, data, scale, zero, _type(node, number) if number else tf.uint8)


@operator("DequantizeLinear", 10, 13, 19, 21, 23, 24, 25, 28, layouts=True)
def dequantize_linear(node: Node, data: Value, scale: Value, zero: Value = None) -> Value:
    """(x - zero point) * scale, in the type of the scale."""
    if dtype_of(data) not in {*INTEGERS, tf.int32}:
        raise UnsupportedModel(
            f"ONNX operator {node} reads {dtype_of(data).name}, which cannot be imported into TensorFlow."
        )
    held = isinstance(data, ChannelsLast) and not node.attributes.get("block_size", 0)
    x = data.last if held else tensor(data)
    around = data if held else x
    steps = tf.cast(x, tf.int32)
    if zero is not None:
        steps -= tf.cast(_spread(node, around, zero), tf.int32)
    factor = _spread(node, around, scale)
    number = node.attributes.get("output_dtype", 0)
    wide = tf.cast(steps, tf.float32) * tf.cast(factor, tf.float32)
    result = tf.cast(wide, _type(node, number) if number else factor.dtype)
    return ChannelsLast(result) if held else result


@operator("DynamicQuantizeLinear", 11)
def dynamic_quantize_linear(_node: Node, data: Value) -> list[Value]:
    """Return bytes whose range is that of the data, zero included, with scale and zero point."""
    x = tensor(data)
    zero = tf.zeros([], x.dtype)
    high, low = tf.maximum(tf.reduce_max(x), zero), tf.minimum(tf.reduce_min(x), zero)
    scale = tf.where(tf.equal(high, low), tf.ones([], x.dtype), high - low) / 255
    point = tf.round(tf.clip_by_value(-low / scale, 0, 255))
    steps = tf.clip_by_value(tf.round(x / scale) + point, 0, 255)
    return [tf.cast(steps, tf.uint8), scale, tf.cast(point, tf.uint8)]


def _shifted(data: Value, zero: Value, *, rows: bool = False) -> tf.Tensor:
    """Return integers less their zero point, as int32; a vector of zero points belongs to rows, or else to columns."""
    x = tf.cast(tensor(data), tf.int32)
    if zero is None:
        return x
    point = tf.cast(tensor(zero), tf.int32)
    return x - (point[:, None] if rows and len(point.shape) == 1 and len(x.shape) > 1 else point)


@operator("MatMulInteger", 10)
def matmul_integer(_node: Node, left: Value, right: Value, left_zero: Value = None, right_zero: Value = None) -> Value:
    """Return a product of 8-bit matrices less their zero points, as int32."""
    return product(_shifted(left, left_zero, rows=True), _shifted(right, right_zero))


def _requantized(total: tf.Tensor, factor: tf.Tensor, zero: Value) -> tf.Tensor:
    dtype = dtype_of(zero)
    steps = tf.cast(total, tf.float64) * tf.cast(factor, tf.float64) + tf.cast(tensor(zero), tf.float64)
    return tf.cast(tf.clip_by_value(tf.round(steps), dtype.min, dtype.max), dtype)


@operator("QLinearMatMul", 10, 21)
def qlinear_matmul(
    _node: Node,
    left: Value,
    left_scale: Value,
    left_zero: Value,
    right: Value,
    right_scale: Value,
    right_zero: Value,
    scale: Value,
    zero: Value,
) -> Value:
    """Return a product of quantised matrices, quantised anew."""
    scales = [tensor(factor) for factor in (left_scale, right_scale, scale)]
    if len(scales[0].shape) == 1 and scales[0].shape[0] != 1:
        scales[0] = scales[0][:, None]
    total = product(_shifted(left, left_zero, rows=True), _shifted(right, right_zero))
    return _requantized(total, scales[0] * scales[1] / scales[2], zero)


def _exact_conv(node: Node, data: Value, zero: Value, weight: Value, weight_zero: Value) -> tf.Tensor:
    """Return a convolution of 8-bit integers in double precision, in which every sum is exact."""
    x = tf.cast(_shifted(data, zero), tf.float64)
    filters = tf.cast(tensor(weight), tf.float64)
    if weight_zero is not None:
        point = tf.cast(tensor(weight_zero), tf.float64)
        per_output = len(point.shape) == 1
        filters -= tf.reshape(point, [-1] + [1] * (len(filters.shape) - 1)) if per_output else point
    result: Any = conv(node, x, filters)
    return result.first


@operator("ConvInteger", 10)
def conv_integer(node: Node, data: Value, weight: Value, zero: Value = None, weight_zero: Value = None) -> Value:
    """Return a convolution of 8-bit integers less their zero points, as int32."""
    return tf.cast(_exact_conv(node, data, zero, weight, weight_zero), tf.int32)


@operator("QLinearConv", 10)
def qlinear_conv(
    node: Node,
    data: Value,
    data_scale: Value,
    data_zero: Value,
    weight: Value,
    weight_scale: Value,
    weight_zero: Value,
    scale: Value,
    zero: Value,
    bias: Value = None,
) -> Value:
    """Return a convolution of quantised images, quantised anew; weights may have a scale per output channel."""
    total = _exact_conv(node, data, data_zero, weight, weight_zero)
    channels = [1, -1] + [1] * (len(total.shape) - 2)
    if bias is not None:
        total += tf.cast(tf.reshape(tensor(bias), channels), tf.float64)
    factor = tensor(data_scale) * tensor(weight_scale) / tensor(scale)
    return _requantized(total, tf.reshape(factor, channels) if len(factor.shape) == 1 else factor, zero)
