"""The contenders and operating points that still need restarts."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from infer_compare.verdicts.measurements import Candidate, Measurements
from infer_compare.verdicts.protocol import EARLY_LOOKS, planned_restarts
from infer_compare.verdicts.settle import hopeless, settlement, stalled
from infer_compare.verdicts.verdict import margin_between

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points
    from infer_compare.results import Run


def unsettled(run: Run, points: Points, restarts_done: int) -> Points:
    """Return the operating points of each contender, ascending, at which a comparison with another one is still open.

    Contenders without such points are left out. A comparison is not open if it is settled, its interval no longer shrinks, or no
    later restart can settle it, or if a contender exceeds its thread budget at the point, which more rounds do not change.

    A point that only one of several contenders runs needs no more than two restarts. A contender alone is measured to the
    end, so that later runs can be compared with it.

    Args:
        run: so far, after a restart.
        points: the operating points of each contender that is ranked.
        restarts_done: number of restarts so far; before the second nothing is settled.
    """
    to_come = run.header.plan.restarts - restarts_done
    if restarts_done < min(EARLY_LOOKS) or (len(points) == 1 and to_come > 0):
        return _without_empty({label: set(sizes) for label, sizes in points.items()})
    measurements = Measurements(run.rounds, run.header.budget_of)
    greedy = {(point.contender, point.point) for point in run.points if point.excess_cores is not None}
    left: dict[str, set[OperatingPoint]] = {label: set() for label in points}
    for a, b in combinations(points, 2):
        for point in set(points[a]) & set(points[b]):
            if not {(a, point), (b, point)} & greedy and _is_open(
                run, measurements, Candidate(a, point), Candidate(b, point), to_come
            ):
                left[a].add(point)
                left[b].add(point)
    return _without_empty(left)


def _is_open(run: Run, measurements: Measurements, a: Candidate, b: Candidate, to_come: int) -> bool:
    contrast = measurements.contrast(a, b)
    if contrast is None:
        return True
    family, planned = measurements.family(a.label, b.label), planned_restarts(run.header)
    if settlement(contrast, planned, family=family, margin=margin_between(run, a.label, b.label)) is not None:
        return False
    return not (stalled(contrast, family) or hopeless(contrast, family, to_come))


def _without_empty(left: Mapping[str, Collection[OperatingPoint]]) -> Points:
    return {label: tuple(sorted(sizes)) for label, sizes in left.items() if sizes}
