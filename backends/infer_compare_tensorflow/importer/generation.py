"""Operators that make values from sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import shape_tensor, sizes_in
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, dtype_of, shape_of, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node


@operator("ConstantOfShape", 9, 20, 21, 23, 24, 25, dims=True)
def constant_of_shape(node: Node, sizes: Value) -> Value:
    """Return a tensor of a given shape, filled with one number."""
    number = np.asarray(node.attributes.get("value", np.zeros(1, np.float32))).reshape(())
    entries = sizes_in(sizes)
    if entries is None:
        raise UnsupportedModel(f"ONNX operator {node} has a shape whose number of axes is computed.")
    return tf.fill(shape_tensor(entries), tf.constant(number))


@operator("Range", 11, 27)
def arange(_node: Node, start: Value, limit: Value, delta: Value) -> Value:
    """Return numbers from a start to below a limit, in steps; short types are computed in 32 bits."""
    bounds = [tf.reshape(tensor(bound), []) for bound in (start, limit, delta)]
    dtype = bounds[0].dtype
    if dtype.size == 2:
        wide = tf.int32 if dtype.is_integer else tf.float32
        return tf.cast(tf.range(*(tf.cast(bound, wide) for bound in bounds)), dtype)
    return tf.range(*bounds)


@operator("EyeLike", 9, 22)
def eye_like(node: Node, data: Value) -> Value:
    """Return ones on a diagonal, in the shape of a matrix."""
    from onnx import helper

    number = node.attributes.get("dtype")
    dtype = dtype_of(data) if number is None else tf.as_dtype(helper.tensor_dtype_to_np_dtype(number))
    rows, columns = (tf.range(size) for size in shape_of(data))
    return tf.cast(tf.equal(columns[None, :] - rows[:, None], node.attributes.get("k", 0)), dtype)


WINDOWS = {
    "HannWindow": (0.5, 0.5, 0.0),
    "HammingWindow": (25 / 46, 1 - 25 / 46, 0.0),
    "BlackmanWindow": (0.42, 0.5, 0.08),
}
"""Coefficients a0, a1 and a2 of a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N)."""


def _register_window(name: str) -> None:
    constant, first, second = WINDOWS[name]

    @operator(name, 17)
    def rule(node: Node, size: Value) -> Value:
        from onnx import helper

        dtype = tf.as_dtype(helper.tensor_dtype_to_np_dtype(node.attributes.get("output_datatype", 1)))
        length = tf.reshape(tf.cast(tensor(size), tf.int32), [])
        period = length if node.attributes.get("periodic", 1) else length - 1
        angle = tf.cast(tf.range(length), tf.float64) * 2 * np.pi / tf.cast(period, tf.float64)
        return tf.cast(constant - first * tf.cos(angle) + second * tf.cos(2 * angle), dtype)


for _name in WINDOWS:
    _register_window(_name)
