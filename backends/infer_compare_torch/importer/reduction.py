"""Reductions along axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from infer_compare_torch.importer import host
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.shape import axes_of
from infer_compare_torch.importer.values import HostValue, Scalar, Value, dtype_of, rank_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


def total(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the sum, in the tensor's dtype."""
    return torch.sum(tensor, tuple(axes), keepdim=keep, dtype=tensor.dtype)


def mean(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the mean; that of integers is cut towards zero, and that of nothing is zero, as in ONNX Runtime."""
    if any(tensor.shape[axis] == 0 for axis in axes):
        return total(tensor, axes, keep)
    if tensor.is_floating_point():
        return torch.mean(tensor, tuple(axes), keepdim=keep)
    return torch.mean(tensor.to(torch.float64), tuple(axes), keepdim=keep).to(tensor.dtype)


def product(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the product, in the tensor's dtype."""
    dtype = tensor.dtype
    for axis in sorted((one % tensor.dim() for one in axes), reverse=True):
        tensor = torch.prod(tensor, axis, keepdim=keep, dtype=dtype)
    return tensor


def greatest(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the maximum; of nothing, the least value that there is."""
    return _extreme(tensor, tuple(axes), keep, torch.amax)


def least(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the minimum; of nothing, the greatest value that there is."""
    return _extreme(tensor, tuple(axes), keep, torch.amin)


def _extreme(
    tensor: torch.Tensor, axes: tuple[int, ...], keep: bool, call: Callable[..., torch.Tensor]
) -> torch.Tensor:
    if not any(tensor.shape[axis] == 0 for axis in axes):
        return call(tensor, axes, keepdim=keep)
    nothing = torch.sum(tensor, axes, keepdim=keep, dtype=tensor.dtype)
    if tensor.dtype == torch.bool:
        return torch.full_like(nothing, call is torch.amin)
    if tensor.is_floating_point():
        return torch.full_like(nothing, float("inf") if call is torch.amin else float("-inf"))
    limits = torch.iinfo(tensor.dtype)
    return torch.full_like(nothing, limits.max if call is torch.amin else limits.min)


def norm1(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the sum of magnitudes."""
    return total(tensor.abs(), axes, keep)


def norm2(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the root of the sum of squares."""
    if tensor.is_floating_point():
        norm: torch.Tensor = torch.linalg.vector_norm(tensor, 2, tuple(axes), keepdim=keep)
        return norm
    return torch.sqrt(squares(tensor.to(torch.float64), axes, keep)).to(tensor.dtype)


def squares(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the sum of squares."""
    return total(tensor * tensor, axes, keep)


def log_sum(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the logarithm of the sum."""
    return torch.log(total(tensor, axes, keep)).to(tensor.dtype)


def log_sum_exp(tensor: torch.Tensor, axes: Sequence[int], keep: bool) -> torch.Tensor:
    """Return the logarithm of the sum of exponentials, without overflow."""
    source = tensor if tensor.is_floating_point() else tensor.to(torch.float64)
    return torch.logsumexp(source, tuple(axes), keepdim=keep).to(tensor.dtype)


CALLS: dict[str, Callable[..., torch.Tensor]] = {}
"""Reductions by operator."""


def reduce_by(
    tensor: torch.Tensor,
    axes: Sequence[int] | None,
    keep: bool,
    empty_keeps: bool,
    op_type: str,
) -> torch.Tensor:
    """Return a reduction along axes that are only known from a run; along all of them if there are none, unless `empty_keeps`."""
    call = CALLS[op_type]
    if axes:
        return call(tensor, tuple(axes), keep)
    # Along no axis at all, a reduction still takes magnitudes, squares or logarithms of each element.
    return call(tensor.unsqueeze(0), (0,), False) if empty_keeps else call(tensor, tuple(range(tensor.dim())), keep)


NATIVE: dict[Callable[..., torch.Tensor], Callable[..., torch.Tensor]] = {mean: torch.mean, total: torch.sum}
"""Reductions that are one call of torch's on floating point."""

NUMBERS: dict[Callable[..., torch.Tensor], Callable[..., Any]] = {
    greatest: host.maximum,
    least: host.minimum,
    product: host.product,
    total: host.total,
}
"""Reductions of what a graph computes from shapes."""


def _has_some(tensor: Value, axes: Sequence[Scalar]) -> bool:
    """Return whether there surely is something along the axes."""
    shape = shape_of(tensor)
    return shape is not None and all(isinstance(axis, int) and shape[axis] for axis in axes)


def _reduction(op_type: str, *since: int, call: Callable[..., torch.Tensor]) -> None:
    CALLS[op_type] = call

    def handler(builder: Builder, node: Node, value: Value, axes: Value | None = None) -> Value:
        keep = bool(node.attributes.get("keepdims", 1))
        empty_keeps = bool(node.attributes.get("noop_with_empty_axes", 0))
        chosen = axes_of(builder, node, axes)
        if isinstance(value, HostValue) and not value.scalar and call in NUMBERS and not empty_keeps:
            return host.pack([builder.scalar(NUMBERS[call], *value.items)], scalar=not keep, dtype=value.dtype)
        tensor = builder.tensor(value)
        rank, dtype = rank_of(tensor), dtype_of(tensor)
        if isinstance(chosen, fx.Node) or (not chosen and (rank is None or empty_keeps)):
            return builder.emit(reduce_by, tensor, chosen, keep, empty_keeps, op_type)
        along = tuple(chosen or range(rank or 0))
        if call in NATIVE and dtype is not None and dtype.is_floating_point and along and _has_some(tensor, along):
            return builder.emit(NATIVE[call], tensor, along, keepdim=keep)
        return builder.emit(call, tensor, along, keep)

    operator(op_type, *since, host=True)(handler)


_reduction("ReduceL1", 1, 11, 13, 18, call=norm1)
_reduction("ReduceL2", 1, 11, 13, 18, call=norm2)
_reduction("ReduceLogSum", 1, 11, 13, 18, call=log_sum)
_reduction("ReduceLogSumExp", 1, 11, 13, 18, call=log_sum_exp)
_reduction("ReduceMax", 1, 11, 12, 13, 18, 20, call=greatest)
_reduction("ReduceMean", 1, 11, 13, 18, call=mean)
_reduction("ReduceMin", 1, 11, 12, 13, 18, 20, call=least)
_reduction("ReduceProd", 1, 11, 13, 18, call=product)
_reduction("ReduceSum", 1, 11, 13, call=total)
_reduction("ReduceSumSquare", 1, 11, 13, 18, call=squares)
