"""The comparison of a contender at one operating point in two runs: figures of both, ratio, and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.holm import holm
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.protocol import CONFIDENCE, NOISY_REJECTED_SHARE
from infer_compare.verdicts.unpaired.ratio import Contrast, UnpairedRatio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.verdicts.figures import Figures


class PointSide(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a contender in one of the two runs."""

    throughput: float
    """Samples per second: median over slices."""
    spread: float | None
    """Relative half-width of its 95 % interval."""
    latency_p50_ns: float
    latency_p95_ns: float
    restarts: int
    """Number of restarts with accepted slices."""
    slices: int
    """Number of accepted slices."""
    rejected: float
    """Share of the slices that the gate rejected."""
    metrics: dict[str, float] = {}
    """Values of additional metrics, by name."""


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no verdict on a contender in two runs."""

    rule: Literal["conditions", "restarts", "margin", "contenders"]
    """`conditions` differ; an interval needs more `restarts`; the interval crosses the `margin`; the adjustment for several
    `contenders` removed the verdict."""
    noisy: bool = False
    """Whether many slices were rejected."""


class PointComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of a contender in the new run with itself in the base. Ratios are of throughputs, new over base."""

    contender: str
    name: str
    """Its name in texts: `torch (imported)` if the model is imported."""
    point: OperatingPoint
    verdict: Verdict
    margin: float
    base: PointSide
    new: PointSide
    ratio: UnpairedRatio
    adjusted_p: float | None = None
    """By Holm's method over the contenders' best sizes; None in the table, whose verdicts are unadjusted."""
    in_place_of: OperatingPoint | None = None
    """The base's best size that this one replaces because it was not measured in both runs."""
    differing: tuple[str, ...] = ()
    """Conditions that prevent a verdict."""
    withheld: Unsettled | None = None
    """Why there is no verdict."""
    reason: str = ""
    """The same in words; filled in by a report."""


def side_of(figures: Figures, restarts: int) -> PointSide:
    """Return the figures that a comparison shows of a run."""
    return PointSide(
        throughput=figures.throughput,
        spread=figures.spread,
        latency_p50_ns=figures.latency_p50_ns,
        latency_p95_ns=figures.latency_p95_ns,
        restarts=restarts,
        slices=figures.slices,
        rejected=figures.rejected,
        metrics=figures.metrics,
    )


def with_verdict(comparison: PointComparison, contrast: Contrast) -> PointComparison:
    """Return a comparison with its verdict, or with the reason for having none; differing conditions take precedence."""
    if comparison.differing:
        return msgspec.structs.replace(comparison, withheld=Unsettled(rule="conditions"))
    verdict = contrast.verdict(comparison.margin)
    reason = _unsettled(comparison, contrast) if verdict is Verdict.INCONCLUSIVE else None
    return msgspec.structs.replace(comparison, verdict=verdict, withheld=reason)


def adjusted(comparisons: Sequence[PointComparison], contrasts: Sequence[Contrast]) -> tuple[PointComparison, ...]:
    """Return comparisons after Holm's adjustment: FASTER and SLOWER become INCONCLUSIVE if they do not survive it."""
    tested = [
        place
        for place, comparison in enumerate(comparisons)
        if not comparison.differing and contrasts[place].difference is not None
    ]
    result = list(comparisons)
    p_values = holm([contrasts[place].p_beyond_margin(comparisons[place].margin) for place in tested])
    for place, p_value in zip(tested, p_values, strict=True):
        comparison = msgspec.structs.replace(comparisons[place], adjusted_p=p_value)
        if comparison.verdict in {Verdict.FASTER, Verdict.SLOWER} and p_value > 1 - CONFIDENCE:
            comparison = msgspec.structs.replace(
                comparison, verdict=Verdict.INCONCLUSIVE, withheld=Unsettled(rule="contenders")
            )
        result[place] = comparison
    return tuple(result)


def _unsettled(comparison: PointComparison, contrast: Contrast) -> Unsettled:
    if contrast.difference is None:
        return Unsettled(rule="restarts")
    return Unsettled(rule="margin", noisy=max(comparison.base.rejected, comparison.new.rejected) > NOISY_REJECTED_SHARE)
