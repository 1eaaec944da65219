"""Verdicts on two contenders, at one operating point or at their best sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.results import Measured
from infer_compare.verdicts.looks import Verdict, look, settled
from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.obstacles import Ended, NotTried, OverBudget, differing
from infer_compare.verdicts.pairs import Hindered, PairVerdict, Side, side
from infer_compare.verdicts.penalties import penalty
from infer_compare.verdicts.plausibility import impossible
from infer_compare.verdicts.protocol import MARGIN, planned_restarts
from infer_compare.verdicts.ratios import compare
from infer_compare.verdicts.settle import Settlement, first_settlement, settlement
from infer_compare.verdicts.withheld import Shortfall, Withheld, withheld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Header, Point, Run
    from infer_compare.verdicts.contrast import Contrast
    from infer_compare.verdicts.evidence import Family
    from infer_compare.verdicts.obstacles import AnyObstacle, ClockWrong


def margin_between(run: Run, a_label: str, b_label: str) -> float:
    """Return the margin of the plan, or the importer penalty if it is larger and one of the two models was imported.

    An imported model represents its framework, and its speed may be off by the penalty. If the user requested the import with
    `route=imported`, it is compared as it is.

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
    liars: Mapping[str, ClockWrong] | None = None,
) -> PairVerdict:
    """Return the verdict on two contenders at one operating point, from the rounds of the measure phase.

    Args:
        run: the run, which may be unfinished.
        a_label: the contender that the verdict is about.
        b_label: the contender with which it is compared.
        point: of both.
        measurements: the index of the run's rounds, if the caller has one.
        points: the run's points, if the caller has them.
        liars: the contenders with implausible timing, if the caller has them.
    """
    index = measurements or Measurements(run.rounds, run.header.budget_of)
    known = points if points is not None else {Candidate(each.contender, each.point): each for each in run.points}
    a, b = side(run, a_label, point), side(run, b_label, point)
    margin = margin_between(run, a_label, b_label)
    liars = impossible(run, known.values()) if liars is None else liars
    for side_ in (a, b):
        if (obstacle := _obstacle(run, side_, known, liars)) is not None:
            hindered = Hindered(name=side_.name, obstacle=obstacle)
            return PairVerdict(a=a, b=b, verdict=Verdict.INVALID, margin=margin, hindered=hindered)
    first, second = Candidate(a_label, point), Candidate(b_label, point)
    contrast = index.contrast(first, second)
    if contrast is None:
        return PairVerdict(
            a=a, b=b, verdict=Verdict.INCONCLUSIVE, margin=margin, withheld=_no_clean_round(index, first, second)
        )
    return pair_verdict(a, b, contrast, index.family(a_label, b_label), run.header, margin=margin)


def pair_verdict(
    a: Side, b: Side, contrast: Contrast, family: Family, header: Header, *, margin: float = MARGIN, best: bool = False
) -> PairVerdict:
    """Return the verdict that a contrast supports after the last restart.

    Args:
        a: the contender that the verdict is about.
        b: the contender with which it is compared.
        contrast: their clean rounds.
        family: the contrasts of the pair at all of its points.
        header: of the run.
        margin: relative difference below which the two count as the same.
        best: whether it is the contrast of two best sizes, tested as a whole.
    """
    planned = planned_restarts(header)
    evidence = family.evidence(contrast)
    decided = None
    if best and (
        verdict := settled(contrast, contrast.restarts, planned, family=family, margin=margin, last=True, best=True)
    ):
        decided = Settlement(verdict, contrast.restarts)
    decided = decided or settlement(contrast, planned, family=family, margin=margin, ended=True)
    reason = None
    if decided is None:
        last = look(contrast, contrast.restarts, planned, family=family, margin=margin, last=True, best=best)
        early = first_settlement(contrast, planned, family=family, margin=margin)
        reason = withheld(
            last if isinstance(last, Shortfall) else Shortfall(rule="interval"),
            contrast,
            header.options.mode,
            evidence,
            margin=margin,
            early_restarts=early.restarts if early else None,
        )
    pair = PairVerdict(
        a=a,
        b=b,
        verdict=decided.verdict if decided else Verdict.INCONCLUSIVE,
        margin=margin,
        comparison=compare(contrast, evidence),
        settled_after=decided.restarts if decided else None,
        withheld=reason,
    )
    if reason is not None and pair.leans and reason.shortfall.rule in {"interval", "margin"}:
        # All rounds together show a difference, but not those of the restarts that both contenders have.
        short = msgspec.structs.replace(reason, shortfall=Shortfall(rule="restarts"))
        return msgspec.structs.replace(pair, withheld=short)
    return pair


def _obstacle(
    run: Run, side_: Side, points: Mapping[Candidate, Point], liars: Mapping[str, ClockWrong]
) -> AnyObstacle | None:
    unusable = next((record.outcome for record in run.unusable if record.contender == side_.label), None)
    if unusable is not None:
        return Ended(outcome=unusable)
    differs = run.differs(side_.label)
    if differs is not None:
        return differing(differs)
    if side_.label in liars:
        return liars[side_.label]
    point = points.get(Candidate(side_.label, side_.point))
    if point is None:
        return NotTried(point=side_.point)
    if not isinstance(point.outcome, Measured):
        return Ended(outcome=point.outcome, point=side_.point)
    if point.excess_cores is not None:
        return OverBudget(cores=point.excess_cores, threads=run.header.budget_of(point.contender), point=side_.point)
    return None


def _no_clean_round(index: Measurements, a: Candidate, b: Candidate) -> Withheld:
    if not (index.slices(a) and index.slices(b)):
        return Withheld(shortfall=Shortfall(rule="no_rounds"))
    return Withheld(shortfall=Shortfall(rule="no_clean_round"), culprit=index.culprit(a, b))
