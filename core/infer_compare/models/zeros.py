"""Batches of zeros, which backends run to build, trace or compile for a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.models.arrays import numpy_dtype
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.interfaces import OperatingPoint, TensorSpec


def zeros_at(inputs: Sequence[TensorSpec], point: OperatingPoint) -> list[NDArray[Any]] | None:
    """Return an array of zeros for each input at an operating point; None if the point leaves an axis free."""
    import numpy as np

    sizes: dict[int | str, int] = {BATCH: point.batch, **dict(point.axes)}
    batch = []
    for spec in inputs:
        shape = [size if isinstance(size, int) else sizes.get(size) for size in spec.shape]
        known = [size for size in shape if size is not None]
        if len(known) != len(shape):
            return None
        batch.append(np.zeros(known, numpy_dtype(spec.dtype)))
    return batch
