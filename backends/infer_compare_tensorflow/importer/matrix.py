"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, shape_of, swapped, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node


def product(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return a matrix product as numpy's: vectors are rows on the left and columns on the right."""
    if left.dtype.is_unsigned:
        return tf.cast(product(tf.cast(left, tf.int64), tf.cast(right, tf.int64)), left.dtype)
    row, column = len(left.shape) == 1, len(right.shape) == 1
    if row:
        left = tf.expand_dims(left, 0)
    if column:
        right = tf.expand_dims(right, 1)
    # A stack of matrices with one on the right is one tall matrix, and TensorFlow fuses what follows.
    if len(right.shape) == 2 and len(left.shape) > 2:
        leading = shape_of(left)[:-1]
        tall = tf.matmul(tf.reshape(left, [-1, shape_of(right)[0]]), right)
        result = tf.reshape(tall, [*leading, shape_of(right)[1]])
    else:
        result = tf.matmul(left, right)
    if column:
        result = tf.squeeze(result, -1)
    return tf.squeeze(result, -1 if column else -2) if row else result


@operator("MatMul", 1, 9, 13)
def matmul(_node: Node, left: Value, right: Value) -> Value:
    """Return a matrix product, or a stack of them."""
    return product(tensor(left), tensor(right))


@operator("Gemm", 7, 9, 11, 13)
def gemm(node: Node, left: Value, right: Value, addend: Value = None) -> Value:
    """Return `alpha * A' * B' + beta * C`."""
    alpha, beta = node.attributes.get("alpha", 1.0), node.attributes.get("beta", 1.0)
    flip_a, flip_b = bool(node.attributes.get("transA", 0)), bool(node.attributes.get("transB", 0))
    if flip_b and isinstance(right, np.ndarray):
        b, flip_b = swapped(right), False
    else:
        b = tensor(right)
    a = tensor(left)
    if a.dtype.is_unsigned:
        wide = tf.matmul(tf.cast(a, tf.int64), tf.cast(b, tf.int64), transpose_a=flip_a, transpose_b=flip_b)
        result = tf.cast(wide, a.dtype)
    else:
        result = tf.matmul(a, b, transpose_a=flip_a, transpose_b=flip_b)
    if alpha != 1:
        result = _scaled(result, alpha)
    if addend is None:
        return result
    c = tensor(addend)
    if beta != 1:
        c = _scaled(c, beta)
    columns = result.shape[1]
    if columns is not None and c.shape.as_list() in ([columns], [1, columns]):
        return tf.nn.bias_add(result, tf.reshape(c, [columns]))
    return tf.add(result, c)


def _scaled(value: tf.Tensor, factor: float) -> tf.Tensor:
    if value.dtype.is_integer:
        return tf.cast(tf.cast(value, tf.float64) * factor, value.dtype)
    return value * tf.cast(np.float64(factor), value.dtype)


@operator("Einsum", 12, 28)
def einsum(node: Node, *inputs: Value) -> Value:
    """Return a sum over products, in Einstein's notation."""
    equation = node.attributes["equation"].replace(" ", "")
    return tf.einsum(equation, *(tensor(value) for value in inputs))


@operator("Det", 11, 22)
def determinant(_node: Node, data: Value) -> Value:
    """Return the determinant of each matrix."""
    return tf.linalg.det(tensor(data))
