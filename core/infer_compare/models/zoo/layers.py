"""Layers that several families share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from infer_compare.models.builder import GraphBuilder

AFTER_RELU = math.sqrt(2 / (1 - 1 / math.pi))
"""The gain that restores a standard deviation of one after a ReLU (Brock et al., arXiv 2101.08692)."""


def linear(g: GraphBuilder, x: str, inputs: int, outputs: int, *, gain: float = 1.0) -> str:
    """Return `x W^T + b` of rows `[batch, inputs]`, as one Gemm."""
    weight = g.weights((outputs, inputs), [1], gain)
    return g.node("Gemm", x, weight, g.normal((outputs,), 0.1), transB=1)


def project(g: GraphBuilder, x: str, inputs: int, outputs: int, *, gain: float = 1.0) -> str:
    """Return `x W + b` over the last axis of `[batch, sequence, inputs]`, as MatMul and Add."""
    product = g.node("MatMul", x, g.weights((inputs, outputs), [0], gain))
    return g.node("Add", product, g.normal((outputs,), 0.02))


def conv(
    g: GraphBuilder,
    x: str,
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    gain: float = AFTER_RELU,
) -> str:
    """Return a convolution over `[batch, channels, height, width]` that keeps the size at stride 1."""
    weight = g.weights((outputs, inputs // groups, kernel, kernel), [1, 2, 3], gain)
    return g.node(
        "Conv",
        x,
        weight,
        g.normal((outputs,), 0.1),
        kernel_shape=[kernel, kernel],
        strides=[stride, stride],
        pads=[kernel // 2] * 4,
        group=groups,
    )


def max_pool(g: GraphBuilder, x: str, kernel: int, stride: int, pad: int = 0) -> str:
    """Return the largest value of each window."""
    return g.node("MaxPool", x, kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[pad] * 4)


def classify(g: GraphBuilder, x: str, channels: int, classes: int) -> str:
    """Return the mean over the image, and a linear layer to class scores."""
    pooled = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    # The mean of many positions varies little; without a larger gain the bias would dominate.
    return linear(g, pooled, channels, classes, gain=8 * AFTER_RELU)


def layer_norm(g: GraphBuilder, x: str, width: int, epsilon: float) -> str:
    """Return a normalisation over the last axis, with a scale around one and a small shift."""
    scale = g.constant(1 + 0.1 * g.rng.standard_normal(width, np.float32))
    return g.node("LayerNormalization", x, scale, g.normal((width,), 0.1), axis=-1, epsilon=epsilon)


def feed_forward(g: GraphBuilder, x: str, width: int, hidden: int, *, gain: float) -> str:
    """Return two projections with a GELU between them."""
    inner = g.node("Gelu", project(g, x, width, hidden))
    return project(g, inner, hidden, width, gain=gain)


def attention(
    g: GraphBuilder, x: str, *, sequence: int | None, width: int, heads: int, mask: str | None = None, gain: float
) -> str:
    """Return self-attention with several heads (Vaswani et al., arXiv 1706.03762) over `[batch, sequence, width]`.

    Args:
        g: the graph.
        x: the value that attends to itself.
        sequence: its second axis; None if it is free.
        width: its third axis.
        heads: a divisor of `width`.
        mask: a value added to the scores, broadcast over `[batch, heads, sequence, sequence]`.
        gain: the gain of the projection that ends the branch.
    """
    size = width // heads
    # A zero keeps an axis; a target may have only one unknown size.
    rows = (0, 0) if sequence is None else (-1, sequence)
    split = g.ints(*rows, heads, size)

    def head(order: list[int]) -> str:
        return g.node("Transpose", g.node("Reshape", project(g, x, width, width), split), perm=order)

    query, key, value = head([0, 2, 1, 3]), head([0, 2, 3, 1]), head([0, 2, 1, 3])
    scores = g.node("Mul", g.node("MatMul", query, key), g.scalar(1 / math.sqrt(size)))
    if mask is not None:
        scores = g.node("Add", scores, mask)
    mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), value)
    merged = g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(*rows, width))
    return project(g, merged, width, width, gain=gain)
