"""Operators that give a value another shape, or move whole axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import ints, known_size, shape_tensor, sizes_in
from infer_compare_tensorflow.importer.layouts import aligned, channels_last, wrap
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import (
    ChannelsLast,
    Size,
    Value,
    rank_of,
    shape_of,
    tensor,
    to_first,
    to_last,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


@operator("Reshape", 5, 13, 14, 19, 21, 23, 24, 25, layouts=True, dims=True)
def reshape(node: Node, data: Value, target: Value) -> Value:
    """Return the elements in another shape: -1 is what is left, 0 is the size of that axis unless `allowzero` is 1."""
    copies = not node.attributes.get("allowzero", 0)
    wanted = sizes_in(target)
    if wanted is None:
        raise UnsupportedModel(f"ONNX operator {node} has a target whose number of axes is computed.")
    have = shape_of(data)
    if isinstance(target, tf.Tensor) and copies:
        # Entries that are computed may turn out to be 0.
        wanted = [
            tf.where(one == 0, have[axis], one) if axis < len(have) and not isinstance(one, int) else one
            for axis, one in enumerate(wanted)
        ]
    if copies:
        wanted = [have[axis] if isinstance(size, int) and size == 0 else size for axis, size in enumerate(wanted)]
    if isinstance(data, ChannelsLast) and (places := _other_places(have, wanted)):
        batch = wanted[0] if isinstance(wanted[0], int) else -1
        return ChannelsLast(tf.reshape(data.last, [batch, *places, have[1]]))
    return tf.reshape(tensor(data), shape_tensor(_resolved(have, wanted)))


def _other_places(have: Sequence[Size], wanted: Sequence[Size]) -> list[int] | None:
    """Return the new spatial axes where a target keeps the batch and the channels and changes nothing else; otherwise None.

    These axes follow each other in both layouts, so nothing has to move: a patch embedding flattens its image so.
    """
    if len(wanted) < 3 or not all(isinstance(size, int) for size in (*have[1:], *wanted[1:])) or wanted[1] != have[1]:
        return None
    places, total = list(wanted[2:]), math.prod(have[2:])
    if places.count(-1) == 1 and wanted[0] is have[0]:
        places[places.index(-1)] = total // max(1, -math.prod(places))
    return places if math.prod(places) == total and min(places) > 0 else None


def _resolved(have: Sequence[Size], wanted: Sequence[Size]) -> list[Size]:
    """Return the target with as few computed entries as can be: one unknown size follows from all others."""
    wanted = list(wanted)
    free = [axis for axis, size in enumerate(wanted) if not isinstance(size, int)]
    unknown = [axis for axis, size in enumerate(wanted) if isinstance(size, int) and size == -1]
    known = math.prod(size for size in wanted if isinstance(size, int) and size != -1)
    if len(free) == 1 and not unknown and known > 0:
        wanted[free[0]] = -1
    elif len(free) == 1 and len(unknown) == 1:
        # The free size is that of an axis of the data itself: what is left is a quotient of known sizes.
        same = [axis for axis, size in enumerate(have) if size is wanted[free[0]]]
        rest = [size for axis, size in enumerate(have) if axis not in same]
        if same and known > 0 and all(isinstance(size, int) for size in rest):
            wanted[unknown[0]], left = divmod(math.prod(rest), known)
            if left == 0 and wanted[unknown[0]] > 0:
                wanted[free[0]] = -1
            else:
                wanted[unknown[0]] = -1
    return wanted


@operator("Flatten", 1, 9, 11, 13, 21, 23, 24, 25)
def flatten(node: Node, data: Value) -> Value:
    """Return a matrix: the axes before `axis` make the rows, the others the columns."""
    x = tensor(data)
    sizes = shape_of(x)
    axis = node.attributes.get("axis", 1)
    axis += len(sizes) if axis < 0 else 0
    before, after = _flat(sizes[:axis]), _flat(sizes[axis:])
    if not isinstance(before, int) and isinstance(after, int) and after > 0:
        before = -1
    elif not isinstance(after, int) and isinstance(before, int) and before > 0:
        after = -1
    return tf.reshape(x, shape_tensor([before, after]))


def _flat(sizes: Sequence[Size]) -> Size:
    result: Size = 1
    for one in sizes:
        result = result * one
    return result


def _axes(node: Node, axes: Value) -> list[int] | None:
    """Return the axes as an attribute before opset 13, as an input since."""
    if node.opset < 13:
        given = node.attributes.get("axes")
        return None if given is None else list(given)
    return None if axes is None else ints(node, axes, "list of axes")


@operator("Unsqueeze", 1, 11, 13, 21, 23, 24, 25)
def unsqueeze(node: Node, data: Value, axes: Value = None) -> Value:
    """Return axes of size 1 put in; they count in the result."""
    x = tensor(data)
    places = _axes(node, axes) or []
    rank = len(x.shape) + len(places)
    for place in sorted(one % rank for one in places):
        x = tf.expand_dims(x, place)
    return x


@operator("Squeeze", 1, 11, 13, 21, 23, 24, 25)
def squeeze(node: Node, data: Value, axes: Value = None) -> Value:
    """Return axes of size 1 taken out: those named, or all."""
    x = tensor(data)
    places = _axes(node, axes)
    if places is None:
        free = [axis for axis, size in enumerate(x.shape) if size is None]
        if free:
            raise UnsupportedModel(
                f"ONNX operator {node} has no axes, so it drops every axis of size 1, and the size of axis {free[0]} is free; "
                "name the axes that it is to drop, as in torch.squeeze(x, 1)."
            )
        places = [axis for axis, size in enumerate(x.shape) if size == 1]
    return tf.squeeze(x, [place % len(x.shape) for place in places]) if places else x


@operator("Transpose", 1, 13, 21, 23, 24, 25, layouts=True)
def transpose(node: Node, data: Value) -> Value:
    """Return axes in another order; between ONNX's layout of images and TensorFlow's nothing moves."""
    rank = rank_of(data)
    order = list(node.attributes.get("perm", range(rank)[::-1]))
    if isinstance(data, ChannelsLast):
        if order == to_last(rank):
            return data.last
        return tf.transpose(data.last, [data.axis(axis) for axis in order])
    if isinstance(data, tf.Tensor) and rank > 2 and order == to_first(rank):
        return ChannelsLast(data)
    return tf.transpose(tensor(data), order)


@operator("Concat", 4, 11, 13, layouts=True)
def concat(node: Node, *inputs: Value) -> Value:
    """Return values joined along an axis."""
    axis = node.attributes["axis"]
    rank = rank_of(inputs[0])
    tensors, last = aligned(*inputs, broadcast=False)
    return wrap(tf.concat(tensors, to_last(rank).index(axis % rank) if last else axis), last)


@operator("Split", 2, 11, 13, 18, layouts=True)
def split(node: Node, data: Value, lengths: Value = None) -> Value:
    """Return parts along an axis: of the given lengths, or of equal lengths with a shorter last one."""
    rank = rank_of(data)
    axis = node.attributes.get("axis", 0) % rank
    given = node.attributes.get("split")
    if lengths is not None:
        given = sizes_in(lengths)
    if given is None:
        count = node.attributes.get("num_outputs", len(node.outputs))
        size = known_size(node, data, axis)
        length = -(-size // count)
        given = [min(length, size - length * index) for index in range(count)]
    if any(isinstance(size, int) and size < 0 for size in given):
        raise UnsupportedModel(f"ONNX operator {node} splits an axis into more parts than it can fill.")
    lengths, count = shape_tensor(given), len(given)
    if isinstance(data, ChannelsLast):
        return [ChannelsLast(part) for part in tf.split(data.last, lengths, data.axis(axis), count)]
    return list(tf.split(tensor(data), lengths, axis, count))


@operator("Expand", 8, 13, dims=True)
def expand(node: Node, data: Value, target: Value) -> Value:
    """Return the value broadcast together with a shape; either side may have axes of size 1."""
    x = tensor(data)
    wanted = sizes_in(target)
    if wanted is None:
        raise UnsupportedModel(f"ONNX operator {node} has a target whose number of axes is computed.")
    have = shape_of(x)
    rank = max(len(have), len(wanted))
    have = [1] * (rank - len(have)) + have
    wanted = [1] * (rank - len(wanted)) + wanted
    sizes = [_broadcast(one, other) for one, other in zip(have, wanted, strict=True)]
    return tf.broadcast_to(x, shape_tensor(sizes))


def _broadcast(one: Size, other: Size) -> Size:
    if isinstance(one, int) and one == 1:
        return other
    if isinstance(other, int):
        return one if other == 1 else other
    return one if isinstance(one, int) else tf.where(tf.equal(one, 1), other, one)


@operator("Tile", 6, 13, dims=True)
def tile(_node: Node, data: Value, repeats: Value) -> Value:
    """Return the value repeated along its axes."""
    counts = sizes_in(repeats)
    return tf.tile(tensor(data), tf.cast(repeats, tf.int32) if counts is None else shape_tensor(counts))


@operator("DepthToSpace", 1, 11, 13, 28, layouts=True)
def depth_to_space(node: Node, data: Value) -> Value:
    """Return channels moved into blocks of an image, depth first (DCR) or channel first (CRD)."""
    block = node.attributes["blocksize"]
    x = channels_last(data)
    if node.attributes.get("mode", "DCR") == "CRD":
        x = _regrouped(x, known_size(node, data, 1) // block**2)
    return ChannelsLast(tf.nn.depth_to_space(x, block))


@operator("SpaceToDepth", 1, 13, 28, layouts=True)
def space_to_depth(node: Node, data: Value) -> Value:
    """Return blocks of an image moved into channels, depth first (DCR) or channel first (CRD)."""
    block = node.attributes["blocksize"]
    moved = tf.nn.space_to_depth(channels_last(data), block)
    if node.attributes.get("mode", "DCR") == "CRD":
        moved = _regrouped(moved, block**2)
    return ChannelsLast(moved)


def _regrouped(x: tf.Tensor, count: int) -> tf.Tensor:
    """Return channels numbered [count, rest] in the order [rest, count]."""
    sizes = shape_of(x)
    apart = tf.reshape(x, shape_tensor([*sizes[:-1], count, sizes[-1] // count]))
    return tf.reshape(tf.transpose(apart, [0, 1, 2, 4, 3]), shape_tensor(sizes))
