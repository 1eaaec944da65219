"""The answer for every latency bound, as steps: it changes only where one more point is proven to keep the bound."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.answers import headline_under_bound
from infer_compare.report.bounds import best_under_bound
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.words import plain
from infer_compare.verdicts import BoundCheck
from infer_compare.verdicts.bound import KeptBound, answer_bound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.schema import AnswerReport
    from infer_compare.verdicts import PairVerdict
    from infer_compare.verdicts.bound import KeptBounds


class BoundStep(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for latency bounds from `from_ns` up to the next step."""

    from_ns: int
    before: str
    """The headline before the bound, such as `Use onnx at batch 8 for p95 within `."""
    after: str
    """The headline after the bound."""
    estimate: bool
    """Whether no verdict confirms the headline."""
    best: tuple[int | None, ...]
    """For each ranked contender, the index of its best point; None if no point is proven to keep the bound."""
    largest: tuple[int | None, ...]
    """For each ranked contender, the index of its largest size that keeps the bound."""


class BoundSteps(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for all latency bounds at one percentile."""

    percentile: float
    points: tuple[KeptBound, ...]
    contenders: tuple[str, ...]
    """Labels of the ranked contenders, in the order of `best` and `largest`."""
    steps: tuple[BoundStep, ...]
    """In ascending order; the first step begins at a bound of 1 ns."""

    def at(self, bound_ns: int) -> BoundStep:
        """Return the answer for a bound."""
        return next(step for step in reversed(self.steps) if step.from_ns <= bound_ns)


def bound_steps(report: AnswerReport, pairs: Iterable[PairVerdict], *, complete: bool) -> tuple[BoundSteps, ...]:
    """Return the answer for all latency bounds, for each known percentile.

    Args:
        report: the answer at one setting of the other axes.
        pairs: verdicts on contenders at the same operating point.
        complete: whether the run is complete.
    """
    verdicts = tuple(pairs)
    return tuple(_steps(report, kept, verdicts, complete=complete) for kept in report.answer.kept)


def _steps(report: AnswerReport, kept: KeptBounds, pairs: tuple[PairVerdict, ...], *, complete: bool) -> BoundSteps:
    labels = tuple(best.contender for best in report.answer.by_contender)
    places = {(point.contender, point.point): place for place, point in enumerate(kept.points)}
    steps: list[BoundStep] = []
    for bound_ns in sorted({1, *(point.bound_ns for point in kept.points if point.bound_ns is not None)}):
        bound = answer_bound([_check(point, bound_ns) for point in kept.points], bound_ns, kept.percentile)
        headline, estimate = headline_under_bound(report.answer, bound, pairs, complete=complete)
        before, _, after = plain(headline).partition(bound_words(bound))
        bests = best_under_bound(bound)
        largest = {check.contender: check for check in bound.largest}
        steps.append(
            BoundStep(
                from_ns=bound_ns,
                before=f"{before}p{kept.percentile:g} within ",
                after=after,
                estimate=estimate,
                best=tuple(_place(bests.get(label), places) for label in labels),
                largest=tuple(_place(largest.get(label), places) for label in labels),
            )
        )
    distinct = [steps[0], *(after for before, after in pairwise(steps) if _differs(before, after))]
    return BoundSteps(percentile=kept.percentile, points=kept.points, contenders=labels, steps=tuple(distinct))


def _differs(before: BoundStep, after: BoundStep) -> bool:
    return msgspec.structs.replace(after, from_ns=before.from_ns) != before


def _place(check: BoundCheck | None, places: dict[tuple[str, OperatingPoint], int]) -> int | None:
    return None if check is None else places[check.contender, check.point]


def _check(kept: KeptBound, bound_ns: int) -> BoundCheck:
    """Return the check of a bound, without the counts of calls, which headlines do not need."""
    return BoundCheck(
        contender=kept.contender,
        name=kept.name,
        point=kept.point,
        holds=kept.holds(bound_ns),
        calls=0,
        over=0,
        calls_effective=0,
        over_effective=0,
        calls_needed=0,
        latency_ns=kept.latency_ns,
        throughput=kept.throughput,
        blocks=False,
        hopeless=False,
    )
