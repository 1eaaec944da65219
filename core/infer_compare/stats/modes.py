"""Detection of slices that fall into two groups, for example with and without a helper thread."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.quantiles import median

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LEAST_GAP = log(1.05)
_GAP_FACTOR = 5
_LEAST_SHARE = 0.2


class Modes(msgspec.Struct, frozen=True, kw_only=True):
    """Two groups of values, each by its median."""

    low: float
    high: float
    share_high: float
    """Share of the values in the upper group."""


def two_modes(values: ArrayLike) -> Modes | None:
    """Return both modes of some values; None if they form a single group.

    There are two modes if the largest gap between adjacent sorted logarithms exceeds both log(1.05) and five times the median gap, and
    at least 20 % of the values are on each side of it.

    Args:
        values: medians of slices, above 0.

    Raises:
        ValueError: a value is not above 0.
    """
    import numpy as np

    data = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not (data > 0).all():
        raise ValueError("modes are looked for among values above 0")
    if data.size < 2:
        return None
    gaps = np.diff(np.log(data))
    split = int(gaps.argmax()) + 1
    if gaps[split - 1] <= max(_LEAST_GAP, _GAP_FACTOR * median(gaps)):
        return None
    share = (data.size - split) / data.size
    if min(share, 1 - share) < _LEAST_SHARE:
        return None
    return Modes(low=median(data[:split]), high=median(data[split:]), share_high=share)
