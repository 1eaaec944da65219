"""Screening of a run with too many points: only batch sizes that may be the best of their setting are measured.

Trial calls and a cost model fitted to them bound the throughput of every point. A batch size is left out if it cannot be the
best of any contender, even at the higher of the two bounds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.planner.points import by_setting
from infer_compare.planner.slow_models import may_be_shortened, measuring_limit_s, shortest
from infer_compare.planner.trials import ROUGH
from infer_compare.stats.cost import fit_cost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.duration import Expectation
    from infer_compare.planner.points import Points
    from infer_compare.results import Header

    Latencies = Mapping[OperatingPoint, float]

TOO_LONG = 3.0
"""Points are left out if even the shortest plan takes this multiple of the time that measuring may take."""


class Screening(NamedTuple):
    """The points to measure, and the predicted latencies of the others."""

    kept: Points
    predicted: dict[tuple[str, OperatingPoint], float]
    """Latencies in nanoseconds of the points that are left out, by the fitted cost model."""


def takes_too_long(expectation: Expectation, points: Points, header: Header) -> bool:
    """Return whether to leave out points: the run has several settings, no time limit, and would take very long.

    Args:
        expectation: the expected durations.
        points: the operating points of each contender.
        header: of the run.
    """
    options = header.options
    # The cost model is for batches, and cannot be fitted to passes over a data set.
    if len(options.settings) == 1 or options.race or expectation.passes or not may_be_shortened(header):
        return False
    return expectation.plan_s(points, *shortest(options), options.mode) > TOO_LONG * measuring_limit_s(options)


def screened(latencies_ns: Mapping[str, Latencies], *, bound_ns: int | None = None, factor: float = ROUGH) -> Screening:
    """Return the points to measure: at each setting, the batch sizes that may be the best of any contender, for all contenders.

    Args:
        latencies_ns: of the trial calls, by contender and point.
        bound_ns: a latency bound; sizes that may be the best of those that keep it are measured too.
        factor: by which the latency of a trial call may be wrong.
    """
    fitted = {label: _fitted(tried) for label, tried in latencies_ns.items()}
    wanted: set[OperatingPoint] = set()
    for label, tried in latencies_ns.items():
        optimistic = {point: min(tried[point], fitted[label][point]) / factor for point in tried}
        for curve in by_setting(tried):
            bounds = [math.inf] if bound_ns is None else [math.inf, float(bound_ns)]
            for bound in bounds:
                # A size can rule out others only if it surely keeps the bound.
                sure = (point.batch / (tried[point] * factor) for point in curve if tried[point] * factor <= bound)
                floor = max(sure, default=0.0)
                wanted.update(
                    point for point in curve if optimistic[point] <= bound and point.batch / optimistic[point] >= floor
                )
    return Screening(
        {label: tuple(sorted(point for point in tried if point in wanted)) for label, tried in latencies_ns.items()},
        {
            (label, point): fitted[label][point]
            for label, tried in latencies_ns.items()
            for point in tried
            if point not in wanted
        },
    )


def _fitted(tried: Latencies) -> dict[OperatingPoint, float]:
    """Return latencies in nanoseconds by a cost model that is fitted to those of trial calls."""
    places = {point: (point.batch, math.prod(size for _, size in point.axes)) for point in tried}
    by_place: dict[tuple[int, int], list[float]] = {}
    for point, latency in tried.items():
        by_place.setdefault(places[point], []).append(latency)
    # Among settings with equal products the shortest call counts: disturbances only lengthen calls.
    cost = fit_cost({place: min(latencies) for place, latencies in by_place.items()})
    return {} if cost is None else {point: max(1.0, cost.latency_ns(*place)) for point, place in places.items()}
