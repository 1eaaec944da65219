"""Finds extreme constants in outputs: masks of -1e9, the lowest number, infinities.

They carry no information about a network and would dominate the scale of their tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Array = NDArray[Any]

LEAST = 1e3
"""Extreme values are at least this large,"""
GAP = 100.0
"""this many times larger than anything else,"""
NARROW = 1.02
"""and within 2 % of each other."""
MOST_CLUSTERS = 4


def extremes(array: Array) -> Mask:
    """Return a mask of the extreme constants of an array: infinities, and clusters of one magnitude far above the rest."""
    import numpy as np

    size = np.abs(array)
    mask = ~np.isfinite(array)
    for _ in range(MOST_CLUSTERS):
        top = float(np.max(size, where=~mask, initial=0.0))
        if top < LEAST:
            break
        cluster = ~mask & (size >= top / NARROW)
        below = ~mask & ~cluster
        if not below.any() or float(np.max(size, where=below, initial=0.0)) * GAP > top / NARROW:
            break
        mask |= cluster
    return mask


def unlike(reference: Array, candidate: Array, where: Mask, *, rtol: float, coarse: bool) -> str:
    """Return how extreme values differ, as the end of a sentence about an output; empty if they agree.

    Args:
        reference: an array of shape [rows, ...], without NaN.
        candidate: an array of the same shape, without NaN.
        where: the mask of the reference's extreme values.
        rtol: the allowed relative difference.
        coarse: whether only their positions and signs count: a conversion to float16 turns -1e9 into -1e4.
    """
    import numpy as np

    if coarse:
        if where.any():
            if not np.array_equal(where, extremes(candidate)):
                return "has extreme values at other places"
            return (
                ""
                if np.array_equal(np.sign(reference[where]), np.sign(candidate[where]))
                else "has extreme values of other signs"
            )
        return "" if np.isfinite(candidate).all() else "holds infinity"
    infinite = ~np.isfinite(reference)
    if not np.array_equal(infinite, ~np.isfinite(candidate)) or not np.array_equal(
        reference[infinite], candidate[infinite]
    ):
        return "has infinity at other places"
    wanted, got = reference[where & ~infinite], candidate[where & ~infinite]
    with np.errstate(over="ignore"):
        apart = bool((np.abs(wanted - got) > rtol * np.abs(wanted)).any())
    return "has other extreme values" if apart else ""
