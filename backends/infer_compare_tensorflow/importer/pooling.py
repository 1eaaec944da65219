"""Pools, computed channels last."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare_tensorflow.importer.known import known_size
from infer_compare_tensorflow.importer.layouts import channels_last
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.target import target
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, shape_of
from infer_compare_tensorflow.importer.windows import Window, pad_spatial, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node

FAST_MAX_TYPES = (tf.float32, tf.float16, tf.float64)
"""Types for which TensorFlow's own pools exist on every device."""


def _pool_window(node: Node, data: Value) -> Window:
    """Return the node's window; with `ceil_mode`, padded behind to make the last window whole."""
    moving = window(node, data, node.attributes["kernel_shape"])
    if not node.attributes.get("ceil_mode", 0) or node.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return moving
    pads = []
    for axis, (begin, end) in enumerate(moving.pads):
        size, stride, extent = known_size(node, data, axis + 2), moving.strides[axis], moving.extents[axis]
        count = -(-(size + begin + end - extent) // stride) + 1
        # A window that would start in the padding behind the data is left out.
        if (count - 1) * stride >= size + begin:
            count -= 1
        pads.append((begin, max(end, (count - 1) * stride + extent - size - begin)))
    return replace(moving, pads=tuple(pads))


def _slices(x: tf.Tensor, moving: Window) -> list[tf.Tensor]:
    """Return what each element of the window sees, one tensor per element, in row-major order."""
    sizes = shape_of(x)[1:-1]
    counts = [
        (size - extent) // stride + 1
        for size, extent, stride in zip(sizes, moving.extents, moving.strides, strict=True)
    ]
    slices = []
    for offsets in product(*(range(0, k * d, d) for k, d in zip(moving.kernel, moving.dilations, strict=True))):
        part = [
            slice(offset, offset + (count - 1) * stride + 1, stride)
            for offset, count, stride in zip(offsets, counts, moving.strides, strict=True)
        ]
        slices.append(x[(slice(None), *part)])
    return slices


def _lowest(dtype: tf.DType) -> float:
    return -np.inf if dtype.is_floating else dtype.min


@operator("MaxPool", 1, 8, 10, 11, 12, 22, layouts=True)
def max_pool(node: Node, data: Value) -> Value:
    """Return the largest element of each window, and on request where it lies."""
    moving = _pool_window(node, data)
    x = channels_last(data)
    if len(node.outputs) > 1 and node.outputs[1]:
        return _max_with_indices(node, data, moving)
    padded = pad_spatial(x, moving.pads, _lowest(x.dtype))
    rank = len(moving.kernel)
    if x.dtype in FAST_MAX_TYPES and max(moving.dilations) == 1 and rank <= 3 and not (rank == 3 and x.dtype.size == 8):
        if rank == 2:
            inside = _pads_inside(moving)
            padding = [(0, 0), *moving.pads, (0, 0)] if inside else "VALID"
            return ChannelsLast(
                tf.nn.max_pool2d(x if inside else padded, list(moving.kernel), list(moving.strides), padding)
            )
        function = tf.nn.max_pool1d if rank == 1 else tf.nn.max_pool3d
        strides = list(moving.strides)
        return ChannelsLast(function(padded, list(moving.kernel), strides, "VALID"))
    slices = _slices(padded, moving)
    result = slices[0]
    for other in slices[1:]:
        result = tf.where(other > result, other, result)
    return ChannelsLast(result)


def _pads_inside(moving: Window) -> bool:
    """Return whether the pool itself can pad: XLA cannot, and TensorFlow refuses padding as wide as the window."""
    narrow = all(max(pads) < size for pads, size in zip(moving.pads, moving.kernel, strict=True))
    return moving.padded and narrow and not (target.get().xla or target.get().portable)


def _max_with_indices(node: Node, data: Value, moving: Window) -> list[Value]:
    x = channels_last(data)
    spatial = [known_size(node, data, axis + 2) for axis in range(len(moving.kernel))]
    channels = known_size(node, data, 1)
    values = tf.stack(_slices(pad_spatial(x, moving.pads, _lowest(x.dtype)), moving), -1)
    places = np.arange(np.prod(spatial), dtype=np.int64).reshape(1, *spatial, 1)
    if node.attributes.get("storage_order", 0):
        places = np.arange(np.prod(spatial), dtype=np.int64).reshape(*reversed(spatial)).T.reshape(1, *spatial, 1)
    candidates = tf.stack(_slices(pad_spatial(tf.constant(places), moving.pads), moving), -1)
    chosen = tf.argmax(values, -1)
    best = tf.reduce_max(values, -1)
    picked = tf.reduce_sum(tf.one_hot(chosen, values.shape[-1], dtype=tf.int64) * candidates, -1)
    # ONNX counts through the whole tensor [N, C, *spatial].
    images = tf.range(tf.cast(tf.shape(x)[0], tf.int64)) * channels
    plane = tf.reshape(images, [-1, *([1] * (len(spatial) + 1))]) + tf.range(channels, dtype=tf.int64)
    return [ChannelsLast(best), ChannelsLast(picked + plane * int(np.prod(spatial)))]


@operator("AveragePool", 7, 10, 11, 19, 22, layouts=True)
def average_pool(node: Node, data: Value) -> Value:
    """Return the mean of each window, over the elements that lie in the data, or in its padding too on request."""
    moving = _pool_window(node, data)
    x = channels_last(data)
    count_padding = bool(node.attributes.get("count_include_pad", 0))
    total = _window_sums(x, moving)
    if not moving.padded:
        return ChannelsLast(total / tf.cast(np.prod(moving.kernel), x.dtype))
    counted = (
        window(node, data, node.attributes["kernel_shape"]).pads if count_padding else ((0, 0),) * len(moving.pads)
    )
    ones = tf.ones([1, *shape_of(x)[1:-1], 1], x.dtype)
    ones = pad_spatial(ones, counted, 1)
    rest = tuple((begin - known[0], end - known[1]) for (begin, end), known in zip(moving.pads, counted, strict=True))
    return ChannelsLast(total / _window_sums(ones, replace(moving, pads=rest)))


def _window_sums(x: tf.Tensor, moving: Window) -> tf.Tensor:
    padded = pad_spatial(x, moving.pads)
    rank = len(moving.kernel)
    if max(moving.dilations) == 1 and rank <= 3 and x.dtype in FAST_MAX_TYPES and not (rank == 3 and x.dtype.size == 8):
        function = {1: tf.nn.avg_pool1d, 2: tf.nn.avg_pool2d, 3: tf.nn.avg_pool3d}[rank]
        means = function(padded, list(moving.kernel), list(moving.strides), "VALID")
        return means * tf.cast(np.prod(moving.kernel), x.dtype)
    return tf.add_n(_slices(padded, moving))


@operator("LpPool", 2, 11, 18, 22, layouts=True)
def lp_pool(node: Node, data: Value) -> Value:
    """Return the p-norm of each window."""
    moving = _pool_window(node, data)
    p = node.attributes.get("p", 2)
    x = channels_last(data)
    total = tf.add_n(_slices(pad_spatial(tf.pow(tf.abs(x), tf.cast(p, x.dtype)), moving.pads), moving))
    return ChannelsLast(tf.pow(total, tf.cast(1 / p, x.dtype)))


def _spatial_axes(x: tf.Tensor) -> Sequence[int]:
    return list(range(1, len(x.shape) - 1))


@operator("GlobalAveragePool", 1, 22, layouts=True)
def global_average_pool(_node: Node, data: Value) -> Value:
    """Return the mean of each channel."""
    x = channels_last(data)
    return ChannelsLast(tf.reduce_mean(x, _spatial_axes(x), keepdims=True))


@operator("GlobalMaxPool", 1, 22, layouts=True)
def global_max_pool(_node: Node, data: Value) -> Value:
    """Return the largest element of each channel."""
    x = channels_last(data)
    return ChannelsLast(tf.reduce_max(x, _spatial_axes(x), keepdims=True))


@operator("GlobalLpPool", 2, 22, layouts=True)
def global_lp_pool(node: Node, data: Value) -> Value:
    """Return the p-norm of each channel."""
    x = channels_last(data)
    p = tf.cast(node.attributes.get("p", 2), x.dtype)
    return ChannelsLast(tf.pow(tf.reduce_sum(tf.pow(tf.abs(x), p), _spatial_axes(x), keepdims=True), 1 / p))
