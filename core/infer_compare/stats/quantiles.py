"""Medians, quantiles and Tukey's fences."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_ROUNDING = 1e-9
"""Subtracted before rounding up a rank, since `0.07 * 100` is a little above 7 in binary."""


class TukeyCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The number of values beyond Tukey's fences."""

    mild: int
    """Beyond 1.5 and up to 3 interquartile ranges from the quartiles."""
    severe: int
    """Beyond 3 interquartile ranges."""


def median(values: ArrayLike) -> float:
    """Return the middle value, or the mean of the middle two.

    Raises:
        ValueError: there is no value.
    """
    return quantile(values, 0.5)


def quantile(values: ArrayLike, probability: float) -> float:
    """Return the quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).

    Raises:
        ValueError: there is no value, or the probability is outside [0, 1].
    """
    import numpy as np

    data = _data(values, probability)
    place = (data.size - 1) * probability
    low = int(place)
    high = min(low + 1, data.size - 1)
    parts = np.partition(data, (low, high))
    # In this form, two equal values yield exactly that value.
    return float(parts[low] + (place - low) * (parts[high] - parts[low]))


def nearest_rank(values: ArrayLike, probability: float) -> float:
    """Return the smallest value that at least a share of `probability` of the values does not exceed.

    This is the order statistic of rank `ceil(n * probability)` (Hyndman and Fan 1996, type 1), a latency that really occurred. It is
    conservative for percentiles of few calls, where interpolation would yield a latency between the slowest two.

    Raises:
        ValueError: there is no value, or the probability is outside [0, 1].
    """
    import numpy as np

    data = _data(values, probability)
    rank = max(1, ceil(data.size * probability - _ROUNDING))
    return float(np.partition(data, rank - 1)[rank - 1])


def tukey_counts(values: ArrayLike) -> TukeyCounts:
    """Return how many values are beyond the fences `Q1 - k IQR` and `Q3 + k IQR`, k = 1.5 and 3 (Tukey 1977).

    Raises:
        ValueError: there is no value.
    """
    data = _data(values, 0.5)
    first, third = quantile(data, 0.25), quantile(data, 0.75)
    spread = third - first
    beyond = [int(((data < first - k * spread) | (data > third + k * spread)).sum()) for k in (1.5, 3.0)]
    return TukeyCounts(mild=beyond[0] - beyond[1], severe=beyond[1])


def _data(values: ArrayLike, probability: float) -> NDArray[np.float64]:
    import numpy as np

    data = np.asarray(values, dtype=np.float64).ravel()
    if not data.size:
        raise ValueError("a quantile needs one value or more")
    if not 0 <= probability <= 1:
        raise ValueError(f"a quantile needs a probability from 0 to 1, not {probability}")
    return data
