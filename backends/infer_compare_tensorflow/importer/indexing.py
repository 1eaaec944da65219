"""Operators that pick or replace elements by index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import shape_tensor, sizes_in
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Size, Value, rank_of, shape_of, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


def wrapped(indices: Value, size: Size) -> tf.Tensor:
    """Return indices with negative ones counted from the end; constants are worked out while tracing."""
    if isinstance(indices, np.ndarray):
        if not (indices < 0).any():
            return tensor(indices)
        if isinstance(size, int):
            return tensor(np.where(indices < 0, indices + size, indices).astype(indices.dtype))
    given = tensor(indices)
    return tf.where(given < 0, given + tf.cast(size, given.dtype), given)


@operator("Gather", 1, 11, 13)
def gather(node: Node, data: Value, indices: Value) -> Value:
    """Return slices picked by index along an axis."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    return tf.gather(tensor(data), wrapped(indices, shape_of(data)[axis]), axis=axis)


def _coordinates(indices: tf.Tensor, axis: int) -> tf.Tensor:
    """Return full coordinates [*indices.shape, rank] whose entries along `axis` are the indices themselves."""
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
    """Return elements picked by index along an axis."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    return tf.gather_nd(tensor(data), _coordinates(wrapped(indices, shape_of(data)[axis]), axis))


def _wrapped_coordinates(indices: Value, sizes: Sequence[Size]) -> tf.Tensor:
    """Return coordinates [..., k] into the first k sizes, with negative ones counted from the end."""
    given = tensor(indices)
    depth = given.shape[-1]
    limits = tf.cast(shape_tensor(sizes[:depth]), given.dtype)
    return tf.where(given < 0, given + limits, given)


@operator("GatherND", 11, 12, 13)
def gather_nd(node: Node, data: Value, indices: Value) -> Value:
    """Return slices picked by coordinates, after some batch axes."""
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
            raise UnsupportedModel(f"ONNX operator {node} has the reduction {reduction!r}, which cannot be imported.")


def _products(data: tf.Tensor, places: tf.Tensor, updates: tf.Tensor) -> tf.Tensor:
    """Return the product of all updates at each place, 1 where there are none."""
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
    """Return the data with single elements replaced or combined, by index along an axis."""
    axis = node.attributes.get("axis", 0) % rank_of(data)
    places = _coordinates(wrapped(indices, shape_of(data)[axis]), axis)
    return _scattered(node, tensor(data), places, tensor(updates))


@operator("ScatterND", 11, 13, 16, 18)
def scatter_nd(node: Node, data: Value, indices: Value, updates: Value) -> Value:
    """Return the data with slices replaced or combined, by coordinates."""
    x = tensor(data)
    return _scattered(node, x, _wrapped_coordinates(indices, shape_of(x)), tensor(updates))


@operator("OneHot", 9, 11, 28)
def one_hot(node: Node, indices: Value, depth: Value, values: Value) -> Value:
    """Return one value at each index along a new axis, another elsewhere; an index out of range gives none."""
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
    """Return coordinates of the elements that are not zero, as [rank, count]."""
    return tf.transpose(tf.where(tf.cast(tensor(data), tf.bool)))


@operator("Compress", 9, 11, 28)
def compress(node: Node, data: Value, condition: Value) -> Value:
    """Return slices along an axis where a condition holds; of the flat data without an axis."""
    x = tensor(data)
    axis = node.attributes.get("axis")
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    return tf.gather(x, tf.where(tensor(condition))[:, 0], axis=axis)


@operator("TopK", 1, layouts=False)
def top_k_1(node: Node, data: Value) -> list[Value]:
    """Return the k largest elements along an axis and their indices; k is an attribute."""
    return _top_k(node, tensor(data), node.attributes["k"], largest=True)


@operator("TopK", 10, 11, 24, dims=True)
def top_k(node: Node, data: Value, count: Value) -> list[Value]:
    """Return the k largest or smallest elements along an axis and their indices, equal ones in order of index."""
    (k,) = sizes_in(count) or (None,)
    return _top_k(node, tensor(data), k, largest=bool(node.attributes.get("largest", 1)))


def _top_k(node: Node, x: tf.Tensor, k: Size, *, largest: bool) -> list[Value]:
    rank = len(x.shape)
    axis = node.attributes.get("axis", -1) % rank
    order = [place for place in range(rank) if place != axis] + [axis]
    back = [order.index(place) for place in range(rank)]
    last = tf.transpose(x, order)
    # Inverting the bits of an integer reverses the order without overflow.
    reverse = tf.bitwise.invert if x.dtype.is_integer else tf.negative
    values, indices = tf.math.top_k(last if largest else reverse(last), k, sorted=True)
    values = values if largest else reverse(values)
    return [tf.transpose(values, back), tf.transpose(tf.cast(indices, tf.int64), back)]


@operator("Trilu", 14)
def trilu(node: Node, data: Value, diagonal: Value = None) -> Value:
    """Return the upper or lower triangle of each matrix, zero elsewhere."""
    x = tensor(data)
    offset = 0 if diagonal is None else tf.cast(tf.reshape(tensor(diagonal), []), tf.int32)
    rows, columns = (tf.range(size) for size in shape_of(x)[-2:])
    distance = columns[None, :] - rows[:, None]
    kept = distance >= offset if node.attributes.get("upper", 1) else distance <= offset
    return tf.where(kept, x, tf.zeros([], x.dtype))


@operator("ReverseSequence", 10, 28)
def reverse_sequence(node: Node, data: Value, lengths: Value) -> Value:
    """Return the first entries of each sequence in reverse order."""
    time, batch = node.attributes.get("time_axis", 0), node.attributes.get("batch_axis", 1)
    return tf.reverse_sequence(tensor(data), tensor(lengths), time, batch)
