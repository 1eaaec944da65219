"""The ratio of one contender's throughputs in two runs, and the verdict that it supports."""

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
    """What the accepted slices of one run say about a contender at an operating point."""

    restarts: tuple[tuple[float, ...], ...]
    """`log(samples a second)` of each slice, by restart; no restart is empty."""
    allowance: float = 0.0
    """What accepted contention may have cost, in the log domain: threads x mean wait share."""


class UnpairedRatio(msgspec.Struct, frozen=True, kw_only=True):
    """How many times the base's throughput the new run's is."""

    ratio: float
    low: float | None
    """Lower end of the interval, the allowance for contention included; None with fewer than two restarts in a run."""
    high: float | None
    half_width: float | None
    """Relative: 0.02 for an interval of about 2 % to either side."""
    confidence: float
    restarts: tuple[int, int]
    """With accepted slices: of the base, of the new run."""
    unit: Unit | None
    """The wider interval, which is the one reported: Welch's over the means of restarts, or that over slices."""
    df: float | None
    """Its degrees of freedom, by Welch and Satterthwaite."""
    allowance: float
    """The larger of the two runs': contention in one of them biases the ratio to one side."""


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """A contender in the new run against itself in the base, in logarithms."""

    base: Sample
    new: Sample
    difference: UnpairedDifference | None
    """None with fewer than two restarts in a run."""

    @property
    def allowance(self) -> float:
        """The larger of the two."""
        return max(self.base.allowance, self.new.allowance)

    def ratio(self, confidence: float = CONFIDENCE) -> UnpairedRatio:
        """The figure that is reported."""
        counts = (len(self.base.restarts), len(self.new.restarts))
        if self.difference is None:
            return UnpairedRatio(
                ratio=exp(mean_of_means(self.new.restarts) - mean_of_means(self.base.restarts)),
                low=None, high=None, half_width=None, confidence=confidence, restarts=counts, unit=None, df=None,
                allowance=self.allowance,
            )  # fmt: skip
        found = self.difference.interval(confidence, self.allowance)
        return UnpairedRatio(
            ratio=exp(found.mean),
            low=exp(found.low),
            high=exp(found.high),
            half_width=expm1(found.half_width),
            confidence=confidence,
            restarts=counts,
            unit=self.difference.unit(confidence),
            df=found.df,
            allowance=self.allowance,
        )

    def verdict(self, margin: float) -> Verdict:
        """FASTER or SLOWER where the whole interval lies beyond the margin, SAME where it lies within it.

        Within a run the interval need only exclude 1. Here it does not know how two days differ, only how processes
        of one day do, and the margin has to make up for that.
        """
        if self.difference is None:
            return Verdict.INCONCLUSIVE
        found = self.difference.interval(CONFIDENCE, self.allowance)
        edge = log1p(margin)
        if found.low > edge:
            return Verdict.FASTER
        if found.high < -edge:
            return Verdict.SLOWER
        return Verdict.SAME if -edge < found.low and found.high < edge else Verdict.INCONCLUSIVE

    def p_beyond_margin(self, margin: float) -> float:
        """Of "the throughputs are the same within the margin", unadjusted; 1 where nothing can be told."""
        return 1.0 if self.difference is None else self.difference.p_beyond(self.allowance + log1p(margin))

    def p_regression(self, loss: float) -> float:
        """Of "the new throughput is at least `1 - loss` of the base's", unadjusted.

        At or below 0.05 it says that the whole interval of 95 % lies below `1 - loss`.
        """
        if self.difference is None or self.difference.mean >= 0:
            return 1.0
        return self.difference.p_beyond(self.allowance - log1p(-loss))


def contrast(base: Sample, new: Sample) -> Contrast:
    """The new run against the base."""
    enough = min(len(base.restarts), len(new.restarts)) >= FEWEST_GROUPS
    difference = unpaired_difference(new.restarts, base.restarts) if enough else None
    return Contrast(base=base, new=new, difference=difference)


def sample(measurements: Measurements, candidate: Candidate, threads: int) -> Sample | None:
    """The accepted slices of a candidate as numbers; None where there is none.

    Args:
        measurements: the rounds of its run.
        candidate: a contender at an operating point.
        threads: the budget of all its instances in that run, for the allowance.
    """
    found: dict[int, list[float]] = defaultdict(list)
    shares: list[float] = []
    # Rounds in which another contender was disturbed count too: nothing is paired with them.
    for one in throughput_series(measurements.readings(candidate)):
        found[one.restart].append(log(candidate.point.batch * 1e9 / one.location))
        share = one.piece.diagnostics.wait_share if one.piece.diagnostics is not None else None
        if share is not None:
            shares.append(share)
    if not found:
        return None
    return Sample(
        restarts=tuple(tuple(found[restart]) for restart in sorted(found)),
        allowance=threads * fsum(shares) / len(shares) if shares else 0.0,
    )
