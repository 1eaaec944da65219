"""Pools over windows: maximum, average, norm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from infer_compare_torch.importer.convolution import CONVOLUTIONS, interleaved
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, dtype_of
from infer_compare_torch.importer.windows import Window, placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
AVERAGES = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def lowest(dtype: torch.dtype) -> float:
    """Return a number that is never the maximum."""
    return -math.inf if dtype.is_floating_point else torch.iinfo(dtype).min


def max_pool(tensor: torch.Tensor, *window: Any) -> torch.Tensor:  # noqa: ANN401 - as `max_pool_with_places`
    """Return the maximum over windows that torch's own pools cannot place."""
    return max_pool_with_places(tensor, *window)[0]


def max_pool_with_places(
    tensor: torch.Tensor,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    ceil: bool,
    upper: bool | None,
    by_column: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the maximum over windows, and the place of each, as an index into the flattened input.

    Args:
        tensor: batch, channel, and one to three spatial axes.
        kernel: the window's sizes.
        strides: steps between windows.
        dilations: steps within a window.
        starts: paddings at the starts.
        ends: paddings at the ends.
        ceil: whether a last window that reaches over the end counts.
        upper: for SAME padding, whether the odd one goes to the end; else None.
        by_column: whether the indices count the first spatial axis fastest.
    """
    sizes = tensor.shape[2:]
    starts, _, needed, places = placement(sizes, kernel, strides, dilations, starts, ends, ceil, upper)
    # torch pools bytes as nothing but floating point, which holds them exactly.
    narrow = tensor.dtype in {torch.int8, torch.uint8}
    source = tensor.to(torch.float32) if narrow else tensor
    padded = functional.pad(source, interleaved(starts, needed), value=lowest(source.dtype))
    call: Any = MAXIMA[len(kernel)]
    values, flat = call(padded, kernel, strides, 0, dilations, False, True)
    cut = (slice(None), slice(None), *(slice(0, count) for count in places))
    values, flat = values[cut], flat[cut]
    coordinates = []
    for size, start in zip(reversed(padded.shape[2:]), reversed(starts), strict=True):
        coordinates.append(flat % size - start)
        flat = torch.div(flat, size, rounding_mode="floor")
    coordinates.reverse()
    order = list(range(len(sizes)))
    index = torch.zeros_like(flat)
    for axis in reversed(order) if by_column else order:
        index = index * sizes[axis] + coordinates[axis]
    planes = torch.arange(tensor.shape[0] * tensor.shape[1], device=tensor.device)
    index += planes.reshape(tensor.shape[0], tensor.shape[1], *([1] * len(sizes))) * math.prod(sizes)
    return (values.to(tensor.dtype) if narrow else values), index


@operator("MaxPool", 1, 8, 10, 11, 12, 22)
def _max_pool(builder: Builder, node: Node, value: Value) -> Value | tuple[Value, ...]:
    window = Window(node)
    dtype = dtype_of(value)
    if len(node.outputs) > 1:
        by_column = bool(node.attributes.get("storage_order", 0))
        return builder.several(2, max_pool_with_places, value, *window.arguments(), by_column)
    if not window.native or dtype is None or not dtype.is_floating_point:
        return builder.emit(max_pool, value, *window.arguments())
    return builder.emit(
        MAXIMA[window.axes],
        value,
        window.kernel,
        tuple(window.strides),
        tuple(window.starts),
        tuple(window.dilations),
        window.ceil,
    )


def window_sum(
    tensor: torch.Tensor, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> torch.Tensor:
    """Return the sum over each window, channel by channel."""
    planes = tensor.reshape(-1, 1, *tensor.shape[2:])
    ones = torch.ones((1, 1, *kernel), dtype=tensor.dtype, device=tensor.device)
    call: Any = CONVOLUTIONS[len(kernel)]
    sums: torch.Tensor = call(planes, ones, None, strides, 0, dilations)
    return sums.reshape(*tensor.shape[:2], *sums.shape[2:])


def average_pool(
    tensor: torch.Tensor,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    ceil: bool,
    upper: bool | None,
    count_padding: bool,
) -> torch.Tensor:
    """Return the average over windows that torch's own pools cannot place; arguments as `max_pool_with_places`.

    Places counted are those of the tensor, and those of the stated padding with `count_padding`.
    """
    sizes = tensor.shape[2:]
    starts, ends, needed, places = placement(sizes, kernel, strides, dilations, starts, ends, ceil, upper)
    cut = (slice(None), slice(None), *(slice(0, count) for count in places))
    counted = torch.ones((1, 1, *sizes), dtype=tensor.dtype, device=tensor.device)
    beyond = needed
    if count_padding:
        counted = functional.pad(counted, interleaved(starts, ends), value=1.0)
        beyond = [more - end for more, end in zip(needed, ends, strict=True)]
        counted = functional.pad(counted, interleaved([0] * len(kernel), beyond))
    else:
        counted = functional.pad(counted, interleaved(starts, needed))
    total = window_sum(functional.pad(tensor, interleaved(starts, needed)), kernel, strides, dilations)
    return (total / window_sum(counted, kernel, strides, dilations))[cut]


@operator("AveragePool", 7, 10, 11, 19, 22)
def _average_pool(builder: Builder, node: Node, value: Value) -> Value:
    window = Window(node)
    count_padding = bool(node.attributes.get("count_include_pad", 0))
    if not window.native or set(window.dilations) != {1}:
        return builder.emit(average_pool, value, *window.arguments(), count_padding)
    return builder.emit(
        AVERAGES[window.axes],
        value,
        window.kernel,
        tuple(window.strides),
        tuple(window.starts),
        window.ceil,
        count_padding,
    )


def norm_pool(
    tensor: torch.Tensor,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    ceil: bool,
    upper: bool | None,
    power: int,
) -> torch.Tensor:
    """Return the p-norm over windows; arguments as `max_pool_with_places`."""
    starts, _, needed, places = placement(tensor.shape[2:], kernel, strides, dilations, starts, ends, ceil, upper)
    cut = (slice(None), slice(None), *(slice(0, count) for count in places))
    padded = functional.pad(tensor.abs() ** power, interleaved(starts, needed))
    return (window_sum(padded, kernel, strides, dilations) ** (1.0 / power))[cut]


@operator("LpPool", 2, 11, 18, 22)
def _norm_pool(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(norm_pool, value, *Window(node).arguments(), node.attributes.get("p", 2))
