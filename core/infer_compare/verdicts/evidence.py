"""What the rounds of two contenders show at one point: one mean, variance and allowance for interval, p-value and verdict."""

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
    """The estimate that everything said of a contrast comes from.

    Attributes:
        estimate: of the mean logarithm of the ratio.
        allowance: what accepted contention may have cost, in the log domain.
        basis: what the variance comes from.
        deviation: standard deviation of a restart mean behind the error, in the log domain; None where contenders were
            measured apart, or in a single restart.
    """

    estimate: Estimate
    allowance: float
    basis: Basis
    deviation: float | None

    @cached_property
    def half_width(self) -> float:
        """Half of the interval that is reported, the allowance included, in the log domain."""
        return self.estimate.half_width(CONFIDENCE) + self.allowance

    @cached_property
    def p_value(self) -> float:
        """Of "they are equal": two-sided, the allowance taken off."""
        return self.estimate.p_value(self.allowance)

    @cached_property
    def scatter(self) -> float | None:
        """The deviation of the ratio of a restart, relative."""
        return None if self.deviation is None else expm1(self.deviation)

    @cached_property
    def ratio(self) -> float:
        """Of throughputs."""
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
    """The contrasts of two contenders at the operating points of a run, which borrow their variance from each other.

    A point shares a layout with those points that have clean rounds in all of its restarts. A point that left earlier, being
    settled, is no part of the layout of those that went on: it left while its restarts lay close together, by chance
    too, and would make theirs look closer than they are.
    """

    contrasts: tuple[Contrast, ...]
    _layouts: dict[tuple[int, ...], dict[int, Moderated]] = field(default_factory=dict, repr=False)

    def points(self, contrast: Contrast, restarts: int) -> int:
        """Return how many points had clean rounds when that contrast had them in so many restarts; 1 at least.

        Args:
            contrast: one of them, or one of two points that are not the same.
            restarts: with clean rounds.
        """
        if not isinstance(contrast, PairedRounds):
            return max(1, len(self.contrasts))
        until = contrast.numbers[restarts - 1]
        begun = (one for one in self.contrasts if not isinstance(one, PairedRounds) or one.numbers[0] <= until)
        return max(1, sum(1 for _ in begun))

    def evidence(self, contrast: Contrast, restarts: int | None = None) -> Evidence | None:
        """Return what a contrast shows after so many restarts with clean rounds; None where nothing tells an error.

        Args:
            contrast: one of them, or one of two points that are not the same.
            restarts: those of later ones are left out; all of them by default.
        """
        data = contrast if restarts is None else contrast.first(restarts)
        if isinstance(contrast, PairedRounds) and data.restarts > 1:
            found = self._moderated(contrast, contrast.numbers[: data.restarts])
            basis: Basis = "rounds" if found.floored else "pooled restarts" if found.pooled else "restarts"
            deviation = found.estimate.error * sqrt(data.restarts)
            return Evidence(estimate=found.estimate, allowance=data.allowance, basis=basis, deviation=deviation)
        estimates = data.estimates()
        if not estimates:
            return None
        basis = max(estimates, key=lambda one: estimates[one].half_width(CONFIDENCE))
        return Evidence(estimate=estimates[basis], allowance=data.allowance, basis=basis, deviation=None)

    def _moderated(self, contrast: PairedRounds, numbers: tuple[int, ...]) -> Moderated:
        if not any(one is contrast for one in self.contrasts):
            # Of two batch sizes: its rounds are those of points that are in the layout too, which its degrees of
            # freedom know, for points of a restart may share luck.
            return moderated([contrast.at(numbers), *self._complete(numbers).values()], RULE)[0]
        if numbers not in self._layouts:
            rows = self._complete(numbers)
            self._layouts[numbers] = dict(zip(rows, moderated(list(rows.values()), RULE), strict=True))
        return self._layouts[numbers][id(contrast)]

    def _complete(self, numbers: tuple[int, ...]) -> dict[int, tuple[tuple[float, ...], ...]]:
        """By contrast, its rounds in these restarts, where it has some in each."""
        wanted = set(numbers)
        return {
            id(one): one.at(wanted)
            for one in self.contrasts
            if isinstance(one, PairedRounds) and wanted.issubset(one.numbers)
        }
