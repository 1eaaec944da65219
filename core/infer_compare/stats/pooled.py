"""The variance between processes, pooled over the points of a run where one point has too few restarts to tell it."""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.student import Estimate, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class PooledVariance(msgspec.Struct, frozen=True, kw_only=True):
    """A variance common to several groups whose means may differ."""

    variance: float
    df: int
    """The sum of n_i - 1 over the groups."""


def pooled_variance(groups: Iterable[Sequence[float]]) -> PooledVariance | None:
    """`sum_i sum_j (x_ij - mean_i)^2 / sum_i (n_i - 1)`, the within-group mean square of a one-way layout.

    Args:
        groups: for each operating point, the restart means of its log-ratios. Groups of one add nothing.

    Returns:
        None when no group has two values.
    """
    squares, df = 0.0, 0
    for group in groups:
        if len(group) < 2:
            continue
        mean = fsum(group) / len(group)
        squares += fsum((value - mean) ** 2 for value in group)
        df += len(group) - 1
    return PooledVariance(variance=squares / df, df=df) if df else None


def pooled_estimate(values: Sequence[float], pooled: PooledVariance) -> Estimate:
    """The mean of one group, its error `sqrt(variance / n)` taken from the pooled variance.

    Raises:
        ValueError: no value.
    """
    if not values:
        raise ValueError("a mean needs one value or more")
    return Estimate(mean=fsum(values) / len(values), error=sqrt(pooled.variance / len(values)), df=pooled.df)


def pooled_interval(values: Sequence[float], pooled: PooledVariance, confidence: float = 0.95) -> Interval:
    """The t interval of one group's mean from the pooled variance, with the pooled degrees of freedom.

    Raises:
        ValueError: no value.
    """
    return pooled_estimate(values, pooled).interval(confidence)
