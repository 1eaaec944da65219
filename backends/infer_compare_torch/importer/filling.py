"""Tensors filled by a rule: with one number, by counting, by triangles and diagonals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import fx

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.dtypes import tensor_from_numpy
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.shape import shaped
from infer_compare_torch.importer.values import Value, dtype_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


@operator("ConstantOfShape", 9, 20, 21, 23, 24, 25, host=True)
def _constant_of_shape(builder: Builder, node: Node, shape: Value) -> Value:
    sizes = builder.ints(shape)
    given = node.attributes.get("value")
    fill = torch.zeros(1) if given is None else tensor_from_numpy(given).reshape(-1)
    if isinstance(sizes, fx.Node) or any(isinstance(size, fx.Node) for size in sizes):
        made = builder.emit(full, sizes, fill[0].item(), fill.dtype, builder.device)
        return made if isinstance(sizes, fx.Node) else shaped(made, sizes)
    return torch.full([int(size) for size in sizes if not isinstance(size, fx.Node)], fill[0].item(), dtype=fill.dtype)


def full(sizes: Sequence[int], fill: float, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a tensor of one number."""
    return torch.full(tuple(sizes), fill, dtype=dtype, device=device)


def arange(start: float, limit: float, step: float, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the numbers from a start up to a limit, which is excluded."""
    count = max(math.ceil((limit - start) / step), 0)
    return torch.arange(count, dtype=dtype, device=device) * step + start


@operator("Range", 11, host=True)
def _range(builder: Builder, node: Node, start: Value, limit: Value, step: Value) -> Value:
    dtype = dtype_of(start)
    if dtype is None:
        raise UnsupportedModel(f"ONNX operator {node} counts in a type that is only known from a run.")
    begin, end, by = (builder.number(value) for value in (start, limit, step))
    if not any(isinstance(value, fx.Node) for value in (begin, end, by)):
        return arange(begin, end, by, dtype, torch.device("cpu")).to(dtype)  # type: ignore[arg-type]
    if not dtype.is_floating_point:
        return builder.emit(torch.arange, begin, end, by, dtype=dtype, device=builder.device)
    return builder.emit(arange, begin, end, by, dtype, builder.device)


@operator("Trilu", 14)
def _triangle(builder: Builder, node: Node, value: Value, diagonal: Value | None = None) -> Value:
    offset = 0 if diagonal is None else builder.number(diagonal)
    return builder.emit(torch.triu if node.attributes.get("upper", 1) else torch.tril, value, offset)


def identity_like(tensor: torch.Tensor, offset: int, dtype: torch.dtype | None) -> torch.Tensor:
    """Return ones on a diagonal, in the shape of a matrix."""
    rows = torch.arange(tensor.shape[0], device=tensor.device).unsqueeze(1)
    columns = torch.arange(tensor.shape[1], device=tensor.device)
    return (columns - rows == offset).to(dtype or tensor.dtype)


@operator("EyeLike", 9, 22)
def _identity_like(builder: Builder, node: Node, value: Value) -> Value:
    from infer_compare_torch.importer.dtypes import from_onnx

    wanted = node.attributes.get("dtype")
    dtype = None if wanted is None else from_onnx(wanted)
    return builder.emit(identity_like, value, node.attributes.get("k", 0), dtype)
