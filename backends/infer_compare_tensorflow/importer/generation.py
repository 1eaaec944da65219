"""Operators that make values from sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare import UnsupportedModel
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, dtype_of, shape_of, shape_tensor, sizes_in, tensor

if TYPE_CHECKING:
    from infer_compare.models.onnx_graph import Node


@operator("ConstantOfShape", 9, 20, 21, 23, 24, 25, dims=True)
def constant_of_shape(node: Node, sizes: Value) -> Value:
    """One number in a shape."""
    number = np.asarray(node.attributes.get("value", np.zeros(1, np.float32))).reshape(())
    entries = sizes_in(sizes)
    if entries is None:
        raise UnsupportedModel(f"ONNX operator {node} has a shape whose number of axes is computed.")
    return tf.fill(shape_tensor(entries), tf.constant(number))


@operator("Range", 11)
def arange(node: Node, start: Value, limit: Value, delta: Value) -> Value:
    """Numbers from a start to below a limit, in steps."""
    first, last, step = (tf.reshape(tensor(one), []) for one in (start, limit, delta))
    if first.dtype == tf.int16:
        return tf.cast(tf.range(*(tf.cast(one, tf.int32) for one in (first, last, step))), tf.int16)
    return tf.range(first, last, step)


@operator("EyeLike", 9, 22)
def eye_like(node: Node, data: Value) -> Value:
    """Ones on a diagonal, in the shape of a matrix."""
    from onnx import helper

    number = node.attributes.get("dtype")
    dtype = dtype_of(data) if number is None else tf.as_dtype(helper.tensor_dtype_to_np_dtype(number))
    rows, columns = (tf.range(size) for size in shape_of(data))
    return tf.cast(tf.equal(columns[None, :] - rows[:, None], node.attributes.get("k", 0)), dtype)
