"""Sampling images at places that are computed: `GridSample` and `AffineGrid`."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import sizes_in
from infer_compare_tensorflow.importer.layouts import channels_last
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, shape_of, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node

CUBIC = -0.75
"""Keys' coefficient, as ONNX fixes it for `GridSample`."""

MODES = {"bilinear": "linear", "bicubic": "cubic", "linear": "linear", "nearest": "nearest", "cubic": "cubic"}


@operator("GridSample", 16, 20, 22, layouts=True)
def grid_sample(node: Node, data: Value, grid: Value) -> Value:
    """Return images sampled at normalised places [N, *out, d], with the last axis in the order (x, y, z)."""
    x, places = channels_last(data), tf.reverse(tensor(grid), [-1])
    align = bool(node.attributes.get("align_corners", 0))
    padding = node.attributes.get("padding_mode", "zeros")
    mode = MODES.get(node.attributes.get("mode", "linear"))
    if mode is None or padding not in {"zeros", "border", "reflection"}:
        raise UnsupportedModel(f"ONNX operator {node} has a mode or padding that cannot be imported into TensorFlow.")
    sizes = tf.stack([tf.cast(size, places.dtype) for size in shape_of(x)[1:-1]])
    if align:
        position, low, high = (places + 1) / 2 * (sizes - 1), tf.zeros_like(sizes), sizes - 1
    else:
        position, low, high = ((places + 1) * sizes - 1) / 2, tf.zeros_like(sizes) - 0.5, sizes - 0.5

    def inside(where: tf.Tensor) -> tf.Tensor:
        """Bring places back into the image, as the padding asks."""
        if padding == "reflection":
            where = _reflected(where, low, high)
        return where if padding == "zeros" else tf.clip_by_value(where, 0, sizes - 1)

    def pixels(where: tf.Tensor) -> tf.Tensor:
        held = tf.clip_by_value(where, 0, sizes - 1)
        values = tf.gather_nd(x, tf.cast(held, tf.int32), batch_dims=1)
        return values * tf.cast(tf.reduce_all(tf.equal(held, where), -1, keepdims=True), x.dtype)

    if mode == "nearest":
        return ChannelsLast(pixels(tf.round(inside(position))))
    if mode == "linear":
        position = inside(position)
    base = tf.floor(position)
    fraction = position - base
    offsets, weights = _weights(fraction, mode)
    total = tf.zeros([], x.dtype)
    for choice in product(range(len(offsets)), repeat=len(x.shape) - 2):
        where = base + tf.constant([offsets[one] for one in choice], base.dtype)
        if mode == "cubic":
            where = tf.round(inside(where))
        factor = tf.ones([], base.dtype)
        for axis, offset in enumerate(choice):
            factor *= weights[offset][..., axis]
        total += pixels(where) * tf.cast(factor[..., None], x.dtype)
    return ChannelsLast(total)


def _known(node: Node, size: Value) -> list[int]:
    """Return the spatial sizes among [N, C, *spatial], of which the batch size alone may be computed."""
    spatial = (sizes_in(size) or [None])[2:]
    if not spatial or not all(isinstance(size, int) for size in spatial):
        raise UnsupportedModel(f"ONNX operator {node} needs constant spatial sizes for its import into TensorFlow.")
    return spatial


def _reflected(where: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """Return places mirrored at both borders until they lie between them."""
    span = tf.maximum(high - low, 1e-9)
    turned = tf.math.floormod(where - low, 2 * span)
    return low + tf.minimum(turned, 2 * span - turned)


def _weights(fraction: tf.Tensor, mode: str) -> tuple[Sequence[int], list[tf.Tensor]]:
    if mode == "linear":
        return (0, 1), [1 - fraction, fraction]

    def near(t: tf.Tensor) -> tf.Tensor:
        return ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1

    def far(t: tf.Tensor) -> tf.Tensor:
        return ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC

    return (-1, 0, 1, 2), [far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)]


@operator("AffineGrid", 20, dims=True)
def affine_grid(node: Node, theta: Value, size: Value) -> Value:
    """Return normalised places [N, *out, d] that affine maps [N, d, d + 1] send the places of the result to."""
    maps = tensor(theta)
    spatial = _known(node, size)
    align = bool(node.attributes.get("align_corners", 0))
    axes = []
    for length in spatial:
        step = 2 / (length - 1) if align and length > 1 else 2 / length
        start = -1.0 if align else -1 + step / 2
        axes.append((start + step * np.arange(length)) if length > 1 or not align else np.zeros(1))
    mesh = np.meshgrid(*axes, indexing="ij")
    places = np.stack([*reversed(mesh), np.ones(spatial)], -1).reshape(-1, len(spatial) + 1)
    moved = tf.einsum("pk,ndk->npd", tf.constant(places, maps.dtype), maps)
    return tf.reshape(moved, [-1, *spatial, len(spatial)])
