"""Means of few restarts at several points, with variances that are pooled over the points and moderated by a prior.

Three restarts alone hardly determine the variance between restarts. The points of a run share most of it, so their variances are
pooled over a two-way layout of points and restarts; effects of a restart that are common to all points reduce the degrees of freedom.
A prior moderates the result as in Smyth (2004, Stat. Appl. Genet. Mol. Biol. 3:3). A point with a much larger variance than the
others is not pooled, so neither affects the other.
"""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.student import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    Groups = Sequence[Sequence[float]]
    """Values of rounds, by restart; no group is empty."""

NO_SPREAD = 1e-30
"""A smaller variance is that of equal values, up to rounding errors."""


class Moderation(msgspec.Struct, frozen=True, kw_only=True):
    """The constants of the moderation."""

    deviation: float
    """Prior standard deviation of a restart mean."""
    df: float
    """Degrees of freedom of the prior."""
    rounds: float
    """The prior variance is at least this multiple of the variance that the scatter of rounds within restarts explains."""
    weight: float
    """The most degrees of freedom of the common variance when it is combined with a point's own, larger variance."""
    odd: float
    """A point is not pooled if its variance exceeds this multiple of both the mean of the others and the prior. If the variance over
    all points exceeds this multiple of the prior, the prior does not count."""


class TwoWayVariance(msgspec.Struct, frozen=True, kw_only=True):
    """The variance of a value in a layout of points and restarts, after subtracting the means of points."""

    variance: float
    df: float


class Moderated(msgspec.Struct, frozen=True, kw_only=True):
    """The mean of a point over its restarts, with its moderated standard error."""

    estimate: Estimate
    pooled: bool
    """Whether other points contributed to the variance."""
    floored: bool
    """Whether the variance is that of rounds, because restarts differ less than rounds explain."""


def two_way_variance(rows: Sequence[Sequence[float]]) -> TwoWayVariance:
    """Return the variance of a restart mean, pooled over points with possible effects of restarts common to all points.

    With Q points and E restarts, and the mean squares MSR between restarts and MSI of the residuals,
    `V = (MSR + (Q - 1) MSI) / Q`. Satterthwaite's degrees of freedom,
    `V^2 / ((MSR / Q)^2 / (E - 1) + ((Q - 1) MSI / Q)^2 / ((E - 1)(Q - 1)))`, lie between E - 1 and Q (E - 1).

    Args:
        rows: for each point, the means of the same restarts, of which there are at least two.
    """
    points, restarts = len(rows), len(rows[0])
    least = restarts - 1
    deviations = [_centred(row) for row in rows]
    common = [fsum(column) / points for column in zip(*deviations, strict=True)]
    between = points * fsum(value * value for value in common) / least
    if points == 1:
        return TwoWayVariance(variance=between, df=least)
    rest = fsum((value - shared) ** 2 for row in deviations for value, shared in zip(row, common, strict=True))
    by_restart, by_rest = between / points, rest / (least * points)
    variance = by_restart + by_rest
    if variance < NO_SPREAD:
        return TwoWayVariance(variance=variance, df=least)
    share = by_restart / variance
    df = 1 / (share**2 / least + (1 - share) ** 2 / (least * (points - 1)))
    return TwoWayVariance(variance=variance, df=min(max(df, least), least * points))


def moderated(points: Sequence[Groups], constants: Moderation) -> tuple[Moderated, ...]:
    """Return the mean of each point over its restarts, every restart with the same weight, and its standard error.

    Args:
        points: the values of each point; all points have the same restarts, of which there are at least two.
        constants: of the moderation.
    """
    means = [[fsum(group) / len(group) for group in groups] for groups in points]
    variances = [_variance(row) for row in means]
    rounds = [_by_rounds(groups) for groups in points]
    known = [value for value in rounds if value is not None]
    prior = max(constants.deviation**2, constants.rounds * fsum(known) / len(known) if known else 0.0)
    odd = _odd(variances, prior, constants.odd)
    kept = [row for row, alone in zip(means, odd, strict=True) if not alone]
    common = two_way_variance(kept)
    # A variance far above the prior shows that the prior is wrong here, so it is ignored.
    weight_of_prior = 0.0 if common.variance > constants.odd * prior else constants.df
    df = weight_of_prior + common.df
    variance = (weight_of_prior * prior + common.df * common.variance) / df
    restarts = len(means[0])
    moderated = []
    for row, spread, floor, alone in zip(means, variances, rounds, odd, strict=True):
        pooled, freedom = (spread, restarts - 1) if alone else (variance, df)
        if not alone and len(kept) > 1 and spread > variance:
            weight = min(constants.weight, df)
            freedom = weight + restarts - 1
            pooled = (weight * variance + (restarts - 1) * spread) / freedom
        floored = floor is not None and floor > pooled
        error = sqrt((floor if floored and floor is not None else pooled) / restarts)
        estimate = Estimate(mean=fsum(row) / restarts, error=error, df=freedom)
        moderated.append(Moderated(estimate=estimate, pooled=not alone and len(kept) > 1, floored=floored))
    return tuple(moderated)


def _odd(variances: Sequence[float], prior: float, factor: float) -> list[bool]:
    """Return, for each point, whether its variance is too large for pooling it with the others."""
    total, others = fsum(variances), len(variances) - 1
    return [others > 0 and spread > factor * max((total - spread) / others, prior) for spread in variances]


def _by_rounds(groups: Groups) -> float | None:
    """Return the variance of a restart mean that rounds alone explain; None if no restart has two rounds."""
    squares = fsum(value * value for group in groups for value in _centred(group))
    df = sum(len(group) - 1 for group in groups)
    return squares / df * fsum(1 / len(group) for group in groups) / len(groups) if df else None


def _variance(values: Sequence[float]) -> float:
    return fsum(value * value for value in _centred(values)) / (len(values) - 1)


def _centred(values: Sequence[float]) -> list[float]:
    mean = fsum(values) / len(values)
    return [value - mean for value in values]
