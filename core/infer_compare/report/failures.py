"""The failures of a run in sentences; similar failures of a contender share a sentence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infer_compare.report.schema import FailureReport
from infer_compare.report.sentences.outcomes import outcome_words, over_budget_words
from infer_compare.report.words import places, plain
from infer_compare.results import Died, Measured, OutOfMemory, Skipped, TimedOut
from infer_compare.results.unreached import is_back
from infer_compare.stats.wording import listing
from infer_compare.verdicts.outcome_kinds import kind_of, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Death, Phase, Point, Run

DETAIL_CHARACTERS = 200

_PHASES: dict[Phase, str] = {
    "start": " while its worker started",
    "load": " while the model was loaded",
    "explore": "",
    "agree": " while outputs were compared",
    "warm_up": " while it warmed up",
    "measure": " while it was measured",
    "confirm": " while it was measured again",
    "limit": " while the limit was searched for",
}


def failures(run: Run, points: Sequence[Point]) -> tuple[FailureReport, ...]:
    """Return the contenders that took no part, the points that failed for reasons other than memory, and lost workers.

    Points that ran out of memory are part of the memory boundary instead.

    Args:
        run: the run.
        points: its points.
    """
    reports = [*_unusable(run), *_points(run, points), *_unmeasured(run, points), *_deaths(run, points)]
    order = {label: place for place, label in enumerate(run.labels)}
    return tuple(sorted(reports, key=lambda failure: order.get(failure.contender, len(order))))


def _unusable(run: Run) -> Iterator[FailureReport]:
    first: dict[str, str] = {}
    for skipped in run.unusable:
        words = f"{outcome_words(skipped.outcome)}{_while(skipped.outcome)}"
        # A failed export affects several frameworks, and its reason can be long: say it once.
        other = first.setdefault(words, skipped.contender)
        why = f"it {words}" if other == skipped.contender else f"for the same reason as {other}"
        yield FailureReport(
            contender=skipped.contender,
            points=(),
            outcome=tag_of(skipped.outcome),
            sentence=plain(f"{skipped.contender} took no part: {why}"),
            detail=_last_words(skipped.outcome),
            unanswered=True,
        )


def _points(run: Run, points: Sequence[Point]) -> Iterator[FailureReport]:
    out = {skipped.contender for skipped in run.unusable}
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in points:
        if isinstance(point.outcome, Measured | OutOfMemory):
            continue
        # One sentence is enough for an unusable contender.
        if isinstance(point.outcome, Skipped) and point.contender in out:
            continue
        words = f"{outcome_words(point.outcome)}{_while(point.outcome)}"
        groups[point.contender, words].append(point)
    for (label, _), group in groups.items():
        where, outcome = [point.point for point in group], group[0].outcome
        yield FailureReport(
            contender=label,
            points=tuple(where),
            outcome=tag_of(outcome),
            sentence=plain(f"{label} at {places(where)}: it {outcome_words(outcome)}{_while(outcome)}"),
            detail=_last_words(outcome),
            unanswered=_unanswered(run, group, points),
        )


def _unanswered(run: Run, group: Sequence[Point], points: Sequence[Point]) -> bool:
    if kind_of(group[0].outcome).is_open:
        return True
    if not isinstance(group[0].outcome, Skipped) or run.closing is None or run.closing.state != "complete":
        return False
    return not all(_follows_another(point, points) for point in group)


def _follows_another(skipped: Point, points: Sequence[Point]) -> bool:
    """Return whether a smaller batch of the same curve explains why this one was skipped."""
    return any(
        point.contender == skipped.contender
        and point.point.axes == skipped.point.axes
        and point.point.batch < skipped.point.batch
        and not isinstance(point.outcome, Measured | Skipped)
        for point in points
    )


def _unmeasured(run: Run, points: Sequence[Point]) -> Iterator[FailureReport]:
    """Yield the points that ran while exploring but have no figures."""
    complete = run.closing is not None and run.closing.state == "complete"
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    predicted = {(record.contender, record.point) for record in run.predicted}
    for point in points:
        if not isinstance(point.outcome, Measured) or point.measured or run.differs(point.contender) is not None:
            continue
        if point.excess_cores is not None:
            threads = run.header.budget_of(point.contender)
            groups[point.contender, over_budget_words(point.excess_cores, threads)].append(point)
        elif point.slices:
            groups[point.contender, "every slice was disturbed"].append(point)
        elif complete and not run.header.options.race and (point.contender, point.point) not in predicted:
            groups[point.contender, "only trial calls ran"].append(point)
    for (label, why), group in groups.items():
        where = tuple(point.point for point in group)
        yield FailureReport(
            contender=label,
            points=where,
            outcome="measured",
            sentence=plain(f"{label} has no figures at {places(where)}: {why}"),
            detail="",
            unanswered=False,
        )


def _deaths(run: Run, points: Sequence[Point]) -> Iterator[FailureReport]:
    """Yield the workers that were lost while measuring, unless the outcome of their point already says so."""
    outcomes = {(point.contender, point.point): outcome_words(point.outcome) for point in points}
    groups: dict[tuple[str, OperatingPoint | None, str], list[Death]] = defaultdict(list)
    for death in run.deaths:
        words = outcome_words(death.outcome)
        if death.point is None or outcomes.get((death.contender, death.point)) != words:
            groups[death.contender, death.point, words].append(death)
    for (label, point, words), group in groups.items():
        restarts = sorted({death.restart for death in group})
        which = f"restart{'s' if len(restarts) > 1 else ''} {listing([str(restart) for restart in restarts])}"
        where = f" at {point}" if point is not None else ""
        yield FailureReport(
            contender=label,
            points=(point,) if point is not None else (),
            outcome=tag_of(group[0].outcome),
            sentence=plain(f"{label}{where}: it {words}{_PHASES[group[0].phase]}, in {which}"),
            detail=_last_words(group[0].outcome),
            unanswered=kind_of(group[0].outcome).is_open and not is_back(run, group[-1]),
        )


def _while(outcome: AnyOutcome) -> str:
    return "" if isinstance(outcome, Measured | Skipped) else _PHASES[outcome.phase]


def _last_words(outcome: AnyOutcome) -> str:
    tail = outcome.stderr_tail if isinstance(outcome, Died | TimedOut) else ""
    line = plain(next((line for line in reversed(tail.splitlines()) if line.strip()), ""))
    return line if len(line) <= DETAIL_CHARACTERS else f"{line[:DETAIL_CHARACTERS]}..."
