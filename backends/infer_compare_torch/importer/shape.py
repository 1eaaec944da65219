"""Operators that read and change shapes."""

from __future__ import annotations

import math
import operator as py
from typing import TYPE_CHECKING

import torch
from torch import fx

from infer_compare_torch.importer import host
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import HostValue, TensorValue, Value, rank_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Ints, Scalar, Tensorial


def shape_tensor(tensor: torch.Tensor, start: int, end: int | None) -> torch.Tensor:
    """Return the sizes of a tensor whose rank is only known from a run."""
    return torch.tensor(tensor.shape[start:end], dtype=torch.int64, device=tensor.device)


@operator("Shape", 1, 13, 15, 19, 21, 23, 24, 25, host=True)
def _shape(builder: Builder, node: Node, value: Value) -> Value:
    start, end = node.attributes.get("start", 0), node.attributes.get("end")
    rank = rank_of(value)
    if rank is None:
        return builder.emit(shape_tensor, value, start, end)
    axes = range(*slice(start, end).indices(rank))
    return host.pack([builder.size(value, axis) for axis in axes], scalar=False, dtype=torch.int64)


def element_count(tensor: torch.Tensor) -> torch.Tensor:
    """Return the number of elements of a tensor whose rank is only known from a run."""
    return torch.full((), tensor.numel(), dtype=torch.int64, device=tensor.device)


@operator("Size", 1, 13, 19, 21, 23, 24, 25, host=True)
def _size(builder: Builder, _: Node, value: Value) -> Value:
    rank = rank_of(value)
    if rank is None:
        return builder.emit(element_count, value)
    count: Scalar = 1
    for axis in range(rank):
        count = multiply(builder, count, builder.size(value, axis))
    return host.pack([count], scalar=True, dtype=torch.int64)


def multiply(builder: Builder, first: Scalar, second: Scalar) -> Scalar:
    """Return a product of sizes, without a call where one of them is 1."""
    if first == 1:
        return second
    return first if second == 1 else builder.scalar(py.mul, first, second)


def reshape(tensor: torch.Tensor, sizes: Sequence[int], keep_zero: bool) -> torch.Tensor:
    """Return a reshape to sizes that are only known from a run; zero copies a size unless it is to be kept."""
    if not keep_zero:
        sizes = [tensor.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    return tensor.reshape(tuple(sizes))


@operator("Reshape", 5, 13, 14, 19, 21, 23, 24, 25, host=True)
def _reshape(builder: Builder, node: Node, value: Value, shape: Value) -> Value:
    keep_zero = bool(node.attributes.get("allowzero", 0))
    sizes = builder.ints(shape)
    if isinstance(sizes, fx.Node):
        return builder.emit(reshape, builder.tensor(value), sizes, keep_zero)
    if isinstance(value, HostValue) and len(sizes) <= 1:
        return HostValue(value.items, not sizes, value.dtype)
    tensor = builder.tensor(value)
    if not keep_zero:
        sizes = [builder.size(tensor, axis) if size == 0 else size for axis, size in enumerate(sizes)]
    return shaped(builder.emit("reshape", tensor, tuple(sizes)), sizes)


def shaped(value: Tensorial, sizes: Sequence[Scalar]) -> Tensorial:
    """Return the value, with the sizes that are known of its shape."""
    if isinstance(value, TensorValue):
        shape = tuple(size if isinstance(size, int) and size >= 0 else None for size in sizes)
        return TensorValue(value.node, value.dtype, shape)
    return value


def flatten(tensor: torch.Tensor, axis: int) -> torch.Tensor:
    """Return a matrix: the axes before `axis` make the rows, the others the columns."""
    rows = math.prod(tensor.shape[:axis])
    columns = math.prod(tensor.shape[axis:])
    return tensor.reshape(rows, columns)


@operator("Flatten", 1, 9, 11, 13, 21, 23, 24, 25)
def _flatten(builder: Builder, node: Node, value: Value) -> Value:
    axis = node.attributes.get("axis", 1)
    return (
        builder.emit(torch.flatten, value, 1)
        if axis == 1 and (rank_of(value) or 0) >= 2
        else (builder.emit(flatten, value, axis))
    )


def axes_of(builder: Builder, node: Node, axes: Value | None) -> Ints | None:
    """Return axes given as an input, or else as an attribute, or None."""
    if axes is not None:
        return builder.ints(axes)
    attribute = node.attributes.get("axes")
    return None if attribute is None else list(attribute)


def squeeze(tensor: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return the tensor without axes that are only known from a run."""
    return tensor.squeeze(tuple(axes))


@operator("Squeeze", 1, 11, 13, 21, 23, 24, 25, host=True)
def _squeeze(builder: Builder, node: Node, value: Value, axes: Value | None = None) -> Value:
    if isinstance(value, HostValue) and not value.scalar and len(value.items) == 1:
        return HostValue(value.items, True, value.dtype)
    chosen = axes_of(builder, node, axes)
    if chosen is None:
        return builder.emit(torch.squeeze, value)
    if isinstance(chosen, fx.Node):
        return builder.emit(squeeze, value, chosen)
    return builder.emit("squeeze", builder.tensor(value), tuple(chosen))


def unsqueeze(tensor: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return the tensor with axes of size 1 at places that are only known from a run."""
    rank = tensor.dim() + len(axes)
    for axis in sorted(one % rank for one in axes):
        tensor = tensor.unsqueeze(axis)
    return tensor


@operator("Unsqueeze", 1, 11, 13, 21, 23, 24, 25, host=True)
def _unsqueeze(builder: Builder, node: Node, value: Value, axes: Value | None = None) -> Value:
    chosen = axes_of(builder, node, axes)
    assert chosen is not None
    if isinstance(value, HostValue) and value.scalar and not isinstance(chosen, fx.Node) and len(chosen) == 1:
        return HostValue(value.items, False, value.dtype)
    if not isinstance(chosen, fx.Node) and len(chosen) == 1:
        return builder.emit("unsqueeze", builder.tensor(value), chosen[0])
    return builder.emit(unsqueeze, value, chosen)


def reverse_axes(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor with its axes in reverse order, its rank unknown until run."""
    return tensor.permute(tuple(reversed(range(tensor.dim()))))


@operator("Transpose", 1, 13, 21, 23, 24, 25)
def _transpose(builder: Builder, node: Node, value: Value) -> Value:
    order = node.attributes.get("perm")
    rank = rank_of(value)
    if order is None and rank is None:
        return builder.emit(reverse_axes, value)
    if order is None:
        order = tuple(reversed(range(rank or 0)))
    return builder.emit("permute", value, tuple(order))


def expand(tensor: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Return the tensor broadcast against a shape, in which 1 leaves an axis as it is."""
    rank = max(tensor.dim(), len(sizes))
    wanted = [1] * (rank - len(sizes)) + list(sizes)
    actual = [1] * (rank - tensor.dim()) + list(tensor.shape)
    return tensor.expand([have if want == 1 else want for want, have in zip(wanted, actual, strict=True)])


@operator("Expand", 8, 13, host=True)
def _expand(builder: Builder, _: Node, value: Value, shape: Value) -> Value:
    sizes = builder.ints(shape)
    tensor = builder.tensor(value)
    present = shape_of(tensor)
    if isinstance(sizes, fx.Node) or present is None:
        return builder.emit(expand, tensor, sizes)
    rank = max(len(present), len(sizes))
    wanted: list[Scalar] = [1] * (rank - len(sizes)) + list(sizes)
    padded: list[int | None] = [*[1] * (rank - len(present)), *present]
    if any(isinstance(want, fx.Node) and have != 1 for want, have in zip(wanted, padded, strict=True)):
        # Which of the two is 1, and gives way, is only known from a run.
        return builder.emit(expand, tensor, sizes)
    kept = [-1 if want == 1 and have != 1 else want for want, have in zip(wanted, padded, strict=True)]
    return shaped(
        builder.emit("expand", tensor, tuple(kept)),
        [have if have is not None and want == -1 else want for want, have in zip(kept, padded, strict=True)],
    )


def tile(tensor: torch.Tensor, repeats: Sequence[int]) -> torch.Tensor:
    """Return the tensor repeated along each of its axes."""
    return tensor.repeat(tuple(repeats))


@operator("Tile", 6, 13, host=True)
def _tile(builder: Builder, _: Node, value: Value, repeats: Value) -> Value:
    return builder.emit(tile, builder.tensor(value), builder.ints(repeats))
