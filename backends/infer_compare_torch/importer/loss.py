"""Losses, which some exported models still carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from infer_compare_torch.importer.registry import operator

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Value

NOTHING = -(2**31)
"""A class that no target has."""


def nll_loss(
    scores: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None, ignored: int, reduction: str
) -> torch.Tensor:
    """Return the negative log-likelihood of the target classes; axis 1 of the scores is the class."""
    return functional.nll_loss(scores, target.to(torch.int64), weight, ignore_index=ignored, reduction=reduction)


@operator("NegativeLogLikelihoodLoss", 12, 13, 22)
def _nll_loss(builder: Builder, node: Node, scores: Value, target: Value, weight: Value | None = None) -> Value:
    ignored = node.attributes.get("ignore_index", NOTHING)
    return builder.emit(nll_loss, scores, target, weight, ignored, node.attributes.get("reduction", "mean"))


@operator("SoftmaxCrossEntropyLoss", 12, 13)
def _cross_entropy(
    builder: Builder, node: Node, scores: Value, target: Value, weight: Value | None = None
) -> tuple[Value, ...]:
    ignored = node.attributes.get("ignore_index", NOTHING)
    logarithms = builder.emit(torch.log_softmax, scores, 1)
    loss = builder.emit(nll_loss, logarithms, target, weight, ignored, node.attributes.get("reduction", "mean"))
    return (loss, logarithms)[: len(node.outputs)]
