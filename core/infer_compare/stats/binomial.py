"""A binomial test of whether a latency bound holds at a percentile, given the number of violations."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor

from infer_compare.stats.beta import incomplete_beta


def binomial_cdf(successes: int, trials: int, probability: float) -> float:
    """Return `P(Bin(trials, probability) <= successes)`, as `I_{1 - probability}(trials - successes, successes + 1)`.

    The relation is DLMF 8.17.5.

    Raises:
        ValueError: a count is negative, or the probability is outside [0, 1].
    """
    if trials < 0 or not 0 <= probability <= 1:
        raise ValueError(f"no binomial distribution has {trials} trials of probability {probability}")
    if successes < 0:
        return 0.0
    if successes >= trials:
        return 1.0
    return incomplete_beta(trials - successes, successes + 1, 1 - probability, probability)


def bound_holds(n_effective: float, violations: float, percentile: float, confidence: float = 0.95) -> bool:
    """Return whether the data show that at most `100 - percentile` % of all calls violate a bound.

    The rule is `P(Bin(n, 1 - p) <= t) <= 1 - c`, as for early stopping in MLPerf's LoadGen: if the true share of violations were
    1 - p, only t violations in n calls would be seen with a probability of at most 1 - c.

    Args:
        n_effective: independent calls; a fraction is rounded down.
        violations: calls beyond the bound; a fraction is rounded up.
        percentile: between 0 and 100, such as 95.
        confidence: between 0 and 1.

    Raises:
        ValueError: the percentile is not between 0 and 100.
    """
    n, t = floor(n_effective), ceil(violations)
    return n > t and binomial_cdf(t, n, _allowed(percentile)) <= 1 - confidence


@lru_cache(maxsize=1024)
def n_min(percentile: float, violations: int, confidence: float = 0.95) -> int:
    """Return the fewest calls for which `bound_holds` with some violations: without any, 59 for p95 and 299 for p99.

    Raises:
        ValueError: the percentile is not between 0 and 100.
    """
    high = ceil((violations + 1) / _allowed(percentile))
    while not bound_holds(high, violations, percentile, confidence):
        high *= 2
    low = violations
    while high - low > 1:
        middle = (low + high) // 2
        if bound_holds(middle, violations, percentile, confidence):
            high = middle
        else:
            low = middle
    return high


def _allowed(percentile: float) -> float:
    if not 0 < percentile < 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {percentile}")
    return (100 - percentile) / 100
