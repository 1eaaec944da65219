"""Finds the outlier among several contenders that agree: much further from the others than these are from each other."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.models.extremes import extremes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FACTOR = 10.0
"""Factor from which a contender is an outlier; over 1082 triples of correct conversions the largest factor was 4.5."""
LEAST = 5e-7
"""Distances below this share of the largest value count as this share."""
FEWEST = 3
"""The fewest contenders among which there can be an outlier."""


class Odd(NamedTuple):
    """An outlier."""

    label: str
    distance: float
    """Distance to the nearest other contender, relative to the largest value."""
    others: float
    """The largest distance among the others."""


def odd_one_out(outputs: Mapping[str, Sequence[NDArray[Any]]]) -> Odd | None:
    """Return the outlier; None if there is none.

    Args:
        outputs: the outputs of each contender, for the same rows and in one precision.
    """
    if len(outputs) < FEWEST:
        return None
    apart = {frozenset(pair): _distance(*(outputs[label] for label in pair)) for pair in combinations(outputs, 2)}
    for label in outputs:
        mine = min(distance for pair, distance in apart.items() if label in pair)
        others = max(distance for pair, distance in apart.items() if label not in pair)
        if math.isfinite(mine) and mine > FACTOR * max(others, LEAST):
            return Odd(label, mine, others)
    return None


def _distance(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]]) -> float:
    """Return the largest difference relative to the largest value, over the floating outputs, without extreme values."""
    import numpy as np

    far = 0.0
    for left, right in zip(one, other, strict=False):
        if left.shape != right.shape:
            return math.inf
        if left.dtype.kind in "biu" or not left.size:
            continue
        wide, its = left.astype(np.float64), right.astype(np.float64)
        live = ~extremes(wide) & np.isfinite(its)
        scale = float(np.max(np.abs(wide), where=live, initial=0.0))
        if scale:
            difference = np.subtract(wide, its, where=live, out=np.zeros_like(wide))
            far = max(far, float(np.abs(difference).max()) / scale)
    return far
