"""The evidence of a contrast: one mean, variance and allowance behind its interval, p-value and verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import exp, expm1, sqrt
from typing import TYPE_CHECKING

from infer_compare.stats.moderated import Moderated, Moderation, moderated
from infer_compare.verdicts.contrast import Basis, Contrast, PairedRounds
from infer_compare.verdicts.protocol import (
    CONFIDENCE,
    ODD_POINT,
    OWN_WEIGHT,
    PRIOR_DEVIATION,
    PRIOR_DF,
    PRIOR_ROUNDS,
)

if TYPE_CHECKING:
    from infer_compare.stats.student import Estimate

RULE = Moderation(deviation=PRIOR_DEVIATION, df=PRIOR_DF, rounds=PRIOR_ROUNDS, weight=OWN_WEIGHT, odd=ODD_POINT)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The estimate behind all statements about a contrast.

    Attributes:
        estimate: of the mean logarithm of the ratio.
        allowance: possible effect of accepted contention, in the log domain.
        basis: of the variance.
        deviation: standard deviation of a restart mean, in the log domain; None if the contenders were measured apart, or
            in a single restart.
    """

    estimate: Estimate
    allowance: float
    basis: Basis
    deviation: float | None

    @cached_property
    def half_width(self) -> float:
        """Half of the reported interval, including the allowance, in the log domain."""
        return self.estimate.half_width(CONFIDENCE) + self.allowance

    @cached_property
    def p_value(self) -> float:
        """Two-sided p-value of the hypothesis that both are equally fast, after subtracting the allowance."""
        return self.estimate.p_value(self.allowance)

    @cached_property
    def scatter(self) -> float | None:
        """Relative standard deviation of a restart's ratio."""
        return None if self.deviation is None else expm1(self.deviation)

    @cached_property
    def ratio(self) -> float:
        """The ratio of throughputs."""
        return exp(self.estimate.mean)

    @cached_property
    def low(self) -> float:
        """Lower end of the interval of the ratio."""
        return exp(self.estimate.mean - self.half_width)

    @cached_property
    def high(self) -> float:
        """Upper end of the interval of the ratio."""
        return exp(self.estimate.mean + self.half_width)


@dataclass(frozen=True, eq=False)
class Family:
    """The contrasts of two contenders at the operating points of a run, which share information about their variance.

    A point shares its variance with points that have clean rounds in all of its restarts. Points that settled earlier are left
    out for those that went on: a point settles early when its restarts agree, partly by chance, and would make the variance of
    the others look too small.
    """

    contrasts: tuple[Contrast, ...]
    _layouts: dict[tuple[int, ...], dict[int, Moderated]] = field(default_factory=dict, repr=False)

    def points(self, contrast: Contrast, restarts: int) -> int:
        """Return how many points had clean rounds by the time at which a contrast had them in `restarts` restarts; at least 1.

        Args:
            contrast: one of the family, or a contrast of two different points.
            restarts: number of restarts with clean rounds.
        """
        if not isinstance(contrast, PairedRounds):
            return max(1, len(self.contrasts))
        until = contrast.numbers[restarts - 1]
        begun = (other for other in self.contrasts if not isinstance(other, PairedRounds) or other.numbers[0] <= until)
        return max(1, sum(1 for _ in begun))

    def evidence(self, contrast: Contrast, restarts: int | None = None) -> Evidence | None:
        """Return the evidence of a contrast after some restarts with clean rounds; None if its error cannot be estimated.

        Args:
            contrast: one of the family, or a contrast of two different points.
            restarts: how many restarts to use; all by default.
        """
        data = contrast if restarts is None else contrast.first(restarts)
        if isinstance(contrast, PairedRounds) and data.restarts > 1:
            result = self._moderated(contrast, contrast.numbers[: data.restarts])
            basis: Basis = "rounds" if result.floored else "pooled restarts" if result.pooled else "restarts"
            deviation = result.estimate.error * sqrt(data.restarts)
            return Evidence(estimate=result.estimate, allowance=data.allowance, basis=basis, deviation=deviation)
        estimates = data.estimates()
        if not estimates:
            return None
        basis = max(estimates, key=lambda name: estimates[name].half_width(CONFIDENCE))
        return Evidence(estimate=estimates[basis], allowance=data.allowance, basis=basis, deviation=None)

    def _moderated(self, contrast: PairedRounds, numbers: tuple[int, ...]) -> Moderated:
        if not any(other is contrast for other in self.contrasts):
            # A contrast of two batch sizes. Its rounds also belong to points of the family; the degrees of freedom account
            # for that, as points of a restart may be correlated.
            return moderated([contrast.at(numbers), *self._complete(numbers).values()], RULE)[0]
        if numbers not in self._layouts:
            rows = self._complete(numbers)
            self._layouts[numbers] = dict(zip(rows, moderated(list(rows.values()), RULE), strict=True))
        return self._layouts[numbers][id(contrast)]

    def _complete(self, numbers: tuple[int, ...]) -> dict[int, tuple[tuple[float, ...], ...]]:
        """Return the rounds in some restarts of each contrast that has rounds in all of them, by the id of the contrast."""
        wanted = set(numbers)
        return {
            id(contrast): contrast.at(wanted)
            for contrast in self.contrasts
            if isinstance(contrast, PairedRounds) and wanted.issubset(contrast.numbers)
        }
