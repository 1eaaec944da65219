"""From a contrast to a ratio of throughputs with its interval."""

from __future__ import annotations

from math import exp, expm1
from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.contrast import Basis, Contrast, PairedRounds
from infer_compare.verdicts.protocol import CONFIDENCE

if TYPE_CHECKING:
    from infer_compare.verdicts.evidence import Evidence


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How many times the throughput of A is that of B, with everything that the figure rests on."""

    ratio: float
    low: float | None
    """Lower end of the interval, the allowance for contention included; None where a single round tells no spread."""
    high: float | None
    half_width: float | None
    """Relative: 0.02 for an interval of about 2 % to either side."""
    confidence: float
    rounds: int
    """Clean ones."""
    restarts: int
    """Those with clean rounds."""
    rejected: float
    """Share of all slices of both that the gate rejected."""
    basis: Basis | None
    """What the variance behind the interval comes from."""
    df: float | None
    """Its degrees of freedom."""
    paired: bool
    """False where the two were measured in separate groups."""
    allowance: float
    """What accepted contention may have cost: threads x mean wait share, added to the half-width in the log domain."""
    p_value: float | None
    """Of "they are equal": two-sided, unadjusted, the allowance taken off."""
    scatter: float | None = None
    """Relative standard deviation of the ratio of a restart, on which the interval rests; None for contenders that were
    measured apart, and for a single restart."""

    def includes(self, ratio: float) -> bool:
        """Whether the interval does not exclude that ratio; True where there is no interval."""
        return self.low is None or self.high is None or self.low <= ratio <= self.high

    def turned(self) -> Comparison:
        """The same with B over A."""
        return msgspec.structs.replace(
            self,
            ratio=1 / self.ratio,
            low=None if self.high is None else 1 / self.high,
            high=None if self.low is None else 1 / self.low,
        )


def compare(contrast: Contrast, evidence: Evidence | None) -> Comparison:
    """Return the ratio of a contrast with its interval, from the evidence that its verdict rests on.

    Args:
        contrast: the clean rounds.
        evidence: all that is known; None where a single round tells no spread.
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
