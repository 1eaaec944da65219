"""Changing the size of images: `Resize` and `Upsample`, one axis at a time.

Every mode is a weighted sum of a few neighbours along an axis, so each axis is a gather per neighbour with
weights that are worked out while tracing, or a matrix product where antialiasing makes the neighbours many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare.backends.onnx_graphs import (
    ResizedAxis,
    early_resize_attributes,
    resize_attributes,
    rounding_of,
    source_positions,
)
from infer_compare_tensorflow.importer.known import constant, ints, known_size
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Dims, Value, rank_of, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.backends.onnx_graphs import Node, ResizeAttributes


@operator("Upsample", 7, layouts=True)
def upsample_7(node: Node, data: Value) -> Value:
    """Return images enlarged by the scales of an attribute."""
    return _upsampled(node, data, list(node.attributes["scales"]))


@operator("Upsample", 9, 10, layouts=True)
def upsample_9(node: Node, data: Value, scales: Value) -> Value:
    """Return images enlarged by the scales of an input."""
    return _upsampled(node, data, [float(scale) for scale in constant(node, scales, "list of scales")])


@operator("Resize", 10, layouts=True)
def resize_10(node: Node, data: Value, scales: Value) -> Value:
    """Return images resized by scales, with the coordinates of Upsample."""
    return _upsampled(node, data, [float(scale) for scale in constant(node, scales, "list of scales")])


def _upsampled(node: Node, data: Value, scales: Sequence[float]) -> Value:
    axes = {
        axis: ResizedAxis(size := known_size(node, data, axis), int(np.floor(size * scale)), scale)
        for axis, scale in enumerate(scales)
        if scale != 1
    }
    return _resized(node, data, axes, early_resize_attributes(node))


@operator("Resize", 11, 13, 18, 19, layouts=True, dims=True)
def resize(node: Node, data: Value, roi: Value = None, scales: Value = None, sizes: Value = None) -> Value:
    """Return values resized along some axes, by scales or to sizes."""
    rank = rank_of(data)
    where = [axis % rank for axis in node.attributes.get("axes", range(rank))]
    region = [] if roi is None else constant(node, roi, "region").reshape(-1).astype(float).tolist()
    rules = resize_attributes(node)
    ends = dict.fromkeys(where, (0.0, 1.0))
    if rules.coordinates == "tf_crop_and_resize":
        ends = dict(zip(where, zip(region[: len(where)], region[len(where) :], strict=True), strict=True))
    axes: dict[int, ResizedAxis] = {}
    if scales is not None and constant(node, scales, "list of scales").size:
        factors = scales.astype(float).tolist()
        targets = None
    else:
        data, wanted = _sizes(node, data, where, sizes)
        where = list(wanted)
        factors, targets = _scales_of_sizes(node, data, where, list(wanted.values()))
    for index, axis in enumerate(where):
        begin, end = ends[axis]
        if factors[index] == 1 and (begin, end) == (0.0, 1.0):
            continue
        size = known_size(node, data, axis)
        length = int(np.floor(size * (end - begin) * factors[index])) if targets is None else targets[index]
        axes[axis] = ResizedAxis(size, length, factors[index], begin, end)
    return _resized(node, data, axes, rules)


def _sizes(node: Node, data: Value, where: Sequence[int], sizes: Value) -> tuple[Value, dict[int, int]]:
    """Return the size that each axis takes, without the batch axis where it is computed.

    A batch size that is computed must be that of the data, which a reshape to it makes sure of when the model runs.
    """
    if not isinstance(sizes, Dims):
        return data, dict(zip(where, ints(node, sizes, "list of sizes"), strict=True))
    wanted = dict(zip(where, sizes.entries, strict=True))
    batch = wanted.pop(0, 1)
    fixed_ratio = resize_attributes(node).policy != "stretch"
    if fixed_ratio or not all(isinstance(size, int) for size in wanted.values()):
        raise UnsupportedModel(f"ONNX operator {node} needs constant spatial sizes for its import into TensorFlow.")
    if not isinstance(batch, int):
        held = isinstance(data, ChannelsLast)
        x = data.last if held else tensor(data)
        rest = [known_size(node, data, axis) for axis in range(1, rank_of(data))]
        rest = [*rest[1:], rest[0]] if held else rest
        same = tf.reshape(x, tf.stack([tf.cast(batch, tf.int32), *rest]))
        return (ChannelsLast(same) if held else same), wanted
    return data, {0: batch, **wanted} if 0 in where else wanted


def _scales_of_sizes(
    node: Node, data: Value, where: Sequence[int], sizes: Sequence[int]
) -> tuple[list[float], list[int]]:
    """Return scales that lead to the sizes, with the aspect ratio kept where the node asks for it."""
    policy = resize_attributes(node).policy
    from_shape = [want / known_size(node, data, axis) for axis, want in zip(where, sizes, strict=True)]
    if policy == "stretch":
        return from_shape, list(sizes)
    scale = min(from_shape) if policy == "not_larger" else max(from_shape)
    targets = [int(np.floor(scale * known_size(node, data, axis) + 0.5)) for axis in where]
    return [scale] * len(where), targets


def _resized(node: Node, data: Value, axes: dict[int, ResizedAxis], rules: ResizeAttributes) -> Value:
    held = isinstance(data, ChannelsLast)
    x = data.last if held else tensor(data)
    valid: list[tuple[int, NDArray[Any]]] = []
    if rules.mode != "nearest" and not x.dtype.is_floating:
        raise UnsupportedModel(f"ONNX operator {node} interpolates integers, which cannot be imported into TensorFlow.")
    for axis, one in axes.items():
        place = data.axis(axis) if held else axis
        positions = _positions(one, rules.coordinates)
        if rules.coordinates == "tf_crop_and_resize":
            valid.append((place, (positions >= 0) & (positions <= one.size - 1)))
        if rules.mode == "nearest":
            x = tf.gather(x, _nearest(positions, one, rules.nearest), axis=place)
        else:
            x = _interpolated(x, place, one, positions, rules)
    for place, inside in valid:
        shape = [1] * len(x.shape)
        shape[place] = -1
        fill = tf.cast(rules.extrapolation, x.dtype)
        x = tf.where(inside.reshape(shape), x, fill)
    return ChannelsLast(x) if held else x


def _positions(axis: ResizedAxis, mode: str) -> NDArray[Any]:
    """Return where each place of the result lies in the data, by ONNX's formulas."""
    steps = np.arange(axis.places, dtype=np.float64)
    # ONNX reckons with the scaled length, which need not be whole.
    positions: NDArray[Any] | None = source_positions(steps, axis, mode, axis.scale * axis.size)
    if positions is None:
        raise UnsupportedModel(f"the coordinate_transformation_mode {mode!r} cannot be imported into TensorFlow")
    return positions


def _nearest(positions: NDArray[Any], axis: ResizedAxis, rounding: str) -> NDArray[Any]:
    rule = rounding_of(rounding, axis.scale)
    if rule is None:
        raise UnsupportedModel(f"the nearest_mode {rounding!r} cannot be imported into TensorFlow")
    function, shift = rule
    places: NDArray[Any] = np.ceil(positions + shift) if function == "ceil" else np.floor(positions + shift)
    inside: NDArray[Any] = np.clip(places, 0, axis.size - 1)
    return inside.astype(np.int32)


def _interpolated(
    x: tf.Tensor, place: int, axis: ResizedAxis, positions: NDArray[Any], rules: ResizeAttributes
) -> tf.Tensor:
    neighbours, weights = _neighbours(axis, positions, rules)
    if rules.exclude_outside:
        weights = np.where((neighbours >= 0) & (neighbours < axis.size), weights, 0)
        weights /= weights.sum(1, keepdims=True)
    clipped = np.clip(neighbours, 0, axis.size - 1)
    if weights.shape[1] > 4:
        matrix = np.zeros((axis.places, axis.size))
        np.add.at(matrix, (np.arange(axis.places)[:, None], clipped), weights)
        moved = tf.tensordot(x, tf.constant(matrix, x.dtype), [[place], [1]])
        last = len(x.shape) - 1
        return tf.transpose(moved, [*range(place), last, *range(place, last)])
    shape = [1] * len(x.shape)
    shape[place] = -1
    parts = [
        tf.gather(x, clipped[:, one].astype(np.int32), axis=place)
        * tf.constant(weights[:, one].reshape(shape), x.dtype)
        for one in range(weights.shape[1])
    ]
    return tf.add_n(parts)


def _neighbours(
    axis: ResizedAxis, positions: NDArray[Any], rules: ResizeAttributes
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return indices and weights [target, neighbours]; antialiasing widens the filter when an image shrinks."""
    shrink = min(axis.scale, 1.0) if rules.antialias else 1.0
    support = (1.0 if rules.mode == "linear" else 2.0) / shrink
    base = np.floor(positions)
    reach = int(np.ceil(support))
    offsets = np.arange(-reach + 1, reach + 1)
    neighbours = (base[:, None] + offsets).astype(int)
    distance = np.abs(positions[:, None] - neighbours) * shrink
    weights = np.maximum(1 - distance, 0) if rules.mode == "linear" else _cubic(distance, rules.cubic)
    return neighbours, weights / weights.sum(1, keepdims=True)


def _cubic(distance: NDArray[Any], a: float) -> NDArray[Any]:
    """Keys' cubic convolution kernel."""
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
