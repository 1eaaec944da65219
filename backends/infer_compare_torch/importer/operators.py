"""The registry with every handler in it."""

from infer_compare_torch.importer import (
    arithmetic,
    attention_node,
    control,
    convolution,
    detection,
    elementwise,
    filling,
    folding,
    indexing,
    joining,
    linear,
    loss,
    normalization,
    planes,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    shape,
    signal,
    slicing,
    unpooling,
)
from infer_compare_torch.importer.registry import REGISTRY

HANDLERS = (
    arithmetic,
    attention_node,
    control,
    convolution,
    detection,
    elementwise,
    filling,
    folding,
    indexing,
    joining,
    linear,
    loss,
    normalization,
    planes,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    shape,
    signal,
    slicing,
    unpooling,
)
"""The modules that registered themselves when they were imported."""

__all__ = ["HANDLERS", "REGISTRY"]
