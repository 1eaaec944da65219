"""Student's t distribution, and intervals of means based on it."""

from __future__ import annotations

from functools import lru_cache
from math import exp, fsum, inf, lgamma, log1p, pi, sqrt
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.beta import incomplete_beta

if TYPE_CHECKING:
    from collections.abc import Sequence


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A mean with a confidence interval: `mean - half_width` to `mean + half_width`."""

    mean: float
    low: float
    high: float
    half_width: float
    df: float
    """Degrees of freedom of its t distribution; a fraction for Welch's interval."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean, its standard error, and the degrees of freedom of that error."""

    mean: float
    error: float
    df: float

    def half_width(self, confidence: float) -> float:
        """Return half of the two-sided t interval: `t_{(1 + c) / 2, df} * error`."""
        return t_quantile((1 + confidence) / 2, self.df) * self.error

    def interval(self, confidence: float) -> Interval:
        """Return the two-sided t interval."""
        half = self.half_width(confidence)
        return Interval(mean=self.mean, low=self.mean - half, high=self.mean + half, half_width=half, df=self.df)

    def p_value(self, allowance: float = 0.0) -> float:
        """Return the two-sided p-value of "the mean is 0", after reducing the mean's absolute value by a possible bias of `allowance`."""
        size = max(0.0, abs(self.mean) - allowance)
        if self.error == 0:
            return 0.0 if size > 0 else 1.0
        return min(1.0, 2 * t_survival(size / self.error, self.df))


def t_survival(t: float, df: float) -> float:
    """Return `P(T > t)` for Student's t: half of `I_{df / (df + t^2)}(df / 2, 1 / 2)` for t above 0 (DLMF 8.17, A&S 26.7.1).

    Raises:
        ValueError: `df` is not above 0.
    """
    if not df > 0:
        raise ValueError(f"Student's t needs degrees of freedom above 0, not {df}")
    square = t * t
    if square == inf:
        return 0.0 if t > 0 else 1.0
    half = incomplete_beta(df / 2, 0.5, df / (df + square), square / (df + square)) / 2
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: float) -> float:
    """Return the t with `P(T <= t) = probability`, by Newton's method within a bracket.

    Raises:
        ValueError: the probability is not between 0 and 1, or `df` is not above 0.
    """
    if not 0 < probability < 1:
        raise ValueError(f"a quantile needs a probability between 0 and 1, not {probability}")
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    tail = 1 - probability
    low, high = 0.0, 1.0
    while t_survival(high, df) > tail:
        low, high = high, 2 * high
    t = low
    for _ in range(200):
        excess = t_survival(t, df) - tail
        if excess > 0:
            low = t
        else:
            high = t
        following = t + excess / _density(t, df)
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - t) <= 1e-15 * (1 + abs(following)):
            return following
        t = following
    return t


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values, with the standard error `s / sqrt(n)` and n - 1 degrees of freedom.

    Raises:
        ValueError: there are fewer than two values.
    """
    count = len(values)
    if count < 2:
        raise ValueError("the error of a mean needs two values or more")
    mean = fsum(values) / count
    return Estimate(mean=mean, error=sqrt(_squares(values, mean) / (count - 1) / count), df=count - 1)


def estimate_difference(a_means: Sequence[float], b_means: Sequence[float]) -> Estimate:
    """Return `mean(a) - mean(b)` of two independent groups of unequal variance (Welch 1947, Biometrika 34:28).

    The degrees of freedom are those of Welch and Satterthwaite; if neither group has any variance, those of the smaller group.

    Raises:
        ValueError: a group has fewer than two values.
    """
    a, b = estimate(a_means), estimate(b_means)
    a_part, b_part = a.error**2, b.error**2
    total = a_part + b_part
    df = total**2 / (a_part**2 / a.df + b_part**2 / b.df) if total > 0 else min(a.df, b.df)
    return Estimate(mean=a.mean - b.mean, error=sqrt(total), df=df)


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the t interval of the mean of independent values.

    Raises:
        ValueError: there are fewer than two values.
    """
    return estimate(values).interval(confidence)


def _squares(values: Sequence[float], mean: float) -> float:
    return fsum((value - mean) ** 2 for value in values)


def _density(t: float, df: float) -> float:
    return exp(lgamma((df + 1) / 2) - lgamma(df / 2) - (df + 1) / 2 * log1p(t * t / df)) / sqrt(df * pi)
