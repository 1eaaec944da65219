"""Copies of weights in memory that the module owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from infer_compare.backends.onnx_graphs import release

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 2**24
"""Elements that are copied at once out of a mapped file."""


def owned_copy(tensor: torch.Tensor, mapped: NDArray[Any] | None = None) -> torch.Tensor:
    """Return a copy of a tensor in memory of torch's allocator.

    Args:
        tensor: to copy.
        mapped: the memory-mapped file that the tensor lies in. Its pages are released piece by piece, so that large
            weights are never in memory twice.
    """
    if mapped is None:
        return tensor.detach().clone()
    copy = torch.empty(tensor.shape, dtype=tensor.dtype)
    for source, target in zip(
        torch.split(tensor.reshape(-1), PIECE), torch.split(copy.reshape(-1), PIECE), strict=True
    ):
        target.copy_(source)
        release(mapped)
    return copy
