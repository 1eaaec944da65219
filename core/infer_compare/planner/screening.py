"""Which points are measured where there are too many of them: those that may be the best batch size of their setting. Pure.

Trial calls and a cost that is fitted to them bound the throughput of every point. A batch size is left out where it cannot be
the best one of any contender, even if it is as fast as either allows.
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
"""Points are left out where even the shortest plan takes this multiple of the time that measuring may take."""


class Screening(NamedTuple):
    """What is measured, and what is predicted instead."""

    kept: Points
    predicted: dict[tuple[str, OperatingPoint], float]
    """Latencies in nanoseconds of the points that are left out, by the cost that was fitted."""


def takes_too_long(expectation: Expectation, points: Points, header: Header) -> bool:
    """Return whether points are left out: where there are several settings, nothing says how long the run may take, and it
    would take very long.

    Args:
        expectation: what measuring takes.
        points: what each contender runs.
        header: what is asked for.
    """
    options = header.options
    # The time of a pass over a data set tells the throughput whatever the batch size, and is no cost of one batch.
    if len(options.settings) == 1 or options.race or expectation.passes or not may_be_shortened(header):
        return False
    return expectation.plan_s(points, *shortest(options), options.mode) > TOO_LONG * measuring_limit_s(options)


def screened(latencies_ns: Mapping[str, Latencies], *, bound_ns: int | None = None, factor: float = ROUGH) -> Screening:
    """Return the points that are measured: at each setting the batch sizes that may be the best of some contender, for all of them.

    Args:
        latencies_ns: of the trial calls, by contender and point.
        bound_ns: a latency bound; the sizes that may be the best of those that keep it are measured besides.
        factor: by which a trial call is off at most.
    """
    fitted = {label: _fitted(own) for label, own in latencies_ns.items()}
    wanted: set[OperatingPoint] = set()
    for label, own in latencies_ns.items():
        optimistic = {point: min(own[point], fitted[label][point]) / factor for point in own}
        for curve in by_setting(own):
            bounds = [math.inf] if bound_ns is None else [math.inf, float(bound_ns)]
            for bound in bounds:
                # A size counts against others only where it surely keeps the bound.
                sure = (point.batch / (own[point] * factor) for point in curve if own[point] * factor <= bound)
                floor = max(sure, default=0.0)
                wanted.update(
                    point for point in curve if optimistic[point] <= bound and point.batch / optimistic[point] >= floor
                )
    return Screening(
        {label: tuple(sorted(point for point in own if point in wanted)) for label, own in latencies_ns.items()},
        {
            (label, point): fitted[label][point]
            for label, own in latencies_ns.items()
            for point in own
            if point not in wanted
        },
    )


def _fitted(own: Latencies) -> dict[OperatingPoint, float]:
    """Return what calls take by the cost that is fitted to them."""
    places = {point: (point.batch, math.prod(size for _, size in point.axes)) for point in own}
    sums: dict[tuple[int, int], list[float]] = {}
    for point, latency in own.items():
        # Of settings with equal products the shortest call counts: what disturbs a call makes it longer.
        sums.setdefault(places[point], []).append(latency)
    cost = fit_cost({place: min(known) for place, known in sums.items()})
    return {} if cost is None else {point: max(1.0, cost.latency_ns(*place)) for point, place in places.items()}
