"""Transformers: a text encoder and an image classifier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from infer_compare.models.builder import GraphBuilder
from infer_compare.models.zoo.layers import attention, feed_forward, layer_norm, linear

if TYPE_CHECKING:
    import onnx

VOCABULARY = 30522
SEQUENCE = "seq"
"""Name of the axis of tokens if it is free."""
LONGEST = 512
"""Number of position embeddings."""
MASKED = -10000.0
"""Value added to the scores of masked positions: large enough for a weight of zero, and finite in float16."""


def bert_small(seed: int, *, free: bool = False) -> onnx.ModelProto:
    """Return BERT-Small (Turc et al., arXiv 1908.08962): 4 layers of 512 units, 8 heads, 128 tokens, or up to 512."""
    usual, width, layers, heads = 128, 512, 4, 8
    axis, sequence = (SEQUENCE, None) if free else (usual, usual)
    g = GraphBuilder("bert_small", seed)
    ids = g.input("input_ids", "int64", [axis], f"randint(0,{VOCABULARY})")
    visible = g.input("attention_mask", "int64", [axis], "randint(0,2)")
    hidden = g.node("Sub", g.scalar(1.0), g.node("Cast", visible, to=1))
    apart = g.node("Unsqueeze", hidden, g.ints(1, 2)) if free else g.node("Reshape", hidden, g.ints(-1, 1, 1, usual))
    mask = g.node("Mul", apart, g.scalar(MASKED))
    words = g.node("Gather", g.normal((VOCABULARY, width), 1.0), ids, axis=0)
    # Token types are all zero; their embedding is part of the position embedding.
    x = g.node("Add", words, _positions(g, ids, (usual, width), seed) if free else g.normal((usual, width), 0.5))
    x = layer_norm(g, x, width, 1e-12)
    for _ in range(layers):
        mixed = attention(g, x, sequence=sequence, width=width, heads=heads, mask=mask, gain=1.0)
        x = layer_norm(g, g.node("Add", x, mixed), width, 1e-12)
        x = layer_norm(g, g.node("Add", x, feed_forward(g, x, width, 4 * width, gain=1.0)), width, 1e-12)
    g.output(x, "last_hidden_state", [axis, width])
    first = g.node("Gather", x, g.constant(np.array(0, np.int64)), axis=1)
    g.output(g.node("Tanh", linear(g, first, width, width)), "pooler_output", [width])
    return g.build()


def _positions(g: GraphBuilder, ids: str, usual: tuple[int, int], seed: int) -> str:
    """Return as many rows of a table of 512 positions as there are tokens, starting with those of the fixed-size model."""
    length, width = usual
    first = g.rng.standard_normal(usual, np.float32)
    further = np.random.default_rng([seed, 1]).standard_normal((LONGEST - length, width), np.float32)
    table = g.constant(np.concatenate([first, further]) * np.float32(0.5))
    return g.node("Slice", table, g.ints(0), g.node("Shape", ids, start=1, end=2), g.ints(0))


def vit_tiny(seed: int) -> onnx.ModelProto:
    """Return ViT-Ti/16 for images of 3x224x224: 12 layers of 192 units, 3 heads.

    As in Beyer et al. (arXiv 2205.01580), the mean over the 196 patches is classified, not an extra token.
    """
    size, patch, width, layers, heads, classes = 224, 16, 192, 12, 3, 1000
    side = size // patch
    sequence = side * side
    g = GraphBuilder("vit_tiny", seed)
    image = g.input("image", "float32", [3, size, size])
    x = _patches(g, image, patch, width)
    x = g.node("Transpose", g.node("Reshape", x, g.ints(-1, width, sequence)), perm=[0, 2, 1])
    x = g.node("Add", x, g.normal((sequence, width), 0.2))
    # With this gain, all branches together contribute as much as the input.
    gain = 1 / math.sqrt(layers)
    for _ in range(layers):
        normed = layer_norm(g, x, width, 1e-6)
        x = g.node("Add", x, attention(g, normed, sequence=sequence, width=width, heads=heads, gain=gain))
        normed = layer_norm(g, x, width, 1e-6)
        x = g.node("Add", x, feed_forward(g, normed, width, 4 * width, gain=gain))
    x = g.node("ReduceMean", layer_norm(g, x, width, 1e-6), g.ints(1), keepdims=0)
    g.output(linear(g, x, width, classes), "logits", [classes])
    return g.build()


def _patches(g: GraphBuilder, image: str, patch: int, width: int) -> str:
    weight = g.weights((width, 3, patch, patch), [1, 2, 3], 1.0)
    return g.node(
        "Conv",
        image,
        weight,
        g.normal((width,), 0.1),
        kernel_shape=[patch, patch],
        strides=[patch, patch],
        pads=[0, 0, 0, 0],
    )
