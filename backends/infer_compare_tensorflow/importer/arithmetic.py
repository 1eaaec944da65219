"""Arithmetic of single elements, with ONNX's rules for integers."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.importer.elementwise import maximum, minimum
from infer_compare_tensorflow.importer.layouts import aligned, unary, wrap
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, dtype_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node


def divide(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return the quotient; of integers, truncated towards zero."""
    return tf.truncatediv(left, right) if left.dtype.is_integer else tf.divide(left, right)


def sign(x: tf.Tensor) -> tf.Tensor:
    """Return -1, 0 or 1."""
    if x.dtype.is_unsigned:
        return tf.cast(tf.not_equal(x, tf.zeros([], x.dtype)), x.dtype)
    return tf.sign(x)


def absolute(x: tf.Tensor) -> tf.Tensor:
    """Return the magnitude."""
    return x if x.dtype.is_unsigned else tf.abs(x)


UNARY: tuple[tuple[str, tuple[int, ...], Callable[[tf.Tensor], tf.Tensor]], ...] = (
    ("Abs", (6, 13), absolute),
    ("Acos", (7, 22), tf.acos),
    ("Acosh", (9, 22), tf.acosh),
    ("Asin", (7, 22), tf.asin),
    ("Asinh", (9, 22), tf.asinh),
    ("Atan", (7, 22), tf.atan),
    ("Atanh", (9, 22), tf.atanh),
    ("Ceil", (6, 13), tf.math.ceil),
    ("Cos", (7, 22), tf.cos),
    ("Cosh", (9, 22), tf.cosh),
    ("Erf", (9, 13), tf.math.erf),
    ("Exp", (6, 13), tf.exp),
    ("Floor", (6, 13), tf.floor),
    ("Log", (6, 13), tf.math.log),
    ("Neg", (6, 13), tf.negative),
    ("Reciprocal", (6, 13), tf.math.reciprocal),
    ("Round", (11, 22), tf.round),
    ("Sign", (9, 13), sign),
    ("Sin", (7, 22), tf.sin),
    ("Sinh", (9, 22), tf.sinh),
    ("Sqrt", (6, 13), tf.sqrt),
    ("Tan", (7, 22), tf.tan),
)


def _unary(function: Callable[[tf.Tensor], tf.Tensor]) -> Callable[..., Value]:
    return lambda _node, data: unary(data, function)


for _name, _since, _one in UNARY:
    operator(_name, *_since, layouts=True)(_unary(_one))


BINARY: tuple[tuple[str, tuple[int, ...], Callable[[tf.Tensor, tf.Tensor], tf.Tensor]], ...] = (
    ("Add", (7, 13, 14), tf.add),
    ("Sub", (7, 13, 14), tf.subtract),
    ("Mul", (7, 13, 14), tf.multiply),
    ("Div", (7, 13, 14), divide),
)


def _binary(function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[..., Value]:
    def rule(_node: Node, left: Value, right: Value) -> Value:
        tensors, last = aligned(left, right)
        return wrap(function(*tensors), last)

    return rule


for _name, _since, _two in BINARY:
    operator(_name, *_since, layouts=True)(_binary(_two))


def _variadic(function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[..., Value]:
    def rule(_node: Node, *inputs: Value) -> Value:
        tensors, last = aligned(*inputs)
        return wrap(reduce(function, tensors), last)

    return rule


for _name, _since, _two in (
    ("Max", (6, 8, 12, 13), maximum),
    ("Min", (6, 8, 12, 13), minimum),
    ("Sum", (6, 8, 13), tf.add),
):
    operator(_name, *_since, layouts=True)(_variadic(_two))


@operator("Mean", 6, 8, 13, layouts=True)
def mean(_node: Node, *inputs: Value) -> Value:
    """Return the mean of several values."""
    tensors, last = aligned(*inputs)
    return wrap(reduce(tf.add, tensors) / tf.cast(len(tensors), tensors[0].dtype), last)


@operator("Mod", 10, 13, 28, layouts=True)
def mod(node: Node, left: Value, right: Value) -> Value:
    """Return the remainder: with the divisor's sign, or with the dividend's when `fmod` is 1."""
    tensors, last = aligned(left, right)
    if not node.attributes.get("fmod", 0):
        return wrap(tf.math.floormod(*tensors), last)
    dtype = tensors[0].dtype
    # There is no kernel for short types; their remainders are exact in 32 bits.
    wide = dtype if dtype.size > 2 else tf.float32 if dtype.is_floating else tf.int32
    return wrap(tf.cast(tf.truncatemod(*(tf.cast(tensor, wide) for tensor in tensors)), dtype), last)


@operator("Pow", 7, 12, 13, 15, layouts=True)
def power(_node: Node, base: Value, exponent: Value) -> Value:
    """Return a power of the base's type; of mixed types, computed in double precision."""
    (left, right), last = aligned(base, exponent)
    if dtype_of(base) == dtype_of(exponent):
        return wrap(tf.pow(left, right), last)
    result = tf.pow(tf.cast(left, tf.float64), tf.cast(right, tf.float64))
    return wrap(tf.cast(result, left.dtype), last)
