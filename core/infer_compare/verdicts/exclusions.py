"""Contenders that are excluded from the ranking, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.results import Measured, Skipped
from infer_compare.verdicts.obstacles import (
    AnyObstacle,
    ClockWrong,
    Disturbed,
    Ended,
    LeftRace,
    NotTimed,
    NotTried,
    OverBudget,
    differing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.results import Point, Run


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A contender that is excluded from the ranking, and why."""

    contender: str
    obstacle: AnyObstacle


def exclusions(run: Run, points: Iterable[Point], liars: Mapping[str, ClockWrong]) -> tuple[Exclusion, ...]:
    """Return the contenders that are not ranked, in the requested order.

    Args:
        run: the run.
        points: its points.
        liars: the contenders whose clock cannot be right.
    """
    unusable = {record.contender: record.outcome for record in run.unusable}
    by_contender: dict[str, list[Point]] = {label: [] for label in run.labels}
    for point in points:
        by_contender.setdefault(point.contender, []).append(point)
    excluded: list[Exclusion] = []
    for label in run.labels:
        obstacle: AnyObstacle
        if (differs := run.differs(label)) is not None:
            obstacle = differing(differs)
        elif label in liars:
            obstacle = liars[label]
        elif label in unusable:
            obstacle = Ended(outcome=unusable[label])
        elif (dropped := run.drop(label)) is not None and (
            dropped.reason == "error" or not any(point.measured for point in by_contender[label])
        ):
            obstacle = LeftRace(record=dropped)
        elif any(point.measured for point in by_contender[label]):
            continue
        else:
            obstacle = _nothing_measured(by_contender[label], run.header.budget_of(label))
        excluded.append(Exclusion(contender=label, obstacle=obstacle))
    return tuple(excluded)


def _nothing_measured(points: list[Point], threads: int) -> AnyObstacle:
    for point in points:
        if not isinstance(point.outcome, Measured | Skipped):
            return Ended(outcome=point.outcome, point=point.point)
    greedy = max((point.excess_cores for point in points if point.excess_cores is not None), default=None)
    if greedy is not None:
        return OverBudget(cores=greedy, threads=threads)
    if any(isinstance(point.outcome, Measured) for point in points):
        return Disturbed() if any(point.slices for point in points) else NotTimed()
    return Ended(outcome=points[0].outcome) if points else NotTried()
