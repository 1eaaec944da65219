"""The plan for slow models where no budget is given: fewer rounds, and in the default mode fewer batch sizes.

Pure arithmetic over what exploring saw; a run that is resumed comes to the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infer_compare.planner.duration import BUDGET_PLANS, CONFIRM_ROUNDS, Expectation, plan_for_budget

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points
    from infer_compare.request.options import Mode, RunOptions
    from infer_compare.results import Header

MEASURING_S: dict[Mode, float] = {"quick": 75.0, "default": 90.0}
"""Seconds that measuring may take where no budget is given. It ends a third earlier where differences are plain."""
MEASURING_WITH_LIMIT_S = 45.0
"""The same where the search for the limit, which takes a minute for each contender of such a model, comes before it."""
SLOW_MODEL_PLANS: dict[Mode, tuple[tuple[int, int], ...]] = {
    "quick": ((3, 2), (3, 1)),
    "default": BUDGET_PLANS[1:4],
}
"""Restarts and rounds, the best plan first, down to what still settles what is plain, from three restarts."""


def may_be_shortened(header: Header) -> bool:
    """Return whether nothing says how long the run may take: neither --thorough nor a budget."""
    options, plan = header.options, header.plan
    plans = SLOW_MODEL_PLANS.get(options.mode)
    return options.budget is None and plans is not None and (plan.restarts, plan.rounds_per_restart) == plans[0]


def measuring_limit_s(options: RunOptions) -> float:
    """Return the seconds that measuring may take before rounds and sizes are saved, in a run that `may_be_shortened`."""
    asked = MEASURING_S[options.mode]
    return min(asked, MEASURING_WITH_LIMIT_S) if options.find_limit else asked


def shortest(options: RunOptions) -> tuple[int, int]:
    """Return the fewest restarts and rounds that replace those of a run that `may_be_shortened`."""
    return SLOW_MODEL_PLANS[options.mode][-1]


def restarts_and_rounds(expectation: Expectation, points: Points, options: RunOptions) -> tuple[int, int]:
    """Return the restarts and rounds that fit into the time that measuring may take; the fewest where none fit.

    Args:
        expectation: what exploring saw.
        points: the operating points of each contender.
        options: of a run that `may_be_shortened`.
    """
    plans = SLOW_MODEL_PLANS[options.mode]
    cost = {rounds: expectation.restart_s(points, rounds) for _, rounds in plans}
    return plan_for_budget(
        cost, expectation.confirm_s(points, CONFIRM_ROUNDS, options.mode), measuring_limit_s(options), plans
    )


def affordable(expectation: Expectation, points: Points, header: Header) -> Expectation:
    """Return what measuring takes: without confirming, where a quick run over several settings has no time for that.

    Each setting has best sizes of its own, and each of them fresh workers: with calls of 100 ms they took as long as all
    restarts together.

    Args:
        expectation: what exploring saw.
        points: the operating points of each contender.
        header: what is asked for.
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
    """Return whether measuring at further operating points stays within the time that measuring may take.

    Args:
        further: points that were not tried; a contender is expected to run those below its largest.
        expectation: what exploring saw.
        latencies_ns: rough latency of the points of each contender.
        header: what is asked for.
    """
    if not may_be_shortened(header):
        return True
    latency = dict(expectation.latency_ns)
    first_call = dict(expectation.first_call_ns)
    points: dict[str, list[OperatingPoint]] = {}
    for label, curve in latencies_ns.items():
        points[label] = sorted({*curve, *(point for point in further if curve and point < max(curve))})
        for point in set(points[label]) - set(curve):
            # As much as at the next larger point that ran: an upper bound on a curve that rises.
            above = (label, min(known for known in curve if known > point))
            latency[label, point] = latency.get(above, 0)
            first_call[label, point] = first_call.get(above, 0)
    wider = replace(expectation, latency_ns=latency, first_call_ns=first_call)
    options = header.options
    return wider.plan_s(points, *shortest(options), options.mode) <= measuring_limit_s(options)
