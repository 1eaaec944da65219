"""Arithmetic, comparison and logic on two or more operands."""

from __future__ import annotations

import operator as py
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch

from infer_compare_torch.importer import host
from infer_compare_torch.importer.linear import add_bias
from infer_compare_torch.importer.registry import operator, simple
from infer_compare_torch.importer.values import TensorValue, Value, dtype_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


def _operands(builder: Builder, *values: Value) -> list[Any]:
    """Operands for a call that takes Python numbers next to a tensor."""
    if any(isinstance(value, TensorValue) for value in values):
        return [builder.operand(value) for value in values]
    return [builder.tensor(value) for value in values]


def _binary(op_type: str, *since: int, call: Callable[..., Any], result: torch.dtype | None = None) -> None:
    """Register an operator that Python's own operator carries out, on numbers as on tensors."""

    def handler(builder: Builder, _: Node, first: Value, second: Value) -> Value:
        numbers = host.elementwise(builder, call, (first, second), result)
        if numbers is not None:
            return numbers
        return builder.emit(call, *_operands(builder, first, second))

    operator(op_type, *since, host=True)(handler)


@operator("Add", 7, 13, 14, host=True)
def _add(builder: Builder, node: Node, first: Value, second: Value) -> Value:
    numbers = host.elementwise(builder, py.add, (first, second))
    if numbers is not None:
        return numbers
    linear = add_bias(builder, node, first, second)
    return builder.emit(py.add, *_operands(builder, first, second)) if linear is None else linear


_binary("Sub", 7, 13, 14, call=py.sub)
_binary("Mul", 7, 13, 14, call=py.mul)
_binary("Equal", 7, 11, 13, 19, call=py.eq, result=torch.bool)
_binary("Greater", 7, 9, 13, call=py.gt, result=torch.bool)
_binary("GreaterOrEqual", 12, 16, call=py.ge, result=torch.bool)
_binary("Less", 7, 9, 13, call=py.lt, result=torch.bool)
_binary("LessOrEqual", 12, 16, call=py.le, result=torch.bool)


def divide(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return a quotient; that of integers is cut towards zero."""
    if first.is_floating_point():
        return first / second
    return torch.div(first, second, rounding_mode="trunc")


@operator("Div", 7, 13, 14, host=True)
def _divide(builder: Builder, _: Node, first: Value, second: Value) -> Value:
    dtype = dtype_of(first) or dtype_of(second)
    numbers = host.elementwise(builder, host.quotient_of(dtype), (first, second))
    if numbers is not None:
        return numbers
    if dtype is None or not dtype.is_floating_point:
        return builder.emit(divide, builder.tensor(first), builder.tensor(second))
    return builder.emit(py.truediv, *_operands(builder, first, second))


@operator("Mod", 10, 13, host=True)
def _modulo(builder: Builder, node: Node, first: Value, second: Value) -> Value:
    if node.attributes.get("fmod", 0):
        return builder.emit(torch.fmod, builder.tensor(first), builder.tensor(second))
    numbers = host.elementwise(builder, py.mod, (first, second))
    if numbers is not None:
        return numbers
    return builder.emit(torch.remainder, builder.tensor(first), builder.tensor(second))


def power(base: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """Return a power in the dtype of its base; the exponent may be of another."""
    if not base.is_floating_point() and not exponent.is_floating_point():
        return torch.pow(base.to(torch.int64), exponent.to(torch.int64)).to(base.dtype)
    return torch.pow(base, exponent).to(base.dtype)


@operator("Pow", 7, 12, 13, 15, host=True)
def _power(builder: Builder, _: Node, base: Value, exponent: Value) -> Value:
    numbers = host.elementwise(builder, host.power_of, (base, exponent))
    if numbers is not None:
        return numbers
    base = builder.tensor(base)
    dtype = dtype_of(base)
    if isinstance(base, TensorValue) and dtype is not None and dtype.is_floating_point:
        number = builder.operand(exponent)
        if isinstance(number, (int, float)):
            return builder.emit(torch.pow, base, number)
    return builder.emit(power, base, builder.tensor(exponent))


def _variadic(op_type: str, *since: int, call: Callable[..., Any], numbers: Callable[..., Any], numeric: bool) -> None:
    def handler(builder: Builder, _: Node, *values: Value) -> Value:
        small = host.elementwise(builder, numbers, values)
        if small is not None:
            return small
        if numeric and len(values) > 1:
            return reduce(lambda one, other: builder.emit(call, *_operands(builder, one, other)), values)
        return reduce(lambda one, other: builder.emit(call, one, other), [builder.tensor(one) for one in values])

    operator(op_type, *since, host=True)(handler)


_variadic("Max", 6, 8, 12, 13, call=torch.maximum, numbers=host.maximum, numeric=False)
_variadic("Min", 6, 8, 12, 13, call=torch.minimum, numbers=host.minimum, numeric=False)
_variadic("Sum", 6, 8, 13, call=py.add, numbers=host.total, numeric=True)


@operator("Mean", 6, 8, 13)
def _mean(builder: Builder, _: Node, *values: Value) -> Value:
    total = reduce(lambda left, other: builder.emit(py.add, left, other), values)
    return builder.emit(py.truediv, total, float(len(values)))


def _logical(op_type: str, *since: int, call: Callable[..., Any], numbers: Callable[..., Any]) -> None:
    def handler(builder: Builder, _: Node, first: Value, second: Value) -> Value:
        small = host.elementwise(builder, numbers, (first, second), torch.bool)
        if small is not None:
            return small
        return builder.emit(call, builder.tensor(first), builder.tensor(second))

    operator(op_type, *since, host=True)(handler)


_logical("And", 7, call=torch.logical_and, numbers=py.and_)
_logical("Or", 7, call=torch.logical_or, numbers=py.or_)
_logical("Xor", 7, call=torch.logical_xor, numbers=py.xor)

simple("BitwiseAnd", 18, call=torch.bitwise_and)
simple("BitwiseOr", 18, call=torch.bitwise_or)
simple("BitwiseXor", 18, call=torch.bitwise_xor)
simple("BitwiseNot", 18, call=torch.bitwise_not)


@operator("BitShift", 11)
def _shift(builder: Builder, node: Node, value: Value, by: Value) -> Value:
    left = node.attributes["direction"] == "LEFT"
    return builder.emit(torch.bitwise_left_shift if left else torch.bitwise_right_shift, value, by)


@operator("Where", 9, 16, host=True)
def _where(builder: Builder, _: Node, condition: Value, first: Value, second: Value) -> Value:
    numbers = host.elementwise(builder, host.choose, (condition, first, second), dtype_of(first))
    if numbers is not None:
        return numbers
    return builder.emit(torch.where, *(builder.tensor(operand) for operand in (condition, first, second)))
