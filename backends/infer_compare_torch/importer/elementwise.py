"""Functions of one tensor: activations, roots, roundings, and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer import dtypes, host
from infer_compare_torch.importer.registry import operator, simple
from infer_compare_torch.importer.values import HostValue, TensorValue, Value, dtype_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

SELU_ALPHA = 1.67326319217681884765625
SELU_GAMMA = 1.05070102214813232421875

simple("Acos", 7, 22, call=torch.acos)
simple("Acosh", 9, 22, call=torch.acosh)
simple("Asin", 7, 22, call=torch.asin)
simple("Asinh", 9, 22, call=torch.asinh)
simple("Atan", 7, 22, call=torch.atan)
simple("Atanh", 9, 22, call=torch.atanh)
simple("Cos", 7, 22, call=torch.cos)
simple("Cosh", 9, 22, call=torch.cosh)
simple("Erf", 9, 13, call=torch.erf)
simple("Exp", 6, 13, call=torch.exp)
simple("HardSwish", 14, 22, call=functional.hardswish)
simple("IsNaN", 9, 13, 20, call=torch.isnan)
simple("Log", 6, 13, call=torch.log)
simple("Mish", 18, 22, call=functional.mish)
simple("Reciprocal", 6, 13, call=torch.reciprocal)
simple("Relu", 6, 13, 14, call=torch.relu)
# Halves go to the even neighbour, in ONNX as in torch.
simple("Round", 11, 22, call=torch.round)
simple("Sigmoid", 6, 13, call=torch.sigmoid)
simple("Sin", 7, 22, call=torch.sin)
simple("Sinh", 9, 22, call=torch.sinh)
simple("Softplus", 1, 22, call=functional.softplus)
simple("Softsign", 1, 22, call=functional.softsign)
simple("Tan", 7, 22, call=torch.tan)
simple("Tanh", 6, 13, call=torch.tanh)


@operator("Sign", 9, 13)
def _sign(builder: Builder, _node: Node, value: Value) -> Value:
    dtype = dtype_of(value)
    return builder.emit(torch.sign if dtype is not None and not dtype.is_floating_point else sign, value)


def sign(tensor: torch.Tensor) -> torch.Tensor:
    """Return -1, 0 or 1, and NaN for NaN, where `torch.sign` gives 0."""
    return torch.where(torch.isnan(tensor), tensor, torch.sign(tensor))


def _unary(op_type: str, *since: int, call: Callable[..., Any]) -> None:
    """Register an operator that is defined for Python numbers as well."""

    def handler(builder: Builder, _: Node, value: Value) -> Value:
        numbers = host.elementwise(builder, host.UNARY[op_type], (value,))
        if numbers is not None:
            return numbers
        return builder.emit(call, builder.tensor(value))

    operator(op_type, *since, host=True)(handler)


_unary("Abs", 6, 13, call=torch.abs)
_unary("Ceil", 6, 13, call=torch.ceil)
_unary("Floor", 6, 13, call=torch.floor)
_unary("Neg", 6, 13, call=torch.neg)
_unary("Not", 1, call=torch.logical_not)
_unary("Sqrt", 6, 13, call=torch.sqrt)


@operator("Identity", 1, 13, 14, 16, 19, 21, 23, 24, 25, host=True)
def _identity(_builder: Builder, _node: Node, value: Value) -> Value:
    return value


@operator("Cast", 6, 9, 13, 19, 21, 23, 24, 25, host=True)
def _cast(builder: Builder, node: Node, value: Value) -> Value:
    target = node.attributes["to"]
    return cast(builder, value, dtypes.from_onnx(target))


@operator("CastLike", 15, 19, 21, 23, 24, 25, host=True)
def _cast_like(builder: Builder, node: Node, value: Value, like: Value) -> Value:
    dtype = dtype_of(like)
    if dtype is None:
        raise UnsupportedModel(f"ONNX operator {node} casts to a type that is only known from a run.")
    return cast(builder, value, dtype)


def cast(builder: Builder, value: Value, dtype: torch.dtype) -> Value:
    """Return the value in another dtype; fractions are cut, and whatever is not zero is true."""
    if dtype_of(value) == dtype:
        return value
    if isinstance(value, HostValue):
        converter = host.converter_to(dtype)
        if converter is not None:
            numbers = host.elementwise(builder, converter, (value,), dtype)
            if numbers is not None:
                return numbers
    tensor = builder.tensor(value)
    made = builder.emit("to", tensor, dtype)
    return TensorValue(made.node, dtype, shape_of(tensor)) if isinstance(made, TensorValue) else made


def _with_alpha(op_type: str, *since: int, default: float, call: Callable[..., Any]) -> None:
    def handler(builder: Builder, node: Node, value: Value) -> Value:
        return builder.emit(call, value, node.attributes.get("alpha", default))

    operator(op_type, *since)(handler)


def threshold(tensor: torch.Tensor, alpha: float) -> torch.Tensor:
    """Return the tensor where it exceeds `alpha`, else zero."""
    return functional.threshold(tensor, alpha, 0.0)


_with_alpha("Celu", 12, default=1.0, call=functional.celu)
_with_alpha("Elu", 6, 22, default=1.0, call=functional.elu)
_with_alpha("LeakyRelu", 6, 16, default=0.01, call=functional.leaky_relu)
_with_alpha("ThresholdedRelu", 10, 22, default=1.0, call=threshold)


def scaled_elu(tensor: torch.Tensor, alpha: float, gamma: float) -> torch.Tensor:
    """Selu with constants other than the usual ones."""
    return gamma * functional.elu(tensor, alpha)


@operator("Selu", 6, 22)
def _selu(builder: Builder, node: Node, value: Value) -> Value:
    alpha = node.attributes.get("alpha", SELU_ALPHA)
    gamma = node.attributes.get("gamma", SELU_GAMMA)
    if abs(alpha - SELU_ALPHA) < 1e-6 and abs(gamma - SELU_GAMMA) < 1e-6:
        return builder.emit(functional.selu, value)
    return builder.emit(scaled_elu, value, alpha, gamma)


def hard_sigmoid(tensor: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    """Return a linear function cut at zero and one; torch's own has one slope only."""
    return torch.clamp(tensor * alpha + beta, 0.0, 1.0)


@operator("HardSigmoid", 6, 22)
def _hard_sigmoid(builder: Builder, node: Node, value: Value) -> Value:
    alpha = node.attributes.get("alpha", 0.2)
    beta = node.attributes.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-7 and beta == 0.5:
        return builder.emit(functional.hardsigmoid, value)
    return builder.emit(hard_sigmoid, value, alpha, beta)


@operator("Gelu", 20)
def _gelu(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(functional.gelu, value, approximate=node.attributes.get("approximate", "none"))


def shrink(tensor: torch.Tensor, bias: float, lambd: float) -> torch.Tensor:
    """Move what exceeds `lambd` in magnitude towards zero by `bias`; the rest becomes zero."""
    zero = torch.zeros_like(tensor)
    moved = torch.where(tensor < -lambd, tensor + bias, torch.where(tensor > lambd, tensor - bias, zero))
    return moved.to(tensor.dtype)


@operator("Shrink", 9)
def _shrink(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(shrink, value, node.attributes.get("bias", 0.0), node.attributes.get("lambd", 0.5))


def parametric_relu(tensor: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Return a leaky ReLU whose slope broadcasts against the tensor."""
    return torch.where(tensor < 0, tensor * slope, tensor)


@operator("PRelu", 7, 9, 16)
def _prelu(builder: Builder, _: Node, value: Value, slope: Value) -> Value:
    shape, dtype = shape_of(value), dtype_of(value)
    per_channel = (
        isinstance(slope, torch.Tensor)
        and shape is not None
        and slope.dim() == len(shape) - 1 >= 1
        and slope.numel() == slope.shape[0]
        and shape[1] == slope.shape[0]
    )
    if per_channel and dtype is not None and dtype.is_floating_point:
        return builder.emit(functional.prelu, value, builder.emit(torch.reshape, slope, (-1,)))
    return builder.emit(parametric_relu, value, slope)


def is_infinite(tensor: torch.Tensor, positive: bool, negative: bool) -> torch.Tensor:
    """Return where a tensor is infinite with one of the signs asked for."""
    if positive and negative:
        return torch.isinf(tensor)
    if positive:
        return torch.isposinf(tensor)
    return torch.isneginf(tensor) if negative else torch.zeros_like(tensor, dtype=torch.bool)


@operator("IsInf", 10, 20)
def _is_infinite(builder: Builder, node: Node, value: Value) -> Value:
    positive = bool(node.attributes.get("detect_positive", 1))
    negative = bool(node.attributes.get("detect_negative", 1))
    return builder.emit(is_infinite, value, positive, negative)


@operator("Clip", 6)
def _clip_by_attributes(builder: Builder, node: Node, value: Value) -> Value:
    bounds = node.attributes.get("min"), node.attributes.get("max")
    return value if bounds == (None, None) else builder.emit(torch.clamp, value, *bounds)


@operator("Clip", 11, 12, 13)
def _clip(builder: Builder, _: Node, value: Value, least: Value | None = None, most: Value | None = None) -> Value:
    bounds: list[Any] = [None if bound is None else builder.operand(bound) for bound in (least, most)]
    if bounds == [None, None]:
        return value
    if not all(bound is None or isinstance(bound, (int, float)) for bound in bounds):
        # torch takes two numbers or two tensors.
        bounds = [least, most]
    return builder.emit(torch.clamp, value, *bounds)


@operator("Dropout", 7, 10, 12, 13, 22, host=True)
def _dropout(
    builder: Builder, node: Node, value: Value, _ratio: Value | None = None, training: Value | None = None
) -> tuple[Value, ...]:
    if training is not None and not (isinstance(training, torch.Tensor) and not training.item()):
        raise UnsupportedModel(f"ONNX operator {node} is in training mode; export the model for inference.")
    if len(node.outputs) == 1:
        return (value,)
    return value, builder.emit(torch.ones_like, builder.tensor(value), dtype=torch.bool)
