"""Leaving out points that cannot be the best of their setting, if measuring all points would take very long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.planner.duration import Expectation
from infer_compare.planner.points import every_point
from infer_compare.planner.screening import screened, takes_too_long
from infer_compare.planner.slow_models import affordable
from infer_compare.results import Predicted

if TYPE_CHECKING:
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.points import Points


def screen(context: RunContext, points: Points) -> Points:
    """Return the points to measure, and store predictions for the others; the same for a resumed run.

    Args:
        context: of the run, explored.
        points: the points that each ranked contender can run.
    """
    expectation = affordable(Expectation.of(context.run), points, context.header)
    if not takes_too_long(expectation, points, context.header):
        return points
    latencies = {
        label: {point: float(expectation.latency_ns[label, point]) for point in sizes}
        for label, sizes in points.items()
    }
    screening = screened(latencies, bound_ns=context.options.latency_bound_ns)
    known = {(record.contender, record.point) for record in context.run.predicted}
    for (label, point), latency in screening.predicted.items():
        if (label, point) not in known:
            context.journal.add(Predicted(contender=label, point=point, latency_ns=max(1, round(latency))))
    left, asked = len(every_point(screening.kept)), len(every_point(points))
    if left < asked:
        context.tell(
            "plan",
            f"{asked - left} of {asked} points are predicted from trial calls and not measured: their batch size cannot be the best "
            "of any contender there; give more time with --budget or --thorough",
        )
    return screening.kept
