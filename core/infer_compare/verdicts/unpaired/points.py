"""A contender at one operating point in two runs: figures of both, ratio, verdict, and the words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.stats.holm import holm
from infer_compare.stats.welch import FEWEST_GROUPS
from infer_compare.stats.wording import count, listing, percent, ratio, rough_ratio, significant
from infer_compare.verdicts.protocol import CONFIDENCE, NOISY_REJECTED_SHARE, UNRESOLVED_HALF_WIDTH
from infer_compare.verdicts.settle import Verdict
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
    reason: str = ""
    """Why there is no verdict."""

    def sentence(self) -> str:
        """Such as `onnx at batch 8 is slower than in the base: 0.83x the throughput [0.81, 0.85] (4 and 4 restarts)`."""
        subject, figure = f"{self.name} at {self.point}", f"{ratio_words(self.ratio)} {grounds(self.ratio)}"
        match self.verdict:
            case Verdict.FASTER | Verdict.SLOWER:
                return f"{subject} is {self.verdict.value} than in the base: {figure}"
            case Verdict.SAME:
                return f"{subject} is the same as in the base within {percent(self.margin)}: {figure}"
            case Verdict.INCONCLUSIVE | Verdict.INVALID:
                return f"{subject} has no verdict: {figure}; {self.reason}"


def ratio_words(found: UnpairedRatio) -> str:
    """`0.83x the throughput [0.81, 0.85]`."""
    if found.low is None or found.high is None or found.half_width is None:
        return f"{ratio(found.ratio)}x the throughput"
    if found.half_width > UNRESOLVED_HALF_WIDTH:
        return f"about {rough_ratio(found.ratio)}x the throughput {interval_words(found)}"
    return f"{ratio(found.ratio)}x the throughput {interval_words(found)}"


def interval_words(found: UnpairedRatio) -> str:
    """`[0.81, 0.85]`; nothing where there is none. Small ends keep their digits: 0.0021 is not 0.00."""
    if found.low is None or found.high is None:
        return ""
    ends = [ratio(end) if end >= 0.1 else significant(end, 2) for end in (found.low, found.high)]
    return f"[{', '.join(ends)}]"


def grounds(found: UnpairedRatio) -> str:
    """`(4 and 3 restarts)`: of the base, of the new run."""
    base, new = found.restarts
    return f"({base} and {count(new, 'restart')})"


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
    )


def with_verdict(found: PointComparison, contrast: Contrast) -> PointComparison:
    """With its verdict, or why there is none; conditions that differ come before everything else."""
    if found.differing:
        return msgspec.structs.replace(found, reason=f"the conditions differ ({listing(found.differing)})")
    verdict = contrast.verdict(found.margin)
    reason = _unsettled(found, contrast) if verdict is Verdict.INCONCLUSIVE else ""
    return msgspec.structs.replace(found, verdict=verdict, reason=reason)


def adjusted(found: Sequence[PointComparison], contrasts: Sequence[Contrast]) -> tuple[PointComparison, ...]:
    """After Holm's adjustment over all that could have had a verdict: a direction that does not survive is withdrawn."""
    tested = [place for place, one in enumerate(found) if not one.differing and contrasts[place].difference is not None]
    result = list(found)
    p_values = holm([contrasts[place].p_beyond_margin(found[place].margin) for place in tested])
    for place, p_value in zip(tested, p_values, strict=True):
        one = msgspec.structs.replace(found[place], adjusted_p=p_value)
        if one.verdict in {Verdict.FASTER, Verdict.SLOWER} and p_value > 1 - CONFIDENCE:
            one = msgspec.structs.replace(
                one,
                verdict=Verdict.INCONCLUSIVE,
                reason="among so many comparisons this one may be chance; runs with more restarts could show it",
            )
        result[place] = one
    return tuple(result)


def _unsettled(found: PointComparison, contrast: Contrast) -> str:
    if contrast.difference is None:
        few = [
            f"{count(number, 'restart')} in the {which}"
            for which, number in zip(("base", "new run"), found.ratio.restarts, strict=True)
            if number < FEWEST_GROUPS
        ]
        return f"an interval needs two restarts with accepted slices in each run, and there is {listing(few)}"
    noisy = max(found.base.rejected, found.new.rejected) > NOISY_REJECTED_SHARE
    ways = "a quieter machine and runs" if noisy else "runs"
    return (
        f"the interval reaches across the margin of {percent(found.margin)}; {ways} with more restarts could settle it"
    )
