"""Choosing among boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, shape_of, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node


def _bounded(number: tf.Tensor) -> tf.Tensor:
    """Return a count as int32; exporters write the largest int64 for "all"."""
    return tf.cast(tf.minimum(number, tf.constant(tf.int32.max, number.dtype)), tf.int32)


@operator("NonMaxSuppression", 10, 11)
def non_max_suppression(
    node: Node,
    boxes: Value,
    scores: Value,
    most: Value = None,
    overlap: Value = None,
    least: Value = None,
) -> Value:
    """Return the boxes kept per sample and class, best first, as rows of sample, class and box.

    Boxes are [N, boxes, 4] and scores [N, classes, boxes]. A box is dropped where the intersection with a better one
    is more than `overlap` of their union, or where its score is not above `least`.
    """
    corners, points = tensor(boxes), tensor(scores)
    if node.attributes.get("center_point_box", 0):
        x, y, width, height = tf.unstack(corners, 4, -1)
        corners = tf.stack([y - height / 2, x - width / 2, y + height / 2, x + width / 2], -1)
    samples, classes = shape_of(points)[:2]
    count = tf.constant(0) if most is None else _bounded(tf.reshape(tensor(most), []))
    threshold = tf.constant(0.0) if overlap is None else tf.reshape(tensor(overlap), [])
    bound = tf.constant(float("-inf")) if least is None else tf.reshape(tensor(least), [])
    total = samples * classes
    selections = tf.TensorArray(tf.int64, size=total, infer_shape=False, element_shape=[None, 3])

    def body(index: tf.Tensor, written: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        sample, kind = index // classes, index % classes
        kept = tf.image.non_max_suppression(corners[sample], points[sample, kind], count, threshold, bound)
        pair = tf.broadcast_to(tf.stack([sample, kind]), tf.stack([tf.size(kept), 2]))
        rows = tf.concat([pair, kept[:, None]], 1)
        return index + 1, written.write(index, tf.cast(rows, tf.int64))

    _, written = tf.while_loop(lambda index, _: index < total, body, (tf.constant(0), selections))
    return written.concat()
