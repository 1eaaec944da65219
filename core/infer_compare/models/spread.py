"""Measures how much an output depends on the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.models.agreement import comparable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

SPREAD_FACTOR = 10
"""An output whose spread is below this many tolerances cannot prove a rewritten batch axis."""


def spread(rows: Array) -> float:
    """Return how much an output depends on the inputs: `max|row - mean of rows| / max|row|`; 0 for at most one row."""
    import numpy as np

    if rows.ndim == 0 or len(rows) < 2 or rows.size == 0 or not comparable(rows):
        return 0.0
    wide = rows.astype(np.float64)
    largest = float(np.max(np.abs(wide)))
    if largest == 0 or not np.isfinite(largest):
        return 0.0
    # Scale first, since the mean of very large numbers could overflow.
    scaled = wide / largest
    return float(np.max(np.abs(scaled - scaled.mean(axis=0))))
