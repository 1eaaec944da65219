"""The drift of a quantity while it was measured."""

from __future__ import annotations

from math import expm1
from typing import TYPE_CHECKING

from infer_compare.stats.quantiles import median

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def theil_sen_slope(times: ArrayLike, values: ArrayLike) -> float:
    """Return the median of the slopes between all pairs of points (Theil 1950; Sen 1968, JASA 63:1379).

    It tolerates up to 29 % outliers. Pairs at equal times are ignored.

    Raises:
        ValueError: the lengths differ, or no two points are at different times.
    """
    import numpy as np

    x, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("a slope needs as many times as values")
    first, second = np.triu_indices(x.size, k=1)
    apart = x[first] != x[second]
    first, second = first[apart], second[apart]
    if not first.size:
        raise ValueError("a slope needs points at two different times")
    return median((y[second] - y[first]) / (x[second] - x[first]))


def relative_drift(times: ArrayLike, values: ArrayLike) -> float:
    """Return the relative change over the whole duration, by the Theil-Sen slope of the logarithm of the values.

    0.05 means a steady trend by which the last value is 5 % above the first.

    Args:
        times: when each value was taken, in any unit.
        values: above 0.

    Raises:
        ValueError: the lengths differ, no two points are at different times, or a value is not above 0.
    """
    import numpy as np

    x, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not (y > 0).all():
        raise ValueError("a relative drift needs values above 0")
    if x.size < 2:
        raise ValueError("a slope needs points at two different times")
    # Relative to the first time: nanoseconds since boot would lose precision.
    since = x - x.min()
    return expm1(theil_sen_slope(since, np.log(y)) * float(since.max()))
