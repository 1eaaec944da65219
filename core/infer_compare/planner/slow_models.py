"""The shortened plan for slow models when no budget is given: fewer rounds, and fewer batch sizes.

It depends only on the records of exploring, so a resumed run arrives at the same plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infer_compare.planner.duration import BUDGET_PLANS, Expectation, plan_for_budget

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points
    from infer_compare.request.options import Mode, RunOptions
    from infer_compare.results import Header

MEASURING_S: dict[Mode, float] = {"quick": 75.0, "default": 90.0}
"""Seconds that measuring may take if no budget is given. It ends a third earlier if differences are clear."""
MEASURING_WITH_LIMIT_S = 45.0
"""The same if a search for the limit precedes it, which takes a minute for each contender of a slow model."""
SLOW_MODEL_PLANS: dict[Mode, tuple[tuple[int, int], ...]] = {
    "quick": ((3, 2), (3, 1)),
    "default": BUDGET_PLANS[1:4],
}
"""Pairs of restarts and rounds, the best plan first; three restarts still settle clear differences."""


def may_be_shortened(header: Header) -> bool:
    """Return whether the run's plan may be shortened: the user gave no budget, restarts or rounds, and not --thorough."""
    options, plan = header.options, header.plan
    plans = SLOW_MODEL_PLANS.get(options.mode)
    return options.budget is None and plans is not None and (plan.restarts, plan.rounds_per_restart) == plans[0]


def measuring_limit_s(options: RunOptions) -> float:
    """Return the seconds that measuring may take before its plan is shortened, in a run that `may_be_shortened`."""
    limit = MEASURING_S[options.mode]
    return min(limit, MEASURING_WITH_LIMIT_S) if options.find_limit else limit


def shortest(options: RunOptions) -> tuple[int, int]:
    """Return the restarts and rounds of the shortest plan, for a run that `may_be_shortened`."""
    return SLOW_MODEL_PLANS[options.mode][-1]


def restarts_and_rounds(expectation: Expectation, points: Points, options: RunOptions) -> tuple[int, int]:
    """Return the restarts and rounds that fit into the time that measuring may take, or the fewest if none fit.

    Args:
        expectation: the expected durations.
        points: the operating points of each contender.
        options: of a run that `may_be_shortened`.
    """
    plans = SLOW_MODEL_PLANS[options.mode]
    cost = {rounds: expectation.restart_s(points, rounds) for _, rounds in plans}
    return plan_for_budget(cost, expectation.confirm_s(points, options.mode), measuring_limit_s(options), plans)


def affordable(expectation: Expectation, points: Points, header: Header) -> Expectation:
    """Return the expectation, without confirming if a quick run over several settings has no time for it.

    Each setting has its own best sizes, and each of these takes fresh workers: with calls of 100 ms, confirming took as long
    as all restarts together.

    Args:
        expectation: the expected durations.
        points: the operating points of each contender.
        header: of the run.
    """
    options = header.options
    if options.mode != "quick" or len(options.settings) == 1 or not may_be_shortened(header):
        return expectation
    if expectation.plan_s(points, *shortest(options), options.mode) <= measuring_limit_s(options):
        return expectation
    return replace(expectation, confirms=False)


def has_time_for(
    further: Collection[OperatingPoint],
    expectation: Expectation,
    latencies_ns: Mapping[str, Mapping[OperatingPoint, float]],
    header: Header,
) -> bool:
    """Return whether the time that measuring may take suffices for further operating points.

    Args:
        further: points that were not tried; a contender is expected to run those below its largest.
        expectation: the expected durations.
        latencies_ns: rough latency of the points of each contender.
        header: of the run.
    """
    if not may_be_shortened(header):
        return True
    latency = dict(expectation.latency_ns)
    first_call = dict(expectation.first_call_ns)
    points: dict[str, list[OperatingPoint]] = {}
    for label, curve in latencies_ns.items():
        points[label] = sorted({*curve, *(point for point in further if curve and point < max(curve))})
        for point in set(points[label]) - set(curve):
            # The latency of the next larger point is an upper bound if latencies rise.
            above = (label, min(known for known in curve if known > point))
            latency[label, point] = latency.get(above, 0)
            first_call[label, point] = first_call.get(above, 0)
    wider = replace(expectation, latency_ns=latency, first_call_ns=first_call)
    options = header.options
    return wider.plan_s(points, *shortest(options), options.mode) <= measuring_limit_s(options)
