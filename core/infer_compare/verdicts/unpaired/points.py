"""A contender at one operating point in two runs: figures of both, ratio, and verdict."""

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
    """What one of the two runs measured."""

    throughput: float
    """Samples a second: median over slices."""
    spread: float | None
    """Relative half-width of its 95 % interval."""
    latency_p50_ns: float
    latency_p95_ns: float
    restarts: int
    """With accepted slices."""
    slices: int
    """Accepted ones."""
    rejected: float
    """Share of the slices that the gate rejected."""
    metrics: dict[str, float] = {}
    """What was measured around the slices besides, by the name of the metric."""


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no verdict on a contender in two runs."""

    rule: Literal["conditions", "restarts", "margin", "contenders"]
    """Conditions differ; an interval needs more restarts; the interval reaches across the margin; one of several contenders."""
    noisy: bool = False
    """Whether many slices were rejected."""


class PointComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a contender in the new run against itself in the base. Ratios are of throughputs, new over base."""

    contender: str
    name: str
    """What sentences call it: `torch (imported)` where the model is imported."""
    point: OperatingPoint
    verdict: Verdict
    margin: float
    base: PointSide
    new: PointSide
    ratio: UnpairedRatio
    adjusted_p: float | None = None
    """By Holm's method over the contenders' best sizes; None in the table, whose verdicts are unadjusted."""
    in_place_of: OperatingPoint | None = None
    """The base's best size, where it was not measured in both runs and this one stands for it."""
    differing: tuple[str, ...] = ()
    """Conditions that stand in the way of a verdict."""
    withheld: Unsettled | None = None
    """Why there is no verdict."""
    reason: str = ""
    """The same in words, which a report fills in."""


def side_of(figures: Figures, restarts: int) -> PointSide:
    """The figures that a comparison shows."""
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


def with_verdict(found: PointComparison, contrast: Contrast) -> PointComparison:
    """With its verdict, or why there is none; conditions that differ come before everything else."""
    if found.differing:
        return msgspec.structs.replace(found, withheld=Unsettled(rule="conditions"))
    verdict = contrast.verdict(found.margin)
    reason = _unsettled(found, contrast) if verdict is Verdict.INCONCLUSIVE else None
    return msgspec.structs.replace(found, verdict=verdict, withheld=reason)


def adjusted(found: Sequence[PointComparison], contrasts: Sequence[Contrast]) -> tuple[PointComparison, ...]:
    """After Holm's adjustment over all that could have had a verdict: a direction that does not survive is withdrawn."""
    tested = [place for place, one in enumerate(found) if not one.differing and contrasts[place].difference is not None]
    result = list(found)
    p_values = holm([contrasts[place].p_beyond_margin(found[place].margin) for place in tested])
    for place, p_value in zip(tested, p_values, strict=True):
        one = msgspec.structs.replace(found[place], adjusted_p=p_value)
        if one.verdict in {Verdict.FASTER, Verdict.SLOWER} and p_value > 1 - CONFIDENCE:
            one = msgspec.structs.replace(one, verdict=Verdict.INCONCLUSIVE, withheld=Unsettled(rule="contenders"))
        result[place] = one
    return tuple(result)


def _unsettled(found: PointComparison, contrast: Contrast) -> Unsettled:
    if contrast.difference is None:
        return Unsettled(rule="restarts")
    return Unsettled(rule="margin", noisy=max(found.base.rejected, found.new.rejected) > NOISY_REJECTED_SHARE)
