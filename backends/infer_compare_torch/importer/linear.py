"""Products of matrices."""

from __future__ import annotations

import operator as py
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from infer_compare_torch.importer.registry import operator, simple
from infer_compare_torch.importer.values import TensorValue, Value, shape_of

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder

simple("Det", 11, 22, call=torch.linalg.det)
simple("MatMul", 1, 9, 13, call=torch.matmul)


def transposed(matrix: torch.Tensor) -> torch.Tensor:
    """Return a matrix of weights as torch's linear layers keep it: features out by features in."""
    return matrix.t().contiguous()


def add_bias(builder: Builder, node: Node, first: Value, second: Value) -> Value | None:
    """Return the sum as a linear layer, if it adds a bias to a product with a matrix of weights and nothing else uses that.

    Exporters write a linear layer on more than two axes as a product and a sum; torch has one call for both.
    """
    for product, bias, name in ((first, second, node.inputs[0]), (second, first, node.inputs[1])):
        if not isinstance(product, TensorValue) or not isinstance(bias, torch.Tensor) or builder.uses[name] > 1:
            continue
        if product.node.target is not torch.matmul:
            continue
        source, weight = product.node.args[0], builder.constants.known(product.node.args[1])
        if weight is not None and weight.dim() == 2 and bias.shape == (weight.shape[1],):
            return builder.emit(functional.linear, source, builder.constants.derived(weight, transposed), bias)
    return None


@operator("Gemm", 7, 9, 11, 13)
def _gemm(builder: Builder, node: Node, first: Value, second: Value, bias: Value | None = None) -> Value:
    attributes = node.attributes
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    if attributes.get("transA", 0):
        first = builder.emit(torch.t, first)
    if beta == 0:
        bias = None
    columns = shape_of(second)
    per_feature = bias is None or (
        columns is not None and shape_of(bias) == (columns[0 if attributes.get("transB", 0) else 1],)
    )
    if alpha == 1.0 and (bias is None or beta == 1.0) and per_feature:
        return builder.emit(functional.linear, first, _features_first(builder, node, second), bias)
    if attributes.get("transB", 0):
        second = builder.emit(torch.t, second)
    made = builder.emit(torch.matmul, first, second)
    if alpha != 1.0:
        made = builder.emit(scale, made, alpha)
    if bias is not None:
        made = builder.emit(py.add, made, bias if beta == 1.0 else builder.emit(scale, bias, beta))
    return made


def _features_first(builder: Builder, node: Node, weight: Value) -> Value:
    if node.attributes.get("transB", 0):
        return weight
    return (
        builder.constants.derived(weight, transposed)
        if isinstance(weight, torch.Tensor)
        else builder.emit(torch.t, weight)
    )


def scale(tensor: torch.Tensor, factor: float) -> torch.Tensor:
    """Return the tensor times a number, in the tensor's own dtype."""
    return (tensor * factor).to(tensor.dtype)


@operator("Einsum", 12)
def _einsum(builder: Builder, node: Node, *values: Value) -> Value:
    return builder.emit(torch.einsum, node.attributes["equation"].replace(" ", ""), *values)
