"""The shape of a latency curve: a fixed cost, a cost per sample, and the batch size beyond which throughput falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_FIT = 0.10
"""A size is on the line if the line misses its latency by at most this share."""
_INLIERS = 0.8
"""The least share of sizes within the range of validity that must be on the line."""
_LEAST_SIZES = 3
_FALL = 0.05
"""Throughput has fallen if it is below the highest by more than this share."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The linear model `latency = fixed + per_sample * batch`, with the range of batch sizes for which it holds."""

    fixed_ns: float
    """Cost of a call, independent of the batch size."""
    per_sample_ns: float
    """Cost of each sample."""
    lowest: int
    """The smallest batch size for which the model holds."""
    highest: int
    """The largest batch size for which the model holds."""
    half_batch: float
    """`fixed / per_sample`: the batch size with half of the plateau's throughput."""
    plateau: float
    """Samples per second to which the model converges: `1 / per_sample`."""
    falls_beyond: int | None
    """The last batch size within 5 % of the highest throughput, if larger sizes were tried; else None."""


def fit_shape(batches: Sequence[int], latencies_ns: Sequence[float]) -> Shape | None:
    """Return the linear model for the longest range of adjacent sizes that it fits.

    The linear model of batch latency is Inoue's (arXiv 1912.06322). The fit minimises the sum of *relative* absolute deviations, since
    noise is proportional to the latency, and it is robust against single outliers. A range has at least three sizes, of which 80 %,
    including both ends, are within 10 % of the line.

    Args:
        batches: different batch sizes, in any order.
        latencies_ns: the median latency of each, above 0.

    Returns:
        None if no three adjacent sizes are on a line.

    Raises:
        ValueError: the lengths differ, a size occurs twice, or a number is not above 0.
    """
    import numpy as np

    x, y = np.asarray(batches, dtype=np.float64), np.asarray(latencies_ns, dtype=np.float64)
    if x.shape != y.shape or x.size != np.unique(x).size or not ((x > 0).all() and (y > 0).all()):
        raise ValueError("a shape needs different batch sizes, each with one latency, all above 0")
    order = np.argsort(x)
    x, y = x[order], y[order]
    for length in range(x.size, _LEAST_SIZES - 1, -1):
        fits = [
            (deviation, start, line)
            for start in range(x.size - length + 1)
            if (fitted := _line(x[start : start + length], y[start : start + length])) is not None
            for deviation, line in [fitted]
        ]
        if fits:
            _, start, (fixed, slope) = min(fits)
            return Shape(
                fixed_ns=fixed,
                per_sample_ns=slope,
                lowest=int(x[start]),
                highest=int(x[start + length - 1]),
                half_batch=fixed / slope,
                plateau=1e9 / slope,
                falls_beyond=_falls_beyond(x, x / y),
            )
    return None


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, tuple[float, float]] | None:
    """Return the sum of relative deviations and (fixed, slope) of the best line, if the sizes are on it; else None.

    A least-absolute-deviations line passes through two of the points, or, if the fixed cost would be negative, through the origin and
    one of the points. All these lines are tried.
    """
    import numpy as np

    first, second = np.triu_indices(x.size, k=1)
    slopes = (y[second] - y[first]) / (x[second] - x[first])
    fixed = y[first] - slopes * x[first]
    sound = (slopes > 0) & (fixed >= 0)
    slopes = np.concatenate([slopes[sound], y / x])
    fixed = np.concatenate([fixed[sound], np.zeros(x.size)])
    deviations = np.abs(1 - (fixed[:, None] + slopes[:, None] * x) / y)
    best = int(deviations.sum(axis=1).argmin())
    close = deviations[best] <= _FIT
    if not (close[0] and close[-1] and close.mean() >= _INLIERS):
        return None
    return float(deviations[best].sum()), (float(fixed[best]), float(slopes[best]))


def _falls_beyond(x: NDArray[np.float64], throughput: NDArray[np.float64]) -> int | None:
    near = (throughput >= (1 - _FALL) * throughput.max()).nonzero()[0]
    last = int(near[-1])
    return int(x[last]) if last < x.size - 1 else None
