"""The registry with every handler in it."""

from infer_compare_torch.importer import (
    arithmetic,
    control,
    convolution,
    detection,
    elementwise,
    folding,
    indexing,
    linear,
    loss,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    shape,
    signal,
    slicing,
)
from infer_compare_torch.importer.registry import REGISTRY

HANDLERS = (
    arithmetic,
    control,
    convolution,
    detection,
    elementwise,
    folding,
    indexing,
    linear,
    loss,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resize,
    sampling,
    shape,
    signal,
    slicing,
)
"""The modules that registered themselves when they were imported."""

__all__ = ["HANDLERS", "REGISTRY"]
