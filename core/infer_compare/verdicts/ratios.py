"""Ratios of throughputs with their intervals."""

from __future__ import annotations

from math import exp, expm1
from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.contrast import Basis, Contrast, PairedRounds
from infer_compare.verdicts.protocol import CONFIDENCE

if TYPE_CHECKING:
    from infer_compare.verdicts.evidence import Evidence


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The ratio of the throughput of A to that of B, with its interval and their basis."""

    ratio: float
    low: float | None
    """Lower end of the interval, including the allowance for contention; None if a single round shows no spread."""
    high: float | None
    half_width: float | None
    """Relative: 0.02 for an interval of about 2 % to either side."""
    confidence: float
    rounds: int
    """Number of clean rounds."""
    restarts: int
    """Number of restarts with clean rounds."""
    rejected: float
    """Share of all slices of both that the gate rejected."""
    basis: Basis | None
    """The basis of the interval's variance."""
    df: float | None
    """The degrees of freedom of the variance."""
    paired: bool
    """False if the two were measured in separate groups."""
    allowance: float
    """Possible effect of accepted contention: threads x mean wait share, added to the half-width in the log domain."""
    p_value: float | None
    """Two-sided p-value of the hypothesis that both are equally fast, unadjusted, after subtracting the allowance."""
    scatter: float | None = None
    """Relative standard deviation of a restart's ratio, from which the interval follows; None for contenders that were measured
    apart, and for a single restart."""

    def includes(self, ratio: float) -> bool:
        """Return whether the interval includes a ratio; True if there is no interval."""
        return self.low is None or self.high is None or self.low <= ratio <= self.high

    def turned(self) -> Comparison:
        """Return the comparison of B with A."""
        return msgspec.structs.replace(
            self,
            ratio=1 / self.ratio,
            low=None if self.high is None else 1 / self.high,
            high=None if self.low is None else 1 / self.low,
        )


def compare(contrast: Contrast, evidence: Evidence | None) -> Comparison:
    """Return the ratio of a contrast with its interval.

    Args:
        contrast: the clean rounds.
        evidence: behind the verdict; None if a single round shows no spread.
    """
    return Comparison(
        ratio=exp(contrast.mean) if evidence is None else evidence.ratio,
        low=None if evidence is None else evidence.low,
        high=None if evidence is None else evidence.high,
        half_width=None if evidence is None else expm1(evidence.half_width),
        confidence=CONFIDENCE,
        rounds=contrast.rounds,
        restarts=contrast.restarts,
        rejected=contrast.rejected,
        basis=None if evidence is None else evidence.basis,
        df=None if evidence is None else evidence.estimate.df,
        paired=isinstance(contrast, PairedRounds),
        allowance=contrast.allowance,
        p_value=None if evidence is None else evidence.p_value,
        scatter=None if evidence is None else evidence.scatter,
    )
