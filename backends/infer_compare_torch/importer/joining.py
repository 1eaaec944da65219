"""Operators that join tensors, and split them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import fx

from infer_compare_torch.importer import host
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import HostValue, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Ints


@operator("Concat", 4, 11, 13, host=True)
def _concatenate(builder: Builder, node: Node, *values: Value) -> Value:
    parts = [host.unpack(value) for value in values]
    if any(isinstance(value, HostValue) for value in values) and all(part is not None for part in parts):
        known = [part for part in parts if part is not None]
        items = [item for part in known for item in part.items]
        return host.pack(items, scalar=False, dtype=known[0].dtype)
    return builder.emit(torch.cat, [builder.tensor(value) for value in values], node.attributes["axis"])


def split_evenly(tensor: torch.Tensor, parts: int, axis: int) -> tuple[torch.Tensor, ...]:
    """Return the tensor in parts of equal size, but for a smaller last one."""
    size = -(-tensor.shape[axis] // parts)
    # A last part of size zero is a part as well.
    sizes = [min(size, max(tensor.shape[axis] - index * size, 0)) for index in range(parts)]
    return torch.split(tensor, sizes, axis)


def split_by(tensor: torch.Tensor, sizes: Sequence[int], axis: int) -> tuple[torch.Tensor, ...]:
    """Return the tensor in parts of the sizes given."""
    return torch.split(tensor, list(sizes), axis)


@operator("Split", 2, 11, 13, 18, host=True)
def _split(builder: Builder, node: Node, value: Value, split: Value | None = None) -> tuple[Value, ...]:
    axis = node.attributes.get("axis", 0)
    sizes: Ints | None = list(node.attributes["split"]) if "split" in node.attributes else None
    if split is not None:
        sizes = builder.ints(split)
    if isinstance(value, HostValue) and not isinstance(sizes, fx.Node):
        fixed = [size for size in sizes or () if isinstance(size, int)] or _even(len(value.items), len(node.outputs))
        if len(fixed) == len(node.outputs):
            ends = [sum(fixed[: index + 1]) for index in range(len(fixed))]
            return tuple(
                host.pack(value.items[end - size : end], scalar=False, dtype=value.dtype)
                for size, end in zip(fixed, ends, strict=True)
            )
    tensor = builder.tensor(value)
    if sizes is None:
        return builder.several(len(node.outputs), split_evenly, tensor, len(node.outputs), axis)
    return builder.several(len(node.outputs), split_by, tensor, sizes, axis)


def _even(length: int, parts: int) -> list[int]:
    size = -(-length // parts)
    return [min(size, max(length - index * size, 0)) for index in range(parts)]
