"""Arithmetic on Python numbers in the running module: what graphs compute from shapes."""

from __future__ import annotations

import ctypes
import math
import operator
from itertools import repeat
from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from infer_compare_torch.importer.values import HostValue, Scalar, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare_torch.importer.builder import Builder

MOST_ITEMS = 64
"""Longer vectors are data, not shapes."""

DTYPES = frozenset({torch.int64, torch.int32, torch.bool, torch.float32, torch.float64})


def pack(items: Sequence[Scalar], *, scalar: bool, dtype: torch.dtype) -> Value:
    """Return numbers as one value, which is a constant if all are known."""
    if any(isinstance(item, fx.Node) for item in items):
        return HostValue(tuple(items), scalar, dtype)
    return torch.tensor(items[0] if scalar else list(items), dtype=dtype)


def unpack(value: Value | None) -> HostValue | None:
    """Return the value as numbers, or None if it is a tensor on the device or too long."""
    if isinstance(value, HostValue):
        return value
    if isinstance(value, torch.Tensor) and value.dim() <= 1 and value.numel() <= MOST_ITEMS and value.dtype in DTYPES:
        items = tuple(value.reshape(-1).tolist())
        return HostValue(items, value.dim() == 0, value.dtype)
    return None


def elementwise(
    builder: Builder, call: Callable[..., Any], values: Sequence[Value | None], dtype: torch.dtype | None = None
) -> Value | None:
    """Apply a call to numbers with broadcasting.

    Args:
        builder: the module under construction.
        call: takes and gives Python numbers.
        values: the operands.
        dtype: of the result; that of the first operand by default.

    Returns:
        The result, or None if the operands are not all numbers, or if all are constants.
    """
    if not any(isinstance(value, HostValue) for value in values):
        return None
    operands = [unpack(value) for value in values]
    if any(operand is None for operand in operands):
        return None
    known = [operand for operand in operands if operand is not None]
    length = max(len(operand.items) for operand in known)
    if any(len(operand.items) not in {1, length} for operand in known):
        return None
    columns = [repeat(operand.items[0], length) if len(operand.items) == 1 else operand.items for operand in known]
    result = dtype or known[0].dtype
    items = [rounded(builder, builder.scalar(call, *row), result) for row in zip(*columns, strict=True)]
    return pack(items, scalar=all(operand.scalar for operand in known), dtype=result)


def rounded(builder: Builder, item: Scalar, dtype: torch.dtype) -> Scalar:
    """Return the number as the dtype holds it: Python computes in double precision."""
    return builder.scalar(single, item) if dtype == torch.float32 else item


def single(number: float) -> float:
    """Return a number rounded to single precision."""
    return ctypes.c_float(number).value


def truncated_quotient(dividend: int, divisor: int) -> int:
    """Integer division towards zero, as ONNX has it."""
    quotient = dividend // divisor
    return quotient + 1 if quotient < 0 and quotient * divisor != dividend else quotient


def quotient_of(dtype: torch.dtype | None) -> Callable[..., Any]:
    """Return the division of a dtype."""
    return operator.truediv if dtype is not None and dtype.is_floating_point else truncated_quotient


def power_of(base: float, exponent: float) -> float:
    """Return a power of numbers."""
    result: float = base**exponent
    return result


def minimum(first: float, *others: float) -> float:
    """Return the least of several numbers."""
    least = first
    for other in others:
        least = torch.sym_min(least, other)  # type: ignore[no-untyped-call]
    return least


def maximum(first: float, *others: float) -> float:
    """Return the greatest of several numbers."""
    greatest = first
    for other in others:
        greatest = torch.sym_max(greatest, other)  # type: ignore[no-untyped-call]
    return greatest


def choose(condition: bool, first: float, second: float) -> float:
    """Return one of two numbers."""
    return first if condition else second


def converter_to(dtype: torch.dtype) -> Callable[[Any], Any] | None:
    """Return the function that casts a number, or None for a dtype that numbers are not kept in."""
    if dtype not in DTYPES:
        return None
    if dtype == torch.bool:
        return to_bool
    return to_float if dtype.is_floating_point else to_int


def to_bool(number: float) -> bool:
    """Return whether a number is not zero."""
    return number != 0


def to_float(number: float) -> float:
    """Return a number as floating point."""
    result: float = torch.sym_float(number)  # type: ignore[no-untyped-call]
    return result


def to_int(number: float) -> int:
    """Return a number cut towards zero."""
    if isinstance(number, bool):
        return 1 if number else 0
    whole: int = torch.sym_int(number)  # type: ignore[no-untyped-call]
    return whole


UNARY: dict[str, Callable[[Any], Any]] = {
    "Neg": operator.neg,
    "Abs": abs,
    "Floor": math.floor,
    "Ceil": math.ceil,
    "Sqrt": math.sqrt,
    "Not": operator.not_,
}
"""Operators on one number; `Floor` and `Ceil` give integers that a cast follows."""


def product(*numbers: float) -> float:
    """Return the product of numbers."""
    return math.prod(numbers)


def total(*numbers: float) -> float:
    """Return the sum of numbers."""
    return sum(numbers)
