"""Python numbers put on the device, and numbers read off it."""

from __future__ import annotations

from typing import Any

import torch


def make_vector(items: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a vector on the device, made of Python numbers."""
    return torch.tensor(items, dtype=dtype, device=device)


def make_scalar(item: float, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a tensor of rank 0 on the device, made of a Python number."""
    return torch.full((), item, dtype=dtype, device=device)


def read_list(tensor: torch.Tensor) -> list[Any]:
    """Wait for the device, and return the numbers in a tensor of rank 0 or 1."""
    numbers: list[Any] = tensor.reshape(-1).tolist()
    return numbers


def read_item(tensor: torch.Tensor) -> float:
    """Wait for the device, and return the one number in a tensor."""
    return tensor.item()
