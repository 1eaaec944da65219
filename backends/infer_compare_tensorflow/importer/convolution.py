"""Convolutions, computed channels last."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.layouts import channels_last
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Size, Value, kernel, shape_of, tensor
from infer_compare_tensorflow.importer.windows import Window, pad_spatial, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


@operator("Conv", 1, 11, 22, layouts=True)
def conv(node: Node, data: Value, weight: Value, bias: Value = None) -> Value:
    """Return the convolution over one, two or three spatial axes, grouped or not."""
    sizes = _fixed(node, weight)
    rank = len(sizes) - 2
    groups = node.attributes.get("group", 1)
    moving = window(node, data, sizes[2:])
    x = channels_last(data)
    if rank == 1:
        x = tf.expand_dims(x, 1)
        moving = _with_row(moving)
    if groups > 1 and groups == x.shape[-1] and rank <= 2:
        result = _depthwise(x, _depthwise_kernel(weight, sizes, groups), moving)
    else:
        order = [*range(2, rank + 2), 1, 0]
        filters = kernel(weight, order)
        if rank == 1:
            filters = tf.expand_dims(filters, 0)
        result = _planes(x, filters, moving, groups) if rank <= 2 else _volumes(x, filters, moving, groups)
    if rank == 1:
        result = tf.squeeze(result, 1)
    return ChannelsLast(result if bias is None else tf.nn.bias_add(result, tensor(bias)))


def _fixed(node: Node, weight: Value) -> list[int]:
    sizes = shape_of(weight)
    if not all(isinstance(size, int) for size in sizes) or not 3 <= len(sizes) <= 5:
        raise UnsupportedModel(f"ONNX operator {node} needs weights of fixed shape and 1 to 3 spatial axes.")
    return sizes


def _with_row(moving: Window) -> Window:
    """Return a window over one axis as a window over planes of one row."""
    return Window((1, *moving.kernel), (1, *moving.strides), (1, *moving.dilations), ((0, 0), *moving.pads))


def _planes(x: tf.Tensor, filters: tf.Tensor, moving: Window, groups: int) -> tf.Tensor:
    """Return the convolution of [N, H, W, C] with filters [h, w, C / groups, M]."""
    padding = [(0, 0), *moving.pads, (0, 0)] if moving.padded else "VALID"
    if groups == 1:
        return tf.nn.conv2d(x, filters, moving.strides, padding, dilations=moving.dilations)
    parts = [
        tf.nn.conv2d(one, its, moving.strides, padding, dilations=moving.dilations)
        for one, its in zip(tf.split(x, groups, -1), tf.split(filters, groups, -1), strict=True)
    ]
    return tf.concat(parts, -1)


def _depthwise_kernel(weight: Value, sizes: Sequence[int], groups: int) -> tf.Tensor:
    """Return filters [C * m, 1, h, w] as [h, w, C, m]; both number the outputs of a group consecutively."""
    filters = kernel(weight, [*range(2, len(sizes)), 0, 1])
    height, width = (1, *sizes[2:]) if len(sizes) == 3 else sizes[2:]
    return tf.reshape(filters, [height, width, groups, sizes[0] // groups])


def _depthwise(x: tf.Tensor, filters: tf.Tensor, moving: Window) -> tf.Tensor:
    """Return the depthwise convolution of [N, H, W, C] with filters [h, w, C, m].

    The padding is never given as numbers: merging with a bias or a normalisation forgets those, and then aborts the
    process while the graph is optimised.
    """
    vertical, horizontal = moving.strides
    if max(moving.dilations) == 1 and vertical == horizontal and moving.pads == moving.same(x.shape[1:3]):
        return tf.nn.depthwise_conv2d(x, filters, [1, vertical, horizontal, 1], "SAME")
    x = pad_spatial(x, moving.pads)
    dilated = dilate(filters, moving.dilations)
    # The kernel takes one stride for both axes, so unequal ones keep every n-th result.
    step = math.gcd(vertical, horizontal)
    result = tf.nn.depthwise_conv2d(x, dilated, [1, step, step, 1], "VALID")
    return result[:, :: vertical // step, :: horizontal // step] if vertical != horizontal else result


def dilate(filters: tf.Tensor, dilations: Sequence[int]) -> tf.Tensor:
    """Return filters [*spatial, ...] with zeros between their elements, for kernels that know no dilation."""
    for axis, dilation in enumerate(dilations):
        size = filters.shape[axis]
        if dilation == 1 or size == 1:
            continue
        spread = tf.expand_dims(filters, axis + 1)
        rank = len(spread.shape)
        spread = tf.pad(spread, [(0, dilation - 1 if place == axis + 1 else 0) for place in range(rank)])
        sizes = filters.shape.as_list()
        sizes[axis] = size * dilation
        spread = tf.reshape(spread, sizes)
        filters = spread[(slice(None),) * axis + (slice(0, (size - 1) * dilation + 1),)]
    return filters


def _volumes(x: tf.Tensor, filters: tf.Tensor, moving: Window, groups: int) -> tf.Tensor:
    """Return the convolution of [N, D, H, W, C] with filters [d, h, w, C / groups, M].

    Padding, dilation and groups are done outside of TensorFlow's convolution.
    """
    x = pad_spatial(x, moving.pads)
    filters = dilate(filters, moving.dilations)
    strides = [1, *moving.strides, 1]
    parts = [
        tf.nn.conv3d(one, its, strides, "VALID")
        for one, its in zip(tf.split(x, groups, -1), tf.split(filters, groups, -1), strict=True)
    ]
    return parts[0] if groups == 1 else tf.concat(parts, -1)


@operator("ConvTranspose", 1, 11, 22, layouts=True)
def conv_transpose(node: Node, data: Value, weight: Value, bias: Value = None) -> Value:
    """Return the gradient of a convolution with respect to its input, cropped and padded as the node asks."""
    sizes = _fixed(node, weight)
    rank = len(sizes) - 2
    groups = node.attributes.get("group", 1)
    strides = tuple(node.attributes.get("strides", (1,) * rank))
    dilations = tuple(node.attributes.get("dilations", (1,) * rank))
    x = channels_last(data)
    # [C, M / groups, *spatial] as [*spatial, M / groups, C], the shape of the forward convolution's filters.
    filters = dilate(kernel(weight, [*range(2, rank + 2), 1, 0]), dilations)
    extents = filters.shape.as_list()[:rank]
    spatial = [shape_of(data)[axis + 2] for axis in range(rank)]
    full = [(size - 1) * stride + extent for size, stride, extent in zip(spatial, strides, extents, strict=True)]
    parts = [
        _spread(one, its, full, strides)
        for one, its in zip(tf.split(x, groups, -1), tf.split(filters, groups, -1), strict=True)
    ]
    result = parts[0] if groups == 1 else tf.concat(parts, -1)
    result = _trimmed(node, result, full, spatial, strides)
    return ChannelsLast(result if bias is None else tf.nn.bias_add(result, tensor(bias)))


def _spread(x: tf.Tensor, filters: tf.Tensor, full: Sequence[Size], strides: Sequence[int]) -> tf.Tensor:
    rank = len(full)
    channels = filters.shape[rank]
    batch = shape_of(x)[0]
    if rank == 1:
        wide = _spread(tf.expand_dims(x, 1), tf.expand_dims(filters, 0), [1, *full], [1, *strides])
        return tf.squeeze(wide, 1)
    function = tf.nn.conv2d_transpose if rank == 2 else tf.nn.conv3d_transpose
    result = function(x, filters, tf.stack([batch, *full, channels]), list(strides), "VALID")
    result.set_shape([None, *(size if isinstance(size, int) else None for size in full), channels])
    return result


def _trimmed(
    node: Node, result: tf.Tensor, full: Sequence[Size], spatial: Sequence[Size], strides: Sequence[int]
) -> tf.Tensor:
    """Crop the full result by the padding, and fill with zeros where the output reaches beyond it."""
    rank = len(full)
    extra = tuple(node.attributes.get("output_padding", (0,) * rank))
    auto = node.attributes.get("auto_pad", "NOTSET")
    wanted = node.attributes.get("output_shape")
    if wanted is None and auto in {"SAME_UPPER", "SAME_LOWER"}:
        wanted = [size * stride for size, stride in zip(spatial, strides, strict=True)]
    if wanted is None:
        flat = (0,) * (2 * rank) if auto == "VALID" else tuple(node.attributes.get("pads", (0,) * (2 * rank)))
        begins, ends = flat[:rank], flat[rank:]
        lengths = [have - sum(ends) for have, *ends in zip(full, begins, ends, strict=True)]
        lengths = [length + more for length, more in zip(lengths, extra, strict=True)]
        missing = [max(more - end, 0) for more, end in zip(extra, ends, strict=True)]
    else:
        lengths = list(wanted)[-rank:]
        if not all(isinstance(size, int) for size in (*full, *lengths)):
            raise UnsupportedModel(f"ONNX operator {node} needs fixed spatial sizes to crop to its output shape.")
        totals = [max(have + more - want, 0) for have, more, want in zip(full, extra, lengths, strict=True)]
        begins = tuple(total // 2 if auto == "SAME_UPPER" else total - total // 2 for total in totals)
        missing = [max(begin + want - have, 0) for begin, want, have in zip(begins, lengths, full, strict=True)]
    result = pad_spatial(result, [(0, size) for size in missing])
    slices = [slice(begin, begin + length) for begin, length in zip(begins, lengths, strict=True)]
    return result[(slice(None), *slices)]
