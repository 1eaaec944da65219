"""The verdict on two candidates, and the sentence that says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results import Measured
from infer_compare.stats.wording import count, margin_words, percent, ratio, rough_ratio
from infer_compare.verdicts.exclusions import difference_words, over_budget_words
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.outcome_kinds import outcome_words
from infer_compare.verdicts.penalties import penalty
from infer_compare.verdicts.plausibility import impossible
from infer_compare.verdicts.protocol import (
    MARGIN,
    NOISY_SCATTER,
    UNRESOLVED_HALF_WIDTH,
    planned_restarts,
)
from infer_compare.verdicts.ratios import Comparison, compare
from infer_compare.verdicts.remedy import remedy, scatter_words
from infer_compare.verdicts.settle import Settlement, Verdict, first_settlement, settled, settlement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.results import Header, Point, Run
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Family


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two that are compared."""

    label: str
    name: str
    """What sentences call it: `torch (imported)` where the model is imported."""
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
    """By Holm's method over the headline verdicts; None in the table, whose verdicts share the error over sizes."""
    reason: str = ""
    """Why nothing can be compared (INVALID), or what would show a difference (INCONCLUSIVE)."""

    def sentence(self) -> str:
        """One sentence, with the faster one as its subject."""
        a, b = self._names()
        found = self.comparison
        if self.verdict is Verdict.INVALID or found is None:
            return f"{a} and {b} cannot be compared: {self.reason}"
        margin = "" if self.margin == MARGIN else f"margin {margin_words(self.margin)}"
        scatter = "" if found.scatter is None or found.scatter <= NOISY_SCATTER else scatter_words(found.scatter)
        match self.verdict:
            case Verdict.FASTER:
                return _difference(a, b, found, margin, scatter)
            case Verdict.SLOWER:
                return _difference(b, a, found.turned(), margin, scatter)
            case Verdict.SAME:
                return (
                    f"no difference beyond {margin_words(self.margin)} between {a} and {b}: {_figure(found, scatter)}"
                )
            case Verdict.INCONCLUSIVE:
                if self.leans:
                    fast, slow, turned = (a, b, found) if found.ratio > 1 else (b, a, found.turned())
                    figure = _figure(turned, margin)
                    return f"{fast} seems faster than {slow}, which is not settled: {figure}; {self.reason}"
                # An interval that leaves 1 out shows a difference, though none that matters.
                beyond = "" if found.includes(1.0) else f" beyond {margin_words(self.margin)}"
                figure = _figure(found, "" if beyond else margin)
                return f"no difference{beyond} shown between {a} and {b}: {figure}; {self.reason}"

    @property
    def leans(self) -> bool:
        """Whether an inconclusive ratio exceeds the margin and its interval leaves 1 out: more than 95 % is asked for."""
        found = self.comparison
        if self.verdict is not Verdict.INCONCLUSIVE or found is None or found.includes(1.0):
            return False
        return not 1 / (1 + self.margin) <= found.ratio <= 1 + self.margin

    def _names(self) -> tuple[str, str]:
        if self.a.point == self.b.point and self.a.label != self.b.label:
            return self.a.name, self.b.name
        return f"{self.a.name} at {self.a.point}", f"{self.b.name} at {self.b.point}"


def side(run: Run, label: str, point: OperatingPoint) -> Side:
    """The contender at that point, by the name that sentences may use for it."""
    return Side(label=label, name=run.name(label), point=point)


def margin_between(run: Run, a_label: str, b_label: str) -> float:
    """Return the margin of the plan, or the importer penalty where that is larger and one of the two was imported.

    An import stands for its framework, and may be that much off. One that was asked for, by `route=imported`, stands for
    itself: it is compared as it is.

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
        if run.contender(label).route is None
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
    return pair_verdict(a, b, contrast, index.family(a_label, b_label), run.header, margin=margin)


def pair_verdict(
    a: Side, b: Side, contrast: Contrast, family: Family, header: Header, *, margin: float = MARGIN, best: bool = False
) -> PairVerdict:
    """Return the verdict that a contrast supports once no restart will follow.

    Args:
        a: the contender that the verdict is about.
        b: the one that it is held against.
        contrast: their clean rounds.
        family: the contrasts of the pair at all of its points.
        header: of the run.
        margin: relative difference below which the two count as the same.
        best: whether it is the contrast of two best sizes, tested as a whole.
    """
    planned = planned_restarts(header)
    evidence = family.evidence(contrast)
    found = None
    if best and (
        verdict := settled(contrast, contrast.restarts, planned, family=family, margin=margin, last=True, best=True)
    ):
        found = Settlement(verdict, contrast.restarts)
    found = found or settlement(contrast, planned, family=family, margin=margin, ended=True)
    reason = "" if found else remedy(contrast, header.options.mode, evidence, margin=margin)
    if found is None and (early := first_settlement(contrast, planned, family=family, margin=margin)):
        reason = f"later restarts do not bear out what the first {early.restarts} showed; {reason}"
    return PairVerdict(
        a=a,
        b=b,
        verdict=found.verdict if found else Verdict.INCONCLUSIVE,
        margin=margin,
        comparison=compare(contrast, evidence),
        settled_after=found.restarts if found else None,
        reason=reason,
    )


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


def _difference(fast: str, slow: str, found: Comparison, *further: str) -> str:
    if found.half_width is not None and found.half_width > UNRESOLVED_HALF_WIDTH:
        rough = rough_ratio(found.ratio)
        return f"{fast} is faster than {slow}, about {rough}x; size not resolved {_grounds(found, *further)}"
    return f"{fast} is {ratio(found.ratio)}x faster than {slow}{_interval(found)} {_grounds(found, *further)}"


def _figure(found: Comparison, *further: str) -> str:
    return f"ratio {ratio(found.ratio)}{_interval(found)} {_grounds(found, *further)}"


def _interval(found: Comparison) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" [{ratio(found.low)}, {ratio(found.high)}]"


def _grounds(found: Comparison, *further: str) -> str:
    """What the figure rests on, and what else belongs there: a margin that is not the usual one, restarts that scatter."""
    parts = [
        count(found.rounds, "round"),
        count(found.restarts, "restart"),
        f"{percent(found.rejected)} of slices rejected",
        "" if found.paired else "measured in separate groups",
        *further,
    ]
    return f"({', '.join(part for part in parts if part)})"
