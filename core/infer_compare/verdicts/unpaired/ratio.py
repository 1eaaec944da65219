"""The ratio of a contender's throughputs in two runs, and the verdict that it supports."""

from __future__ import annotations

from collections import defaultdict
from math import exp, expm1, fsum, log, log1p
from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.welch import FEWEST_GROUPS, Unit, UnpairedDifference, mean_of_means, unpaired_difference
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.protocol import CONFIDENCE
from infer_compare.verdicts.reading import throughput_series

if TYPE_CHECKING:
    from infer_compare.verdicts.measurements import Candidate, Measurements


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The throughputs of a contender at an operating point in one run."""

    restarts: tuple[tuple[float, ...], ...]
    """`log(samples per second)` of each accepted slice, by restart; no restart is empty."""
    allowance: float = 0.0
    """Possible effect of accepted contention, in the log domain: threads x mean wait share."""


class UnpairedRatio(msgspec.Struct, frozen=True, kw_only=True):
    """The ratio of the new run's throughput to the base's, with its interval."""

    ratio: float
    low: float | None
    """Lower end of the interval, including the allowance for contention; None with fewer than two restarts in a run."""
    high: float | None
    half_width: float | None
    """Relative: 0.02 for an interval of about 2 % to either side."""
    confidence: float
    restarts: tuple[int, int]
    """Number of restarts with accepted slices, in the base and in the new run."""
    unit: Unit | None
    """The basis of the reported interval, which is the wider: Welch's over restart means, or over slices."""
    df: float | None
    """Its degrees of freedom, by Welch and Satterthwaite."""
    allowance: float
    """The larger allowance of the two runs: contention in one of them biases the ratio to one side."""


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """The contrast of a contender in the new run and in the base, in logarithms."""

    base: Sample
    new: Sample
    difference: UnpairedDifference | None
    """None with fewer than two restarts in a run."""

    @property
    def allowance(self) -> float:
        """The larger allowance of the two runs."""
        return max(self.base.allowance, self.new.allowance)

    def ratio(self, confidence: float = CONFIDENCE) -> UnpairedRatio:
        """Return the ratio with its interval, as reported."""
        counts = (len(self.base.restarts), len(self.new.restarts))
        if self.difference is None:
            return UnpairedRatio(
                ratio=exp(mean_of_means(self.new.restarts) - mean_of_means(self.base.restarts)),
                low=None, high=None, half_width=None, confidence=confidence, restarts=counts, unit=None, df=None,
                allowance=self.allowance,
            )  # fmt: skip
        interval = self.difference.interval(confidence, self.allowance)
        return UnpairedRatio(
            ratio=exp(interval.mean),
            low=exp(interval.low),
            high=exp(interval.high),
            half_width=expm1(interval.half_width),
            confidence=confidence,
            restarts=counts,
            unit=self.difference.unit(confidence),
            df=interval.df,
            allowance=self.allowance,
        )

    def verdict(self, margin: float) -> Verdict:
        """Return FASTER or SLOWER if the whole interval is beyond the margin, SAME if it is within, else INCONCLUSIVE.

        Within a run the interval need only exclude 1. Between runs it reflects how processes of one day vary, but not how days
        differ, for which the margin has to compensate.
        """
        if self.difference is None:
            return Verdict.INCONCLUSIVE
        interval = self.difference.interval(CONFIDENCE, self.allowance)
        edge = log1p(margin)
        if interval.low > edge:
            return Verdict.FASTER
        if interval.high < -edge:
            return Verdict.SLOWER
        return Verdict.SAME if -edge < interval.low and interval.high < edge else Verdict.INCONCLUSIVE

    def p_beyond_margin(self, margin: float) -> float:
        """Return the unadjusted p-value of the hypothesis that the throughputs are the same within the margin; 1 without an error."""
        return 1.0 if self.difference is None else self.difference.p_beyond(self.allowance + log1p(margin))

    def p_regression(self, loss: float) -> float:
        """Return the unadjusted p-value of the hypothesis that the new throughput is at least `1 - loss` of the base's.

        If it is at most 0.05, the whole 95 % interval is below `1 - loss`.
        """
        if self.difference is None or self.difference.mean >= 0:
            return 1.0
        return self.difference.p_beyond(self.allowance - log1p(-loss))


def contrast(base: Sample, new: Sample) -> Contrast:
    """Return the contrast of a new run with a base."""
    enough = min(len(base.restarts), len(new.restarts)) >= FEWEST_GROUPS
    difference = unpaired_difference(new.restarts, base.restarts) if enough else None
    return Contrast(base=base, new=new, difference=difference)


def sample(measurements: Measurements, candidate: Candidate, threads: int) -> Sample | None:
    """Return the throughputs of a candidate in a run; None if it has no accepted slice.

    Args:
        measurements: the rounds of the run.
        candidate: a contender at an operating point.
        threads: the thread budget of all its instances, for the allowance.
    """
    by_restart: dict[int, list[float]] = defaultdict(list)
    shares: list[float] = []
    # Rounds in which another contender was disturbed count too, as nothing is paired.
    for reading in throughput_series(measurements.readings(candidate)):
        by_restart[reading.restart].append(log(candidate.point.batch * 1e9 / reading.location))
        share = reading.piece.diagnostics.wait_share if reading.piece.diagnostics is not None else None
        if share is not None:
            shares.append(share)
    if not by_restart:
        return None
    return Sample(
        restarts=tuple(tuple(by_restart[restart]) for restart in sorted(by_restart)),
        allowance=threads * fsum(shares) / len(shares) if shares else 0.0,
    )
