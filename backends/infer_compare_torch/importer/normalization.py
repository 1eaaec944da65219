"""Normalisations and softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from infer_compare.backends import UnsupportedModel
from infer_compare_torch.importer.registry import operator
from infer_compare_torch.importer.shape import flatten
from infer_compare_torch.importer.values import Value, rank_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder


@operator("BatchNormalization", 7, 9, 14, 15)
def _batch(
    builder: Builder, node: Node, value: Value, scale: Value, bias: Value, mean: Value, variance: Value
) -> Value:
    if node.attributes.get("training_mode", 0) or len(node.outputs) > 1:
        raise UnsupportedModel(f"ONNX operator {node} is in training mode; export the model for inference.")
    if not node.attributes.get("spatial", 1):
        raise UnsupportedModel(
            f"ONNX operator {node} normalises each place apart, which cannot be imported into torch."
        )
    return builder.emit(
        functional.batch_norm, value, mean, variance, scale, bias, False, 0.0, node.attributes.get("epsilon", 1e-5)
    )


@operator("InstanceNormalization", 6, 22)
def _instance(builder: Builder, node: Node, value: Value, scale: Value, bias: Value) -> Value:
    epsilon = node.attributes.get("epsilon", 1e-5)
    return builder.emit(torch.instance_norm, value, scale, bias, None, None, True, 0.0, epsilon, True)


@operator("GroupNormalization", 21)
def _group(builder: Builder, node: Node, value: Value, scale: Value, bias: Value) -> Value:
    epsilon = node.attributes.get("epsilon", 1e-5)
    return builder.emit(functional.group_norm, value, node.attributes["num_groups"], scale, bias, epsilon)


def group_norm_by_group(
    tensor: torch.Tensor, groups: int, scale: torch.Tensor, bias: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """Return a group normalisation with a scale and a bias per group instead of per channel."""
    channels = tensor.shape[1] // groups
    return functional.group_norm(
        tensor, groups, scale.repeat_interleave(channels), bias.repeat_interleave(channels), epsilon
    )


@operator("GroupNormalization", 18)
def _group_by_group(builder: Builder, node: Node, value: Value, scale: Value, bias: Value) -> Value:
    epsilon = node.attributes.get("epsilon", 1e-5)
    return builder.emit(group_norm_by_group, value, node.attributes["num_groups"], scale, bias, epsilon)


def layer_norm(
    tensor: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None, axis: int, epsilon: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a layer normalisation whose scale broadcasts, with the mean and the inverse standard deviation.

    Statistics are taken in single precision at least, as the operator's `stash_type` has it.
    """
    axes = tuple(range(axis % tensor.dim(), tensor.dim()))
    source = tensor.to(torch.float32) if tensor.dtype in {torch.float16, torch.bfloat16} else tensor
    variance, mean = torch.var_mean(source, axes, correction=0, keepdim=True)
    inverse = torch.rsqrt(variance + epsilon)
    result = ((source - mean) * inverse).to(tensor.dtype) * scale
    return (result if bias is None else result + bias), mean, inverse


@operator("LayerNormalization", 17)
def _layer(
    builder: Builder, node: Node, value: Value, scale: Value, bias: Value | None = None
) -> Value | tuple[Value, ...]:
    axis, epsilon = node.attributes.get("axis", -1), node.attributes.get("epsilon", 1e-5)
    rank, weights = rank_of(value), shape_of(scale)
    if len(node.outputs) == 1 and rank is not None and weights is not None and None not in weights:
        shape = shape_of(value)
        assert shape is not None
        normalized = shape[axis % rank :]
        if normalized == weights and (bias is None or shape_of(bias) == weights):
            return builder.emit(functional.layer_norm, value, weights, scale, bias, epsilon)
    return builder.several(len(node.outputs), layer_norm, value, scale, bias, axis, epsilon)


def local_response(tensor: torch.Tensor, size: int, alpha: float, beta: float, bias: float) -> torch.Tensor:
    """Return each value divided by a power of the mean square of the channels around it."""
    planes = (tensor * tensor).reshape(tensor.shape[0], 1, tensor.shape[1], -1)
    padded = functional.pad(planes, (0, 0, (size - 1) // 2, size // 2))
    squares = functional.avg_pool2d(padded, (size, 1), (1, 1)).reshape(tensor.shape)
    return tensor / (squares * alpha + bias) ** beta


@operator("LRN", 1, 13)
def _local_response(builder: Builder, node: Node, value: Value) -> Value:
    attributes = node.attributes
    return builder.emit(
        local_response,
        value,
        attributes["size"],
        attributes.get("alpha", 1e-4),
        attributes.get("beta", 0.75),
        attributes.get("bias", 1.0),
    )


def mean_variance(tensor: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    """Return the tensor with mean 0 and variance 1 along axes."""
    mean = torch.mean(tensor, tuple(axes), keepdim=True)
    variance = torch.mean(tensor * tensor, tuple(axes), keepdim=True) - mean * mean
    return (tensor - mean) / (torch.sqrt(variance) + 1e-9)


@operator("MeanVarianceNormalization", 9, 13)
def _mean_variance(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(mean_variance, value, tuple(node.attributes.get("axes", (0, 2, 3))))


def lp_normalize(tensor: torch.Tensor, axis: int, power: int) -> torch.Tensor:
    """Return the tensor divided by its norm along an axis; zeros stay zeros."""
    norm = torch.linalg.vector_norm(tensor, power, axis, keepdim=True)
    return torch.where(norm == 0, torch.zeros_like(tensor), tensor / norm)


@operator("LpNormalization", 1, 22)
def _lp_normalize(builder: Builder, node: Node, value: Value) -> Value:
    return builder.emit(lp_normalize, value, node.attributes.get("axis", -1), node.attributes.get("p", 2))


def hardmax(tensor: torch.Tensor, axis: int) -> torch.Tensor:
    """Return 1 at the first maximum along an axis, zero elsewhere."""
    places = torch.argmax(tensor, axis, keepdim=True)
    return torch.zeros_like(tensor).scatter(axis, places, 1.0)


SOFTMAXES: dict[str, Callable[..., torch.Tensor]] = {
    "Hardmax": hardmax,
    "LogSoftmax": torch.log_softmax,
    "Softmax": torch.softmax,
}
"""Calls that take a tensor and an axis, by operator."""


def on_matrix(tensor: torch.Tensor, axis: int, op_type: str) -> torch.Tensor:
    """Return a softmax along the rows of the matrix that `axis` makes of a tensor, as opsets before 13 define it."""
    matrix = flatten(tensor, axis % tensor.dim() if axis < 0 else axis)
    return SOFTMAXES[op_type](matrix, 1).reshape(tensor.shape)


def _softmax(op_type: str, call: Callable[..., torch.Tensor]) -> None:
    def by_matrix(builder: Builder, node: Node, value: Value) -> Value:
        axis, rank = node.attributes.get("axis", 1), rank_of(value)
        if rank is not None and axis % rank == rank - 1:
            return builder.emit(call, value, -1)
        return builder.emit(on_matrix, value, axis, op_type)

    def along_axis(builder: Builder, node: Node, value: Value) -> Value:
        return builder.emit(call, value, node.attributes.get("axis", -1))

    operator(op_type, 1, 11)(by_matrix)
    operator(op_type, 13)(along_axis)


for _op_type, _call in SOFTMAXES.items():
    _softmax(_op_type, _call)
