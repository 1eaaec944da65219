"""Pools over whole planes: average, maximum, norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.values import Value, rank_of

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


def spatial_axes(tensor: torch.Tensor) -> tuple[int, ...]:
    """Return the axes behind batch and channel."""
    return tuple(range(2, tensor.dim()))


def global_average(tensor: torch.Tensor) -> torch.Tensor:
    """Return the average of each plane, for a tensor whose rank is only known from a run."""
    return torch.mean(tensor, spatial_axes(tensor), keepdim=True)


@operator("GlobalAveragePool", 1, 22)
def _global_average(builder: Builder, _: Node, value: Value) -> Value:
    rank = rank_of(value)
    return (
        builder.emit(global_average, value)
        if rank is None
        else builder.emit(torch.mean, value, tuple(range(2, rank)), keepdim=True)
    )


def global_maximum(tensor: torch.Tensor) -> torch.Tensor:
    """Return the maximum of each plane."""
    return torch.amax(tensor, spatial_axes(tensor), keepdim=True)


@operator("GlobalMaxPool", 1, 22)
def _global_maximum(builder: Builder, _: Node, value: Value) -> Value:
    return builder.emit(global_maximum, value)


def global_norm(tensor: torch.Tensor, power: int) -> torch.Tensor:
    """Return the p-norm of each plane."""
    norm: torch.Tensor = torch.linalg.vector_norm(tensor, power, spatial_axes(tensor), keepdim=True)
    return norm


@operator("GlobalLpPool", 2, 22)
def _global_norm(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(global_norm, value, node.attributes.get("p", 2))
