"""Operators that pick or replace elements by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare import UnsupportedModel
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import (
    ChannelsLast,
    Size,
    Value,
    ints,
    known_size,
    rank_of,
    shape_of,
    shape_tensor,
    sizes_in,
    tensor,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.models.onnx_graph import Node

INT32 = 2**31 - 1


def wrapped(indices: Value, size: Size) -> tf.Tensor:
    """Indices with negative ones counted from the end; constants are worked out while tracing."""
    if isinstance(indices, np.ndarray):
        if not (indices < 0).any():
            return tensor(indices)
        if isinstance(size, int):
            return tensor(np.where(indices < 0, indices + size, indices).astype(indices.dtype))
    given = tensor(indices)
    return tf.where(given < 0, given + tf.cast(size, given.dtype), given)


@operator("Gather", 1, 11, 13)
def gather(node: Node, data: Value, indices: Value) -> Value:
    """Slices along an axis, by index."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    return tf.gather(tensor(data), wrapped(indices, shape_of(data)[axis]), axis=axis)


def _coordinates(indices: tf.Tensor, axis: int) -> tf.Tensor:
    """Full coordinates [*indices.shape, rank] of which those along `axis` are the indices themselves."""
    sizes = shape_of(indices)
    rank = len(sizes)
    grid = []
    for one, size in enumerate(sizes):
        if one == axis:
            grid.append(indices)
            continue
        places = tf.reshape(tf.range(tf.cast(size, indices.dtype)), [-1 if at == one else 1 for at in range(rank)])
        grid.append(tf.broadcast_to(places, shape_tensor(sizes)))
    return tf.stack(grid, -1)


@operator("GatherElements", 11, 13)
def gather_elements(node: Node, data: Value, indices: Value) -> Value:
    """Single elements, by index along an axis."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    return tf.gather_nd(tensor(data), _coordinates(wrapped(indices, shape_of(data)[axis]), axis))


def _wrapped_coordinates(indices: Value, sizes: Sequence[Size]) -> tf.Tensor:
    """Coordinates [..., k] into the first k sizes, with negative ones counted from the end."""
    given = tensor(indices)
    depth = given.shape[-1]
    limits = tf.cast(shape_tensor(sizes[:depth]), given.dtype)
    return tf.where(given < 0, given + limits, given)


@operator("GatherND", 11, 12, 13)
def gather_nd(node: Node, data: Value, indices: Value) -> Value:
    """Slices by coordinates, after some axes in common."""
    common = node.attributes.get("batch_dims", 0)
    x = tensor(data)
    places = _wrapped_coordinates(indices, shape_of(x)[common:])
    return tf.gather_nd(x, places, batch_dims=common)


def _scattered(node: Node, data: tf.Tensor, places: tf.Tensor, updates: tf.Tensor) -> tf.Tensor:
    reduction = node.attributes.get("reduction", "none")
    match reduction:
        case "none":
            return tf.tensor_scatter_nd_update(data, places, updates)
        case "add":
            return tf.tensor_scatter_nd_add(data, places, updates)
        case "max":
            return tf.tensor_scatter_nd_max(data, places, updates)
        case "min":
            return tf.tensor_scatter_nd_min(data, places, updates)
        case "mul":
            return data * _products(data, places, updates)
        case _:
            raise UnsupportedModel(f"ONNX operator {node} has the reduction {reduction!r}, which has no import.")


def _products(data: tf.Tensor, places: tf.Tensor, updates: tf.Tensor) -> tf.Tensor:
    """The product of all updates at each place, 1 where there are none."""
    sizes = tf.shape(data, places.dtype)
    depth = places.shape[-1]
    strides = tf.math.cumprod(sizes[:depth], exclusive=True, reverse=True)
    rows = tf.reduce_prod(sizes[:depth])
    flat = tf.reshape(tf.reduce_sum(places * strides, -1), [-1])
    inner = tf.concat([tf.shape(flat, places.dtype), sizes[depth:]], 0)
    factors = tf.math.unsorted_segment_prod(tf.reshape(updates, inner), flat, rows)
    return tf.reshape(factors, sizes)


@operator("ScatterElements", 11, 13, 16, 18)
@operator("Scatter", 9, 11)
def scatter_elements(node: Node, data: Value, indices: Value, updates: Value) -> Value:
    """The data with single elements replaced or combined, by index along an axis."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    places = _coordinates(wrapped(indices, shape_of(data)[axis]), axis)
    return _scattered(node, tensor(data), places, tensor(updates))


@operator("ScatterND", 11, 13, 16, 18)
def scatter_nd(node: Node, data: Value, indices: Value, updates: Value) -> Value:
    """The data with slices replaced or combined, by coordinates."""
    x = tensor(data)
    return _scattered(node, x, _wrapped_coordinates(indices, shape_of(x)), tensor(updates))


@operator("Slice", 1, layouts=True)
def slice_1(node: Node, data: Value) -> Value:
    """A range of each axis, given by attributes."""
    starts, ends = node.attributes["starts"], node.attributes["ends"]
    axes = node.attributes.get("axes", range(len(starts)))
    return _sliced(data, list(axes), list(starts), list(ends), [1] * len(starts))


@operator("Slice", 10, 11, 13, layouts=True, dims=True)
def slice_10(node: Node, data: Value, starts: Value, ends: Value, axes: Value = None, steps: Value = None) -> Value:
    """A range of each axis, given by inputs that may be computed."""
    begin, end = sizes_in(starts), sizes_in(ends)
    if begin is None or end is None:
        raise UnsupportedModel(f"ONNX operator {node} has bounds whose number is computed.")
    step = [1] * len(begin) if steps is None else sizes_in(steps) or []
    if axes is not None and not isinstance(axes, np.ndarray):
        return _sliced_somewhere(tensor(data), tensor(axes), begin, end, step)
    where = list(range(len(begin))) if axes is None else ints(node, axes, "list of axes")
    return _sliced(data, where, begin, end, step)


def _sliced(
    data: Value, axes: Sequence[int], starts: Sequence[Size], ends: Sequence[Size], steps: Sequence[Size]
) -> Value:
    held = isinstance(data, ChannelsLast)
    x = data.last if held else tensor(data)
    rank = len(x.shape)
    ranges = [slice(None)] * rank
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        place = data.axis(axis) if held else axis % rank
        ranges[place] = slice(_bound(start), _bound(end), _bound(step))
    result = x[tuple(ranges)]
    return ChannelsLast(result) if held else result


def _sliced_somewhere(
    x: tf.Tensor, axes: tf.Tensor, starts: Sequence[Size], ends: Sequence[Size], steps: Sequence[Size]
) -> tf.Tensor:
    """A slice of axes that are known only when the model runs: bounds are put where the axes say."""
    rank = len(x.shape)
    places = tf.cast(axes, tf.int32)
    places = tf.where(places < 0, places + rank, places)[:, None]
    begin, end, step = (shape_tensor([_bound(one) for one in sizes]) for sizes in (starts, ends, steps))
    full = (tf.zeros([rank], tf.int32), tf.shape(x), tf.ones([rank], tf.int32))
    bounds = [
        tf.tensor_scatter_nd_update(whole, places, given) for whole, given in zip(full, (begin, end, step), strict=True)
    ]
    return tf.strided_slice(x, *bounds)


def _bound(value: Size) -> Size:
    """ONNX writes "to the end" as the largest 64-bit number; TensorFlow clamps, in 32 bits."""
    return min(max(value, -INT32), INT32) if isinstance(value, int) else value


@operator("OneHot", 9, 11, 28)
def one_hot(node: Node, indices: Value, depth: Value, values: Value) -> Value:
    """One value at each index along a new axis, another elsewhere; an index out of range gives none."""
    (size,) = sizes_in(depth if not isinstance(depth, np.ndarray) else depth.astype(np.int64)) or (None,)
    places = tf.cast(tensor(indices), tf.int64)
    places = tf.where(places < 0, places + tf.cast(size, tf.int64), places)
    off, on = tf.unstack(tensor(values), 2)
    axis = node.attributes.get("axis", -1)
    chosen = tf.one_hot(
        places, size, True, False, axis=axis if axis >= -1 else axis + rank_of(indices) + 1, dtype=tf.bool
    )
    return tf.where(chosen, on, off)


@operator("NonZero", 9, 13)
def non_zero(_node: Node, data: Value) -> Value:
    """Coordinates of the elements that are not zero, as [rank, count]."""
    return tf.transpose(tf.where(tf.cast(tensor(data), tf.bool)))


@operator("Compress", 9, 11, 28)
def compress(node: Node, data: Value, condition: Value) -> Value:
    """Slices along an axis where a condition holds; of the flat data without an axis."""
    x = tensor(data)
    axis = node.attributes.get("axis")
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    return tf.gather(x, tf.where(tensor(condition))[:, 0], axis=axis)


@operator("TopK", 1, layouts=False)
def top_k_1(node: Node, data: Value) -> list[Value]:
    """The k largest elements along an axis and their indices; k is an attribute."""
    return _top_k(node, tensor(data), node.attributes["k"], largest=True)


@operator("TopK", 10, 11, 24, dims=True)
def top_k(node: Node, data: Value, count: Value) -> list[Value]:
    """The k largest or smallest elements along an axis and their indices, equal ones in order of index."""
    (k,) = sizes_in(count) or (None,)
    return _top_k(node, tensor(data), k, largest=bool(node.attributes.get("largest", 1)))


def _top_k(node: Node, x: tf.Tensor, k: Size, *, largest: bool) -> list[Value]:
    rank = len(x.shape)
    axis = node.attributes.get("axis", -1) % rank
    order = [one for one in range(rank) if one != axis] + [axis]
    back = [order.index(one) for one in range(rank)]
    last = tf.transpose(x, order)
    # Inverting the bits of an integer reverses the order without overflow.
    reverse = tf.bitwise.invert if x.dtype.is_integer else tf.negative
    values, indices = tf.math.top_k(last if largest else reverse(last), k, sorted=True)
    values = values if largest else reverse(values)
    return [tf.transpose(values, back), tf.transpose(tf.cast(indices, tf.int64), back)]


@operator("Trilu", 14)
def trilu(node: Node, data: Value, diagonal: Value = None) -> Value:
    """The upper or lower triangle of each matrix, zero elsewhere."""
    x = tensor(data)
    offset = 0 if diagonal is None else tf.cast(tf.reshape(tensor(diagonal), []), tf.int32)
    rows, columns = (tf.range(size) for size in shape_of(x)[-2:])
    distance = columns[None, :] - rows[:, None]
    kept = distance >= offset if node.attributes.get("upper", 1) else distance <= offset
    return tf.where(kept, x, tf.zeros([], x.dtype))


@operator("ReverseSequence", 10, 28)
def reverse_sequence(node: Node, data: Value, lengths: Value) -> Value:
    """The first entries of each sequence in reverse order."""
    time, batch = node.attributes.get("time_axis", 0), node.attributes.get("batch_axis", 1)
    return tf.reverse_sequence(tensor(data), tensor(lengths), time, batch)


@operator("Pad", 2, layouts=True)
def pad_2(node: Node, data: Value) -> Value:
    """Elements added at the ends of axes, given by attributes."""
    return _padded(node, data, list(node.attributes["pads"]), node.attributes.get("value", 0.0))


@operator("Pad", 11, 13, 18, 19, 21, 23, 24, 25, layouts=True, dims=True)
def pad_11(node: Node, data: Value, pads: Value, value: Value = None, axes: Value = None) -> Value:
    """Elements added at the ends of axes, or taken away where the padding is negative."""
    given = sizes_in(pads)
    if given is None:
        raise UnsupportedModel(f"ONNX operator {node} has padding whose length is computed.")
    rank = rank_of(data)
    if axes is not None:
        where = [one % rank for one in ints(node, axes, "list of axes")]
        spread: list[Size] = [0] * (2 * rank)
        for index, axis in enumerate(where):
            spread[axis], spread[axis + rank] = given[index], given[index + len(where)]
        given = spread
    return _padded(node, data, given, 0 if value is None else value)


def _padded(node: Node, data: Value, pads: Sequence[Size], value: Value) -> Value:
    held = isinstance(data, ChannelsLast)
    x = data.last if held else tensor(data)
    rank = len(x.shape)
    pairs: list[tuple[Size, Size]] = list(zip(pads[:rank], pads[rank:], strict=True))
    if held:
        pairs = [pairs[axis] for axis in (0, *range(2, rank), 1)]
    cropped = [
        slice(
            -min(begin, 0) if isinstance(begin, int) else None, (min(end, 0) or None) if isinstance(end, int) else None
        )
        for begin, end in pairs
    ]
    added = [(_more(begin), _more(end)) for begin, end in pairs]
    mode = node.attributes.get("mode", "constant")
    if mode != "constant":
        x = _extended(node, x, added, mode)
    elif any(not isinstance(one, int) or one for pair in added for one in pair):
        x = tf.pad(x, [shape_tensor(pair) for pair in added], constant_values=tf.cast(tf.reshape(value, []), x.dtype))
    x = x[tuple(cropped)]
    return ChannelsLast(x) if held else x


def _more(pad: Size) -> Size:
    return max(pad, 0) if isinstance(pad, int) else pad


def _extended(node: Node, x: tf.Tensor, pads: Sequence[tuple[Size, Size]], mode: str) -> tf.Tensor:
    """Padding with elements of the data itself: an index per place of the padded axis."""
    for axis, pair in enumerate(pads):
        if not all(isinstance(one, int) for one in pair):
            raise UnsupportedModel(f"ONNX operator {node} needs constant padding in mode {mode!r}.")
        if pair == (0, 0):
            continue
        size = known_size(node, x, axis)
        x = tf.gather(x, _places(node, size, pair, mode), axis=axis)
    return x


def _places(node: Node, size: int, pads: tuple[int, int], mode: str) -> NDArray[Any]:
    """The index of the element that stands at each place of a padded axis."""
    places = np.arange(size)
    match mode:
        case "reflect":
            return np.pad(places, pads, "reflect")
        case "edge":
            return np.pad(places, pads, "edge")
        case "wrap":
            return np.pad(places, pads, "wrap")
        case _:
            raise UnsupportedModel(f"ONNX operator {node} has the mode {mode!r}, which has no import.")
