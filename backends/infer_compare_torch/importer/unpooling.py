"""The inverse of a maximum pool."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from infer_compare_torch.importer.convolution import interleaved
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.windows import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Value


def unpool(tensor: torch.Tensor, index: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return the values put back to where indices into the flattened output say, with zeros elsewhere."""
    flat = torch.zeros(math.prod(shape), dtype=tensor.dtype, device=tensor.device)
    return flat.scatter(0, index.reshape(-1), tensor.reshape(-1)).reshape(tuple(shape))


def unpool_by_window(
    tensor: torch.Tensor,
    index: torch.Tensor,
    kernel: Sequence[int],
    strides: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    wanted: Sequence[int] | None,
) -> torch.Tensor:
    """Return the result of `unpool` at the sizes before the pool, set into a larger shape if one is given."""
    shape = list(tensor.shape[:2])
    for size, extent, stride, start, end in zip(tensor.shape[2:], kernel, strides, starts, ends, strict=True):
        shape.append((size - 1) * stride + extent - start - end)
    whole = unpool(tensor, index, shape)
    if wanted is None:
        return whole
    more = [want - have for want, have in zip(wanted, shape, strict=True)]
    return functional.pad(whole, interleaved([0] * len(more), more))


@operator("MaxUnpool", 9, 11, 22)
def _unpool(builder: Builder, node: Node, value: Value, index: Value, shape: Value | None = None) -> Value:
    window = Window(node)
    wanted = None if shape is None else builder.ints(shape)
    return builder.emit(
        unpool_by_window, value, index, window.kernel, window.strides, window.starts, window.ends, wanted
    )
