"""From a contrast to a ratio of throughputs with its interval."""

from __future__ import annotations

from math import exp, expm1
from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.contrast import Basis, Contrast, PairedRounds
from infer_compare.verdicts.protocol import CONFIDENCE, ORDINARY_RESTARTS

if TYPE_CHECKING:
    from infer_compare.stats.pooled import PooledVariance


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
    """The widest interval, which is the one reported."""
    df: float | None
    """Its degrees of freedom."""
    paired: bool
    """False where the two were measured in separate groups."""
    allowance: float
    """What accepted contention may have cost: threads x mean wait share, added to the half-width in the log domain."""
    p_value: float | None
    """Of "they are equal": two-sided, unadjusted, the allowance taken off; the largest over the bases."""

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


def compare(contrast: Contrast, pooled: PooledVariance | None = None, confidence: float = CONFIDENCE) -> Comparison:
    """The ratio `exp(mean round log-ratio)` and the wider of the t intervals over rounds and over restart means.

    With fewer than four restarts the variance between them is hardly known from one point: it is then taken from
    `pooled`, with its degrees of freedom. The allowance widens whichever interval is the wider one.
    """
    estimates = contrast.estimates()
    if pooled is not None and isinstance(contrast, PairedRounds) and contrast.restarts < ORDINARY_RESTARTS:
        estimates.pop("restarts", None)
        estimates["pooled restarts"] = contrast.pooled(pooled)
    mean = contrast.mean
    widths = {basis: one.half_width(confidence) for basis, one in estimates.items()}
    basis = max(widths, key=widths.__getitem__, default=None)
    half = None if basis is None else widths[basis] + contrast.allowance
    return Comparison(
        ratio=exp(mean),
        low=None if half is None else exp(mean - half),
        high=None if half is None else exp(mean + half),
        half_width=None if half is None else expm1(half),
        confidence=confidence,
        rounds=contrast.rounds,
        restarts=contrast.restarts,
        rejected=contrast.rejected,
        basis=basis,
        df=None if basis is None else estimates[basis].df,
        paired=isinstance(contrast, PairedRounds),
        allowance=contrast.allowance,
        p_value=max(one.p_value(contrast.allowance) for one in estimates.values()) if estimates else None,
    )
