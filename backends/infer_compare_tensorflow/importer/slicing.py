"""Operators that cut ranges out of axes, or add to their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import ints, known_size, shape_tensor, sizes_in
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Size, Value, rank_of, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.backends.onnx_graphs import Node

INT32 = 2**31 - 1


@operator("Slice", 1, layouts=True)
def slice_1(node: Node, data: Value) -> Value:
    """Return a range of each axis, given by attributes."""
    starts, ends = node.attributes["starts"], node.attributes["ends"]
    axes = node.attributes.get("axes", range(len(starts)))
    return _sliced(data, list(axes), list(starts), list(ends), [1] * len(starts))


@operator("Slice", 10, 11, 13, layouts=True, dims=True)
def slice_10(node: Node, data: Value, starts: Value, ends: Value, axes: Value = None, steps: Value = None) -> Value:
    """Return a range of each axis, given by inputs that may be computed."""
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
    """Return a slice of axes that are known only when the model runs: bounds are put where the axes say."""
    rank = len(x.shape)
    places = tf.cast(axes, tf.int32)
    places = tf.where(places < 0, places + rank, places)[:, None]
    begin, end, step = (shape_tensor([_bound(size) for size in sizes]) for sizes in (starts, ends, steps))
    full = (tf.zeros([rank], tf.int32), tf.shape(x), tf.ones([rank], tf.int32))
    bounds = [
        tf.tensor_scatter_nd_update(whole, places, given) for whole, given in zip(full, (begin, end, step), strict=True)
    ]
    return tf.strided_slice(x, *bounds)


def _bound(value: Size) -> Size:
    """Return a bound in 32 bits, which TensorFlow clamps; ONNX writes "to the end" as the largest 64-bit number."""
    return min(max(value, -INT32), INT32) if isinstance(value, int) else value


@operator("Pad", 2, layouts=True)
def pad_2(node: Node, data: Value) -> Value:
    """Return the value padded as attributes say."""
    return _padded(node, data, list(node.attributes["pads"]), node.attributes.get("value", 0.0))


@operator("Pad", 11, 13, 18, 19, 21, 23, 24, 25, layouts=True, dims=True)
def pad_11(node: Node, data: Value, pads: Value, value: Value = None, axes: Value = None) -> Value:
    """Return the value padded as inputs say; negative padding removes elements."""
    given = sizes_in(pads)
    if given is None:
        raise UnsupportedModel(f"ONNX operator {node} has padding whose length is computed.")
    rank = rank_of(data)
    if axes is not None:
        where = [axis % rank for axis in ints(node, axes, "list of axes")]
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
    elif any(not isinstance(width, int) or width for pair in added for width in pair):
        x = tf.pad(x, [shape_tensor(pair) for pair in added], constant_values=tf.cast(tf.reshape(value, []), x.dtype))
    x = x[tuple(cropped)]
    return ChannelsLast(x) if held else x


def _more(pad: Size) -> Size:
    return max(pad, 0) if isinstance(pad, int) else pad


def _extended(node: Node, x: tf.Tensor, pads: Sequence[tuple[Size, Size]], mode: str) -> tf.Tensor:
    """Return the value padded with its own elements; for each place of the padded axis an index selects the element."""
    for axis, pair in enumerate(pads):
        if not all(isinstance(width, int) for width in pair):
            raise UnsupportedModel(f"ONNX operator {node} needs constant padding in mode {mode!r}.")
        if pair == (0, 0):
            continue
        size = known_size(node, x, axis)
        x = tf.gather(x, _places(node, size, pair, mode), axis=axis)
    return x


def _places(node: Node, size: int, pads: tuple[int, int], mode: str) -> NDArray[Any]:
    """Return the index of the element that stands at each place of a padded axis."""
    places = np.arange(size)
    match mode:
        case "reflect":
            return np.pad(places, pads, "reflect")
        case "edge":
            return np.pad(places, pads, "edge")
        case "wrap":
            return np.pad(places, pads, "wrap")
        case _:
            raise UnsupportedModel(f"ONNX operator {node} has the mode {mode!r}, which cannot be imported.")
