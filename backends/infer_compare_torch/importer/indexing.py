"""Parts of a tensor by index: gathering, scattering, sorting, searching."""

from __future__ import annotations

import operator as py
from typing import TYPE_CHECKING

import torch

from infer_compare_torch.importer import host
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import HostValue, Value, dtype_of, rank_of

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

INDEX_DTYPES = frozenset({torch.int64, torch.int32})


def from_start(index: torch.Tensor, size: int) -> torch.Tensor:
    """Return indices counted from the start, where negative ones were counted from the end."""
    return torch.where(index < 0, index + size, index).to(torch.int64)


def gather(tensor: torch.Tensor, index: torch.Tensor, axis: int) -> torch.Tensor:
    """Return slices of a tensor along an axis, picked by indices of any shape."""
    return tensor[(slice(None),) * (axis % tensor.dim()) + (index.to(torch.int64),)]


@operator("Gather", 1, 11, 13, host=True)
def _gather(builder: Builder, node: Node, value: Value, index: Value) -> Value:
    axis = node.attributes.get("axis", 0)
    if isinstance(value, HostValue) and not value.scalar and isinstance(index, torch.Tensor) and index.dim() <= 1:
        items = [value.items[int(place)] for place in index.reshape(-1).tolist()]
        return host.pack(items, scalar=index.dim() == 0, dtype=value.dtype)
    tensor = builder.tensor(value)
    rank = rank_of(tensor)
    if isinstance(index, torch.Tensor) and index.dim() == 0:
        return builder.emit("select", tensor, axis, int(index.item()))
    index = builder.tensor(index)
    if dtype_of(index) not in INDEX_DTYPES or (axis < 0 and rank is None):
        return builder.emit(gather, tensor, index, axis)
    before = (slice(None),) * (axis % rank if rank else axis)
    return builder.emit(py.getitem, tensor, (*before, index) if before else index)


def gather_elements(tensor: torch.Tensor, index: torch.Tensor, axis: int) -> torch.Tensor:
    """Return elements along an axis, picked one by one."""
    return torch.gather(tensor, axis, from_start(index, tensor.shape[axis]))


@operator("GatherElements", 11, 13)
def _gather_elements(builder: Builder, node: Node, value: Value, index: Value) -> Value:
    return builder.emit(gather_elements, value, index, node.attributes.get("axis", 0))


def gather_nd(tensor: torch.Tensor, index: torch.Tensor, batch_axes: int) -> torch.Tensor:
    """Return slices picked by tuples of indices, which are the last axis of `index`."""
    depth = index.shape[-1]
    batch = tensor.shape[:batch_axes]
    flat = tensor.reshape(-1, *tensor.shape[batch_axes:])
    tuples = index.reshape(flat.shape[0], -1, depth).to(torch.int64)
    rows = torch.arange(flat.shape[0], device=tensor.device).unsqueeze(1)
    picked = flat[(rows, *tuples.unbind(-1))]
    return picked.reshape(*batch, *index.shape[batch_axes:-1], *tensor.shape[batch_axes + depth :])


@operator("GatherND", 11, 12, 13)
def _gather_nd(builder: Builder, node: Node, value: Value, index: Value) -> Value:
    return builder.emit(gather_nd, value, index, node.attributes.get("batch_dims", 0))


REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scatter_elements(
    tensor: torch.Tensor, index: torch.Tensor, updates: torch.Tensor, axis: int, reduction: str
) -> torch.Tensor:
    """Return a copy of the tensor with elements along an axis replaced by updates, or combined with them."""
    places = from_start(index, tensor.shape[axis])
    if reduction == "none":
        return torch.scatter(tensor, axis, places, updates)
    return torch.scatter_reduce(tensor, axis, places, updates, REDUCTIONS[reduction])


@operator("Scatter", 9, 11)
@operator("ScatterElements", 11, 13, 16, 18)
def _scatter_elements(builder: Builder, node: Node, value: Value, index: Value, updates: Value) -> Value:
    return builder.emit(
        scatter_elements,
        value,
        index,
        updates,
        node.attributes.get("axis", 0),
        node.attributes.get("reduction", "none"),
    )


def scatter_nd(tensor: torch.Tensor, index: torch.Tensor, updates: torch.Tensor, reduction: str) -> torch.Tensor:
    """Return a copy of the tensor with slices replaced, or combined; tuples of indices are the last axis of `index`."""
    depth = index.shape[-1]
    sizes = tensor.shape[:depth]
    flat_index = torch.zeros(index.shape[:-1], dtype=torch.int64, device=tensor.device)
    for axis, size in enumerate(sizes):
        flat_index = flat_index * size + from_start(index[..., axis], size)
    rows = tensor.reshape(sizes.numel(), -1)
    places = flat_index.reshape(-1, 1).expand(-1, rows.shape[1])
    new = updates.reshape(-1, rows.shape[1])
    if reduction == "none":
        return torch.scatter(rows, 0, places, new).reshape(tensor.shape)
    return torch.scatter_reduce(rows, 0, places, new, REDUCTIONS[reduction]).reshape(tensor.shape)


@operator("ScatterND", 11, 13, 16, 18)
def _scatter_nd(builder: Builder, node: Node, value: Value, index: Value, updates: Value) -> Value:
    return builder.emit(scatter_nd, value, index, updates, node.attributes.get("reduction", "none"))


def one_hot(index: torch.Tensor, depth: int, values: torch.Tensor, axis: int) -> torch.Tensor:
    """Return vectors of the off value with the on value at one place; at none for an index out of range."""
    count = int(depth)
    places = torch.where(index < 0, index + count, index)
    axis = axis if axis >= 0 else axis + index.dim() + 1
    steps = torch.arange(count, device=index.device, dtype=places.dtype)
    hit = places.unsqueeze(axis) == steps.reshape(-1, *([1] * (index.dim() - axis)))
    return torch.where(hit, values[1], values[0])


@operator("OneHot", 9, 11, host=True)
def _one_hot(builder: Builder, node: Node, index: Value, depth: Value, values: Value) -> Value:
    return builder.emit(
        one_hot, builder.tensor(index), builder.number(depth), builder.tensor(values), node.attributes.get("axis", -1)
    )


def nonzero(tensor: torch.Tensor) -> torch.Tensor:
    """Return where a tensor is not zero: a row of indices per axis."""
    return torch.nonzero(tensor).t()


@operator("NonZero", 9, 13)
def _nonzero(builder: Builder, _: Node, value: Value) -> Value:
    return builder.emit(nonzero, value)


def compress(tensor: torch.Tensor, condition: torch.Tensor, axis: int | None) -> torch.Tensor:
    """Return the slices along an axis, or the elements, for which a condition holds."""
    if axis is None:
        tensor, axis = tensor.reshape(-1), 0
    return tensor.index_select(axis, torch.nonzero(condition).reshape(-1))


@operator("Compress", 9, 11)
def _compress(builder: Builder, node: Node, value: Value, condition: Value) -> Value:
    return builder.emit(compress, value, condition, node.attributes.get("axis"))


def extreme_index(tensor: torch.Tensor, axis: int, keep: bool, last: bool, least: bool) -> torch.Tensor:
    """Return the index of the greatest (or least) element along an axis: the first such, or the last."""
    search = torch.argmin if least else torch.argmax
    if not last:
        return search(tensor, axis, keepdim=keep)
    return tensor.shape[axis] - 1 - search(tensor.flip(axis), axis, keepdim=keep)


def _extreme(op_type: str, least: bool) -> None:
    def handler(builder: Builder, node: Node, value: Value) -> Value:
        axis, keep = node.attributes.get("axis", 0), bool(node.attributes.get("keepdims", 1))
        last = bool(node.attributes.get("select_last_index", 0))
        return builder.emit(extreme_index, value, axis, keep, last, least)

    operator(op_type, 1, 11, 12, 13)(handler)


_extreme("ArgMax", least=False)
_extreme("ArgMin", least=True)


def top(tensor: torch.Tensor, count: int, axis: int, greatest: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the greatest (or least) elements along an axis in order, and their indices; of equals the first."""
    # Not `torch.topk`, which leaves open which of equal elements it finds.
    values, index = torch.sort(tensor, dim=axis, descending=greatest, stable=True)
    return values.narrow(axis, 0, count), index.narrow(axis, 0, count)


@operator("TopK", 1, 10, 11, 24, host=True)
def _top(builder: Builder, node: Node, value: Value, count: Value | None = None) -> tuple[Value, ...]:
    number = node.attributes["k"] if count is None else builder.number(count)
    greatest = bool(node.attributes.get("largest", 1))
    return builder.several(2, top, builder.tensor(value), number, node.attributes.get("axis", -1), greatest)


def reverse_sequences(tensor: torch.Tensor, lengths: torch.Tensor, batch_axis: int, time_axis: int) -> torch.Tensor:
    """Return each sequence of a batch turned around up to its length."""
    steps = torch.arange(tensor.shape[time_axis], device=tensor.device)
    ends = lengths.to(torch.int64).unsqueeze(1)
    places = torch.where(steps < ends, ends - 1 - steps, steps)
    if time_axis < batch_axis:
        places = places.t()
    shape = [1] * tensor.dim()
    shape[batch_axis], shape[time_axis] = tensor.shape[batch_axis], tensor.shape[time_axis]
    return torch.gather(tensor, time_axis, places.reshape(shape).expand(tensor.shape))


@operator("ReverseSequence", 10)
def _reverse_sequences(builder: Builder, node: Node, value: Value, lengths: Value) -> Value:
    batch_axis, time_axis = node.attributes.get("batch_axis", 1), node.attributes.get("time_axis", 0)
    return builder.emit(reverse_sequences, value, lengths, batch_axis, time_axis)


def cumulate(tensor: torch.Tensor, axis: int, exclusive: bool, reverse: bool) -> torch.Tensor:
    """Return sums along an axis up to each element, with or without it, from the start or from the end."""
    dtype = tensor.dtype
    if reverse:
        tensor = tensor.flip(axis)
    total = torch.cumsum(tensor, axis, dtype=dtype)
    if exclusive:
        total = total - tensor
    return total.flip(axis) if reverse else total


@operator("CumSum", 11, 14, host=True)
def _cumulate(builder: Builder, node: Node, value: Value, axis: Value) -> Value:
    exclusive, reverse = bool(node.attributes.get("exclusive", 0)), bool(node.attributes.get("reverse", 0))
    return builder.emit(cumulate, builder.tensor(value), builder.number(axis), exclusive, reverse)
