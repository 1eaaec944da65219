"""Operators of single elements that do no arithmetic of their own: casts, bounds, comparison, logic, selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.layouts import aligned, unary, wrap
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, dtype_of, tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node


@operator("Identity", 1, 13, 14, 16, 19, 21, 23, 24, 25, layouts=True, dims=True)
def identity(_node: Node, data: Value) -> Value:
    """Return the value itself."""
    return data


@operator("Dropout", 7, 10, 12, 13, 22, layouts=True)
def dropout(node: Node, data: Value, _ratio: Value = None, training: Value = None) -> Value:
    """Return the value itself, with a mask of ones where one is asked for: dropout does nothing at inference."""
    if training is not None and not (isinstance(training, np.ndarray) and not training.any()):
        raise UnsupportedModel(f"ONNX operator {node} is in training mode; export the model for inference.")
    if len(node.outputs) == 1:
        return data
    mask = unary(data, lambda x: tf.ones_like(x, tf.bool if node.opset >= 10 else x.dtype))
    return [data, mask]


@operator("Cast", 6, 9, 13, 19, 21, 23, 24, 25, 28, layouts=True)
def cast(node: Node, data: Value) -> Value:
    """Return the value in another dtype."""
    return _cast(node, data, _dtype(node, node.attributes["to"]))


@operator("CastLike", 15, 19, 21, 23, 24, 25, layouts=True)
def cast_like(node: Node, data: Value, like: Value) -> Value:
    """Return the value in the dtype of another value."""
    return _cast(node, data, dtype_of(like))


def _dtype(node: Node, number: int) -> tf.DType:
    from onnx import helper

    try:
        return tf.as_dtype(helper.tensor_dtype_to_np_dtype(number))
    except (KeyError, TypeError) as error:
        raise UnsupportedModel(f"ONNX operator {node} casts to a type that TensorFlow does not have.") from error


def _cast(node: Node, data: Value, dtype: tf.DType) -> Value:
    given = dtype_of(data)
    if tf.string in {given, dtype}:
        raise UnsupportedModel(f"ONNX operator {node} casts strings, which cannot be imported into TensorFlow.")
    if dtype.size == 1 and dtype.is_floating:
        raise UnsupportedModel(f"ONNX operator {node} casts to {dtype.name}, which cannot be imported into TensorFlow.")
    if dtype == tf.bool and given.is_floating:
        return unary(data, lambda x: tf.not_equal(x, tf.zeros([], x.dtype)))
    if given.is_floating and dtype.is_unsigned and dtype.size < 8:
        # Negative numbers wrap around as they do in numpy and ONNX Runtime.
        return unary(data, lambda x: tf.cast(tf.cast(x, tf.int64), dtype))
    return unary(data, lambda x: tf.cast(x, dtype))


@operator("Clip", 6, layouts=True)
def clip_6(node: Node, data: Value) -> Value:
    """Return the value clipped to bounds that are attributes."""
    low, high = node.attributes.get("min"), node.attributes.get("max")
    return _clip(data, low, high)


@operator("Clip", 11, 12, 13, layouts=True)
def clip(_node: Node, data: Value, low: Value = None, high: Value = None) -> Value:
    """Return the value clipped to bounds that are inputs; the upper one wins where they cross."""
    return _clip(data, low, high)


def _clip(data: Value, low: Value, high: Value) -> Value:
    dtype = dtype_of(data)
    if dtype == tf.float32 and _equals(low, 0) and _equals(high, 6):
        return unary(data, tf.nn.relu6)
    if low is not None:
        bottom = tf.cast(tensor(low), dtype)
        data = unary(data, lambda x: maximum(x, bottom))
    if high is not None:
        top = tf.cast(tensor(high), dtype)
        data = unary(data, lambda x: minimum(x, top))
    return data


def _equals(value: Value, number: float) -> bool:
    return isinstance(value, int | float | np.ndarray) and bool(np.all(value == number))


def maximum(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return the larger of two, for every type."""
    return tf.maximum(left, right)


def minimum(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return the smaller of two, for every type."""
    return tf.minimum(left, right)


@operator("Where", 9, 16, layouts=True)
def where(_node: Node, condition: Value, left: Value, right: Value) -> Value:
    """Return one value where a condition holds, another elsewhere."""
    tensors, last = aligned(condition, left, right)
    return wrap(tf.where(*tensors), last)


def _binary(function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[..., Value]:
    def rule(_node: Node, left: Value, right: Value) -> Value:
        tensors, last = aligned(left, right)
        return wrap(function(*tensors), last)

    return rule


BINARY: tuple[tuple[str, tuple[int, ...], Callable[..., Any]], ...] = (
    ("And", (7,), tf.logical_and),
    ("Or", (7,), tf.logical_or),
    ("Xor", (7,), tf.math.logical_xor),
    ("Equal", (7, 11, 13, 19), tf.equal),
    ("Greater", (7, 9, 13), tf.greater),
    ("GreaterOrEqual", (12, 16), tf.greater_equal),
    ("Less", (7, 9, 13), tf.less),
    ("LessOrEqual", (12, 16), tf.less_equal),
    ("BitwiseAnd", (18,), tf.bitwise.bitwise_and),
    ("BitwiseOr", (18,), tf.bitwise.bitwise_or),
    ("BitwiseXor", (18,), tf.bitwise.bitwise_xor),
)

for _name, _since, _function in BINARY:
    operator(_name, *_since, layouts=True)(_binary(_function))


@operator("Not", 1, layouts=True)
def logical_not(_node: Node, data: Value) -> Value:
    """Return the logical negation."""
    return unary(data, tf.logical_not)


@operator("BitwiseNot", 18, layouts=True)
def bitwise_not(_node: Node, data: Value) -> Value:
    """Return every bit inverted."""
    return unary(data, tf.bitwise.invert)


@operator("BitShift", 11, 28, layouts=True)
def bit_shift(node: Node, data: Value, amount: Value) -> Value:
    """Return the bits shifted left or right."""
    (x, by), last = aligned(data, amount)
    zero = tf.zeros([], x.dtype)
    # TensorFlow limits shifts to the width; in ONNX a longer shift leaves no bits.
    whole = tf.logical_or(by < zero, by >= tf.constant(8 * x.dtype.size, x.dtype))
    near = tf.where(whole, zero, by)
    if node.attributes["direction"] == "LEFT":
        return wrap(tf.where(whole, zero, tf.bitwise.left_shift(x, near)), last)
    signs = zero if x.dtype.is_unsigned else tf.where(x < zero, -tf.ones([], x.dtype), zero)
    return wrap(tf.where(whole, signs, tf.bitwise.right_shift(x, near)), last)


@operator("IsNaN", 9, 13, 20, layouts=True)
def is_nan(_node: Node, data: Value) -> Value:
    """Return where elements are not numbers."""
    return unary(data, tf.math.is_nan)


@operator("IsInf", 10, 20, layouts=True)
def is_inf(node: Node, data: Value) -> Value:
    """Return where elements are infinite, of the signs asked for."""
    positive = node.attributes.get("detect_positive", 1)
    negative = node.attributes.get("detect_negative", 1)

    def detect(x: tf.Tensor) -> tf.Tensor:
        infinite = tf.math.is_inf(x)
        zero = tf.zeros([], x.dtype)
        if not positive:
            infinite = tf.logical_and(infinite, x < zero)
        if not negative:
            infinite = tf.logical_and(infinite, x > zero)
        return infinite

    return unary(data, detect)
