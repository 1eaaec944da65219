"""The phase that explores which batch sizes each contender can run, including sizes that are added to compare contenders."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.environment import memory
from infer_compare.phases.ahead import begin_ahead
from infer_compare.phases.contender_exploration import ContenderExploration, peaks
from infer_compare.planner import Explorations
from infer_compare.planner.duration import Expectation
from infer_compare.planner.explore import LARGEST_AUTO
from infer_compare.planner.points import by_setting, every_point
from infer_compare.planner.refine import around_best, around_bound
from infer_compare.planner.slow_models import has_time_for
from infer_compare.results import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext

WAITING = 0.1
"""A worker that holds more than this share of the memory is ended after its turn, as the limits of other contenders must not
depend on it. Smaller workers wait for sizes that are added after other contenders' turns."""


class Explored(NamedTuple):
    """The results of exploring."""

    points: dict[str, tuple[OperatingPoint, ...]]
    """The operating points that each contender can run, by label."""
    disturbed: dict[str, bool]
    """Whether other programs made a contender's worker wait, by label."""


def explore(context: RunContext) -> Explored:
    """Try every contender at every size, one after the other, with only one worker running at a time.

    Args:
        context: of the run; outcomes in its journal are not determined again.
    """
    most, points_asked = context.pool.most, context.header.points
    if points_asked is None and most < LARGEST_AUTO:
        text = f"batch sizes above {most} are not tried: there is too little disk space for their inputs; choose another disk with -o"
        context.tell("inputs", text)
    lost = {record.contender for record in context.run.unusable if not isinstance(record.outcome, Unavailable)}
    routes = [route for label, route in context.routes.items() if label not in lost]
    explored: dict[str, ContenderExploration] = {}
    with ExitStack() as stack:
        turns = [ContenderExploration(context, route, _sizes(context)) for route in routes]
        for turn in turns:
            stack.enter_context(turn.probes.worker)
        # On import, a framework may take an accelerator for itself.
        race = context.race
        if race is None and all(route.contender.spec.device == "cpu" for route in routes):
            begin_ahead([turn.probes for turn in turns if turn.needs_worker])
        for route, turn in zip(routes, turns, strict=True):
            if race is not None and not race.is_tried(route.label):
                continue
            if turn.run():
                explored[route.label] = turn
                if race is not None and turn.disturbed:
                    race.disturbed.add(route.label)
            used = peaks(context.run).get(route.label, 0)
            if race is not None or points_asked is not None or used > memory.limit().share(WAITING):
                turn.close()
        if points_asked is None and race is None:
            _complete(context, explored)
    points = {label: turn.sizes.runnable for label, turn in explored.items()}
    # Points of a resumed run were not run again, and so have not enlarged the pool.
    for point in reversed(every_point(points)):
        context.pool.grow(point)
    return Explored(points, {label: turn.disturbed for label, turn in explored.items()})


def _sizes(context: RunContext) -> Explorations:
    """Return the exploration that chooses a contender's sizes."""
    plan, options, most = context.plan, context.options, context.pool.most
    largest = min(most, plan.data_rows or most) if options.scope == "dataset" else most
    return Explorations(
        options.settings, context.header.points, bound_ns=options.latency_bound_ns, mode=options.mode, largest=largest
    )


def _complete(context: RunContext, explored: Mapping[str, ContenderExploration]) -> None:
    """Try the sizes of all contenders with each of them, and sizes around the bests and the latency bound."""
    curves = {label: turn.sizes.latencies_ns for label, turn in explored.items()}
    further = {point for latencies in curves.values() for point in latencies}
    if context.options.latency_bound_ns is not None:
        for latencies in curves.values():
            for curve in _curves(latencies):
                further.update(around_bound(curve, context.options.latency_bound_ns))
    if context.options.mode != "quick":
        further |= _around_best(context, curves, further)
    further = {point for point in further if point.batch <= context.pool.most}
    for turn in explored.values():
        if not turn.sizes.runnable:
            continue
        turn.sizes.complete(further)
        if turn.sizes.next() is not None:
            turn.run()
        turn.close()


def _curves(latencies_ns: Mapping[OperatingPoint, float]) -> list[dict[OperatingPoint, float]]:
    """Return the latencies of each setting of the other axes."""
    return [{point: latencies_ns[point] for point in curve} for curve in by_setting(latencies_ns)]


def _around_best(
    context: RunContext, curves: Mapping[str, Mapping[OperatingPoint, float]], others: set[OperatingPoint]
) -> set[OperatingPoint]:
    """Return the points next to each contender's best one; none if measuring them too would take long."""
    between = {
        point for latencies in curves.values() for curve in _curves(latencies) for point in around_best(curve)
    } - others
    if not between or has_time_for(others | between, Expectation.of(context.run), curves, context.header):
        return between
    sizes = ", ".join(dict.fromkeys(str(point.batch) for point in sorted(between)))
    context.tell(
        "plan",
        f"the sizes beside the best ones ({sizes}) would take long here and are left out; choose sizes with "
        "--batch-sizes, or give more time with --budget or --thorough",
    )
    return set()
