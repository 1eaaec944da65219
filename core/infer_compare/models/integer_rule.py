"""The rule for outputs of integers and booleans: they must be equal, except for rounding of eight-bit values."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from infer_compare.models.finding import Finding
from infer_compare.models.precision import COARSE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TIES = 0.01
"""Share of eight-bit values that may differ by one step: ties that were rounded differently."""
NEAR_TIES = 0.05
"""Share of unequal entries, such as class numbers, that low precision can explain."""


def compare_integers(reference: Array, candidate: Array, *, rtol: float, others: Array | None = None) -> Finding:
    """Compare one output of integers or booleans.

    Args:
        reference: an array of shape [rows, ...].
        candidate: an array of the same shape.
        rtol: the tolerance of floating outputs, which indicates low precision.
        others: further rows of the reference, if it has only one.
    """
    import numpy as np

    if not reference.size:
        return Finding(verdict="constant", reason="is empty")
    unequal = reference != candidate
    share = float(unequal.mean())
    far = np.abs(reference.astype(np.float64) - candidate.astype(np.float64))
    difference = max(float(far.max()), 1.0 if share else 0.0)
    scale = float(np.max(np.abs(reference.astype(np.float64))))
    rows = reference if others is None else others
    moving = len(rows) > 1 and bool((rows != rows[:1]).any())
    chance = float((rows[:1] != rows[1:]).mean()) if moving else 0.0
    made = {
        "difference": difference,
        "scale": scale,
        "shown": float(moving),
        "row_error": share / chance if chance else None,
    }
    coarse = rtol >= COARSE
    alike = not share
    if reference.dtype.kind in "iu" and reference.dtype.itemsize == candidate.dtype.itemsize == 1:
        alike = difference <= (math.ceil(255 * rtol) if coarse else 1) and (coarse or share <= TIES)
    if not alike and coarse and share <= NEAR_TIES:
        reason = f"differs in {100 * share:.2g} % of its entries, as near-ties may at this precision"
        return Finding(verdict="inconclusive", reason=reason, **made)  # type: ignore[arg-type]
    if not alike:
        reason = f"differs in {100 * share:.2g} % of its entries, by up to {difference:.3g}, and integers must be equal"
        return Finding(verdict="differs", reason=reason, used=sys.float_info.max, **made)  # type: ignore[arg-type]
    if moving:
        return Finding(verdict="agrees", **made)  # type: ignore[arg-type]
    return Finding(verdict="constant", reason="is the same for all inputs", **made)  # type: ignore[arg-type]
