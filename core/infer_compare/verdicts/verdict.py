"""The verdict on two candidates, and the sentence that says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results import Measured
from infer_compare.stats.wording import count, percent, ratio, rough_ratio
from infer_compare.verdicts.exclusions import difference_words, outcome_words, over_budget_words
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.penalties import penalty
from infer_compare.verdicts.plausibility import impossible
from infer_compare.verdicts.protocol import (
    MARGIN,
    NOISY_REJECTED_SHARE,
    ORDINARY_RESTARTS,
    RESTARTS,
    UNRESOLVED_HALF_WIDTH,
    Mode,
)
from infer_compare.verdicts.ratios import Comparison, compare
from infer_compare.verdicts.settle import Verdict, settlement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.results import Point, Run
    from infer_compare.stats.pooled import PooledVariance
    from infer_compare.verdicts.contrast import Contrast


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two that are compared."""

    label: str
    name: str
    """What sentences call it: `torch (imported)` where the model is our rendering of it."""
    point: OperatingPoint


class PairVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of A against B. Figures are ratios of throughputs, A over B."""

    a: Side
    b: Side
    verdict: Verdict
    margin: float
    comparison: Comparison | None = None
    """None where no clean rounds of both exist."""
    settled_after: int | None = None
    """Restarts after which the verdict stood."""
    adjusted_p: float | None = None
    """By Holm's method over the headline verdicts; None in the table, whose verdicts are unadjusted."""
    reason: str = ""
    """Why nothing can be compared (INVALID), or what would show a difference (INCONCLUSIVE)."""

    def sentence(self) -> str:
        """One sentence, with the faster one as its subject."""
        a, b = self._names()
        found = self.comparison
        if self.verdict is Verdict.INVALID or found is None:
            return f"{a} and {b} cannot be compared: {self.reason}"
        match self.verdict:
            case Verdict.FASTER:
                return _difference(a, b, found)
            case Verdict.SLOWER:
                return _difference(b, a, found.turned())
            case Verdict.SAME:
                return f"no difference beyond {percent(self.margin)} between {a} and {b}: {_figure(found)}"
            case Verdict.INCONCLUSIVE:
                if found.low is not None and found.low > 1 + self.margin:
                    return f"{a} seems faster than {b}, which is not settled: {_figure(found)}; {self.reason}"
                if found.high is not None and found.high < 1 / (1 + self.margin):
                    turned = _figure(found.turned())
                    return f"{b} seems faster than {a}, which is not settled: {turned}; {self.reason}"
                # An interval that leaves 1 out shows a difference, though none that matters.
                beyond = "" if found.includes(1.0) else f" beyond {percent(self.margin)}"
                return f"no difference{beyond} shown between {a} and {b}: {_figure(found)}; {self.reason}"

    def _names(self) -> tuple[str, str]:
        if self.a.point == self.b.point and self.a.label != self.b.label:
            return self.a.name, self.b.name
        return f"{self.a.name} at {self.a.point}", f"{self.b.name} at {self.b.point}"


def side(run: Run, label: str, point: OperatingPoint) -> Side:
    """The contender at that point, by the name that sentences may use for it."""
    start = run.start(label)
    imported = start is not None and start.provenance == "imported"
    return Side(label=label, name=f"{label} (imported)" if imported else label, point=point)


def margin_between(run: Run, a_label: str, b_label: str) -> float:
    """The margin of the plan, or the importer penalty where that is larger and one of the two was imported.

    Args:
        run: the run.
        a_label: a contender.
        b_label: another.
    """
    kind = run.header.model.kind
    penalties = [
        penalty(run.contender(label).backend, kind)
        for label in (a_label, b_label)
        if (start := run.start(label)) is not None and start.provenance == "imported"
    ]
    return max(run.header.plan.margin, *penalties) if penalties else run.header.plan.margin


def compare_points(
    run: Run,
    a_label: str,
    b_label: str,
    point: OperatingPoint,
    *,
    measurements: Measurements | None = None,
    points: Mapping[Candidate, Point] | None = None,
    liars: Mapping[str, str] | None = None,
) -> PairVerdict:
    """The verdict on two contenders at one operating point, from the rounds of the measure phase.

    Args:
        run: the run; a prefix of one will do.
        a_label: the contender that the verdict is about.
        b_label: the one that it is held against.
        point: where both are compared.
        measurements: the index of the run's rounds, where the caller has one.
        points: the run's points, where the caller has them.
        liars: the contenders whose clock cannot be right, with the reason, where the caller has them.
    """
    index = measurements or Measurements(run.rounds, run.header.plan.threads)
    known = points if points is not None else {Candidate(one.contender, one.point): one for one in run.points}
    a, b = side(run, a_label, point), side(run, b_label, point)
    margin = margin_between(run, a_label, b_label)
    liars = impossible(run, known.values()) if liars is None else liars
    invalid = _invalid(run, a, known, liars) or _invalid(run, b, known, liars)
    if invalid:
        return PairVerdict(a=a, b=b, verdict=Verdict.INVALID, margin=margin, reason=invalid)
    first, second = Candidate(a_label, point), Candidate(b_label, point)
    contrast = index.contrast(first, second)
    if contrast is None:
        return PairVerdict(
            a=a, b=b, verdict=Verdict.INCONCLUSIVE, margin=margin, reason=_no_clean_round(index, first, second)
        )
    pooled = index.variance(a_label, b_label)
    return judge(a, b, contrast, margin=margin, mode=run.header.plan.mode, pooled=pooled)


def judge(
    a: Side,
    b: Side,
    contrast: Contrast,
    *,
    margin: float = MARGIN,
    mode: Mode = "default",
    pooled: PooledVariance | None = None,
) -> PairVerdict:
    """The verdict that a contrast supports once no restart will follow."""
    found = settlement(contrast, mode, margin=margin, ended=True)
    return PairVerdict(
        a=a,
        b=b,
        verdict=found.verdict if found else Verdict.INCONCLUSIVE,
        margin=margin,
        comparison=compare(contrast, pooled),
        settled_after=found.restarts if found else None,
        reason="" if found else remedy(contrast, mode),
    )


def remedy(contrast: Contrast, mode: Mode) -> str:
    """What would show a difference, or that there is none."""
    ways: list[str] = []
    if mode == "quick":
        ways.append("a run without --quick")
    elif contrast.restarts < min(ORDINARY_RESTARTS, RESTARTS[mode]):
        ways.append("more restarts with clean rounds")
    elif mode == "default":
        ways.append("more restarts (--thorough)")
    if contrast.rejected > NOISY_REJECTED_SHARE or not ways:
        ways.append(f"a quieter machine ({contrast.culprit})" if contrast.culprit else "a quieter machine")
    return f"{' and '.join(ways)} could settle it"


def _invalid(run: Run, one: Side, points: Mapping[Candidate, Point], liars: Mapping[str, str]) -> str:
    unusable = next((record.outcome for record in run.unusable if record.contender == one.label), None)
    if unusable is not None:
        return f"{one.name} {outcome_words(unusable)}"
    differs = run.differs(one.label)
    if differs is not None:
        return f"{one.name} is not ranked, {difference_words(differs)}"
    if one.label in liars:
        return f"{one.name} is not ranked, {liars[one.label]}"
    point = points.get(Candidate(one.label, one.point))
    if point is None:
        return f"{one.name} was not run at {one.point}"
    if not isinstance(point.outcome, Measured):
        return f"{one.name} {outcome_words(point.outcome)} at {one.point}"
    if point.excess_cores is not None:
        return f"{one.name} {over_budget_words(point.excess_cores, run.header.plan.threads)} at {one.point}"
    return ""


def _no_clean_round(index: Measurements, a: Candidate, b: Candidate) -> str:
    if not (index.slices(a) and index.slices(b)):
        return "no round of both was measured"
    culprit = index.culprit(a, b)
    who = f" ({culprit})" if culprit else ""
    return f"there is no clean round of both; a quieter machine{who} or fewer threads could show a difference"


def _difference(fast: str, slow: str, found: Comparison) -> str:
    if found.half_width is not None and found.half_width > UNRESOLVED_HALF_WIDTH:
        return f"{fast} is faster than {slow}, about {rough_ratio(found.ratio)}x; size not resolved {_grounds(found)}"
    return f"{fast} is {ratio(found.ratio)}x faster than {slow}{_interval(found)} {_grounds(found)}"


def _figure(found: Comparison) -> str:
    return f"ratio {ratio(found.ratio)}{_interval(found)} {_grounds(found)}"


def _interval(found: Comparison) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" [{ratio(found.low)}, {ratio(found.high)}]"


def _grounds(found: Comparison) -> str:
    separate = "" if found.paired else ", measured in separate groups"
    rounds, restarts = count(found.rounds, "round"), count(found.restarts, "restart")
    return f"({rounds}, {restarts}, {percent(found.rejected)} of slices rejected{separate})"
