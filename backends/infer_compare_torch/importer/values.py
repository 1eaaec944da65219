"""The values of an ONNX graph while it is being imported.

A value that is known already is a `torch.Tensor`. Everything else depends on the model's inputs:
a `TensorValue` will be a tensor on the device, and a `HostValue` will be Python numbers. Shapes, and what
graphs compute from them, stay Python numbers, so that `torch.compile` and `torch.export` see them as sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import fx

Scalar = int | float | bool | fx.Node
"""A Python number, known now or by the node that computes it."""

Ints = Sequence[Scalar] | fx.Node
"""A list of integers, known element by element, or as a node that gives the whole list."""


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor that a node of the module's graph computes."""

    node: fx.Node
    dtype: torch.dtype | None = None
    """The dtype; None if shape inference does not know it."""
    shape: tuple[int | None, ...] | None = None
    """Sizes, None for a free axis; None as a whole where not even the rank is known."""

    @property
    def rank(self) -> int | None:
        """The number of axes, if known."""
        return None if self.shape is None else len(self.shape)


@dataclass(frozen=True, slots=True)
class HostValue:
    """A scalar or a vector of Python numbers, at least one of which a node computes."""

    items: tuple[Scalar, ...]
    scalar: bool
    """True for rank 0, with exactly one item; False for rank 1."""
    dtype: torch.dtype


Tensorial = torch.Tensor | TensorValue
"""A tensor, known now or by the node that computes it."""

Value = Tensorial | HostValue


def rank_of(value: Value) -> int | None:
    """Return the number of axes, if known."""
    match value:
        case torch.Tensor():
            return value.dim()
        case TensorValue():
            return value.rank
        case HostValue():
            return 0 if value.scalar else 1


def shape_of(value: Value) -> tuple[int | None, ...] | None:
    """Return sizes, None for a free axis; None as a whole where not even the rank is known."""
    match value:
        case torch.Tensor():
            return tuple(value.shape)
        case TensorValue():
            return value.shape
        case HostValue():
            return () if value.scalar else (len(value.items),)


def dtype_of(value: Value) -> torch.dtype | None:
    """Return the dtype, if known."""
    return value.dtype


def described(value: Value) -> str:
    """Return dtype and shape in words, such as `float32[3, ?]`, with a question mark for what is not known."""
    dtype, shape = dtype_of(value), shape_of(value)
    sizes = "..." if shape is None else ", ".join("?" if size is None else str(size) for size in shape)
    return f"{'?' if dtype is None else str(dtype).removeprefix('torch.')}[{sizes}]"
