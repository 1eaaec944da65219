"""A module that computes in another precision than the one it was made in: its weights cast once, or under autocast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn
from torch.fx.node import map_aggregate

if TYPE_CHECKING:
    from collections.abc import Iterator

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""The values of the option `precision`."""


def cast(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return the module with its floating weights, buffers and constants in a dtype; it is changed in place.

    Finite numbers beyond the range of the dtype, as masks of attention have them, become the largest that it has; they would
    become infinite. In a graph, which casts to `float32` by name where the module that it was made of casts to the dtype of
    its weights, these names change too.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        _limit(tensor, dtype)
    for part in module.modules():
        if isinstance(part, fx.GraphModule):
            _cast_graph(part, dtype)
    return module.to(dtype)


def _limit(tensor: torch.Tensor, dtype: torch.dtype) -> None:
    limit = torch.finfo(dtype).max
    if not tensor.is_floating_point() or torch.finfo(tensor.dtype).max <= limit:
        return
    with torch.no_grad():
        beyond = tensor.isfinite() & (tensor.abs() > limit)
        if beyond.any():
            tensor[beyond] = tensor[beyond].sign() * limit


def _cast_graph(module: fx.GraphModule, dtype: torch.dtype) -> None:
    limit = torch.finfo(dtype).max

    def changed(argument: Any) -> Any:  # noqa: ANN401 - whatever a call takes
        if isinstance(argument, torch.dtype) and argument.is_floating_point:
            return dtype
        if isinstance(argument, float) and math.isfinite(argument):
            return min(max(argument, -limit), limit)
        return argument

    for node in module.graph.nodes:
        node.args = map_aggregate(node.args, changed)
        node.kwargs = map_aggregate(node.kwargs, changed)
    for owner, name, tensor in _constants(module):
        _limit(tensor, dtype)
        setattr(owner, name, tensor.to(dtype))
    module.recompile()


def _constants(module: nn.Module) -> Iterator[tuple[nn.Module, str, torch.Tensor]]:
    """Yield the floating tensors that a module keeps as plain attributes, as exported programs keep theirs."""
    for part in module.modules():
        for name, value in list(vars(part).items()):
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                yield part, name, value
