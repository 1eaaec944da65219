"""The registry with every handler in it."""

from infer_compare_torch.importer import (
    arithmetic,
    convolution,
    elementwise,
    indexing,
    linear,
    normalization,
    pooling,
    reduction,
    resize,
    shape,
    slicing,
)
from infer_compare_torch.importer.registry import REGISTRY

HANDLERS = (
    arithmetic,
    convolution,
    elementwise,
    indexing,
    linear,
    normalization,
    pooling,
    reduction,
    resize,
    shape,
    slicing,
)
"""The modules that registered themselves when they were imported."""

__all__ = ["HANDLERS", "REGISTRY"]
