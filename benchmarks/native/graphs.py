"""Models that are not built in, as ONNX graphs with weights drawn from a seed: what importers meet besides those that are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from infer_compare.models.builder import GraphBuilder
from infer_compare.models.builtin import builtin_models
from infer_compare.models.zoo.layers import attention, feed_forward, layer_norm, linear, project
from infer_compare.models.zoo.transformers import MASKED, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import onnx

WIDTH, HEADS, LAYERS = 256, 4, 4
"""Of the encoders and decoders."""

CONVNEXT_STAGES = ((2, 40), (2, 80), (6, 160), (2, 320))
"""Blocks and channels of ConvNeXt-Atto (Woo et al., arXiv 2301.00808)."""


def encoder(tokens: int, *, masked: bool) -> onnx.ModelProto:
    """A text encoder, normalised behind its branches, with or without a mask of its inputs."""
    g = GraphBuilder("encoder", 0)
    ids = g.input("input_ids", "int64", [tokens], f"randint(0,{VOCABULARY})")
    mask = None
    if masked:
        visible = g.input("attention_mask", "int64", [tokens], "randint(0,2)")
        hidden = g.node("Sub", g.scalar(1.0), g.node("Cast", visible, to=1))
        mask = g.node("Mul", g.node("Reshape", hidden, g.ints(-1, 1, 1, tokens)), g.scalar(MASKED))
    x = g.node("Gather", g.normal((VOCABULARY, WIDTH), 1.0), ids, axis=0)
    x = layer_norm(g, g.node("Add", x, g.normal((tokens, WIDTH), 0.5)), WIDTH, 1e-12)
    for _ in range(LAYERS):
        mixed = attention(g, x, sequence=tokens, width=WIDTH, heads=HEADS, mask=mask, gain=1.0)
        x = layer_norm(g, g.node("Add", x, mixed), WIDTH, 1e-12)
        x = layer_norm(g, g.node("Add", x, feed_forward(g, x, WIDTH, 4 * WIDTH, gain=1.0)), WIDTH, 1e-12)
    g.output(x, "last_hidden_state", [tokens, WIDTH])
    return g.build()


def decoder(tokens: int) -> onnx.ModelProto:
    """A text decoder, normalised before its branches; a token sees those before it."""
    g = GraphBuilder("decoder", 0)
    ids = g.input("input_ids", "int64", [tokens], f"randint(0,{VOCABULARY})")
    hidden = g.node("Expand", g.constant(np.full((1, 1), -np.inf, np.float32)), g.ints(tokens, tokens))
    mask = g.node("Trilu", hidden, g.constant(np.array(1, np.int64)), upper=1)
    x = g.node("Gather", g.normal((VOCABULARY, WIDTH), 1.0), ids, axis=0)
    x = g.node("Add", x, g.normal((tokens, WIDTH), 0.5))
    for _ in range(LAYERS):
        normed = layer_norm(g, x, WIDTH, 1e-5)
        x = g.node("Add", x, attention(g, normed, sequence=tokens, width=WIDTH, heads=HEADS, mask=mask, gain=0.5))
        x = g.node("Add", x, feed_forward(g, layer_norm(g, x, WIDTH, 1e-5), WIDTH, 4 * WIDTH, gain=0.5))
    g.output(layer_norm(g, x, WIDTH, 1e-5), "last_hidden_state", [tokens, WIDTH])
    return g.build()


def convnext() -> onnx.ModelProto:
    """ConvNeXt-Atto for images of 3x224x224: large depthwise kernels, and normalisation over the channels."""
    g = GraphBuilder("convnext", 0)
    x = _reduced(g, g.input("image", "float32", [3, 224, 224]), 3, CONVNEXT_STAGES[0][1], 4)
    channels = CONVNEXT_STAGES[0][1]
    x = _normalised(g, x, channels)
    for blocks, outputs in CONVNEXT_STAGES:
        if outputs != channels:
            x = _reduced(g, _normalised(g, x, channels), channels, outputs, 2)
            channels = outputs
        for _ in range(blocks):
            x = g.node("Add", x, _convnext_branch(g, x, channels))
    x = layer_norm(g, g.node("Flatten", g.node("GlobalAveragePool", x), axis=1), channels, 1e-6)
    g.output(linear(g, x, channels, 1000), "logits", [1000])
    return g.build()


def _reduced(g: GraphBuilder, x: str, inputs: int, outputs: int, side: int) -> str:
    weight = g.weights((outputs, inputs, side, side), [1, 2, 3], 1.0)
    return g.node("Conv", x, weight, g.normal((outputs,), 0.1), kernel_shape=[side] * 2, strides=[side] * 2)


def _normalised(g: GraphBuilder, x: str, channels: int) -> str:
    last = g.node("Transpose", x, perm=[0, 2, 3, 1])
    return g.node("Transpose", layer_norm(g, last, channels, 1e-6), perm=[0, 3, 1, 2])


def _convnext_branch(g: GraphBuilder, x: str, channels: int) -> str:
    weight = g.weights((channels, 1, 7, 7), [1, 2, 3], 1.0)
    x = g.node("Conv", x, weight, g.normal((channels,), 0.1), kernel_shape=[7, 7], pads=[3] * 4, group=channels)
    x = layer_norm(g, g.node("Transpose", x, perm=[0, 2, 3, 1]), channels, 1e-6)
    x = project(g, g.node("Gelu", project(g, x, channels, 4 * channels)), 4 * channels, channels)
    x = g.node("Mul", x, g.normal((channels,), 0.3))
    return g.node("Transpose", x, perm=[0, 3, 1, 2])


ENCODERS = {
    f"encoder_{tokens}{'_masked' if masked else ''}": (tokens, masked)
    for tokens in (64, 128, 512)
    for masked in (False, True)
}
DECODERS = {f"decoder_{tokens}": tokens for tokens in (128, 512)}

GRAPHS: Mapping[str, Callable[[], onnx.ModelProto]] = {
    **{name: partial(one.build, 0) for name, one in builtin_models().items()},
    **{name: partial(encoder, tokens, masked=masked) for name, (tokens, masked) in ENCODERS.items()},
    **{name: partial(decoder, tokens) for name, tokens in DECODERS.items()},
    "convnext": convnext,
}
"""By name: those that are built in, and these."""
