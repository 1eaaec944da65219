"""How long people wait who gave no budget: fewer rounds, and in the default mode fewer batch sizes, for slow models.

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
    from infer_compare.request.options import Mode
    from infer_compare.results import Plan

PATIENT_S: dict[Mode, float] = {"quick": 75.0, "default": 90.0}
"""What measuring may take: nobody who gave no budget waits for longer without asking for it. It ends earlier by a third
where differences are plain."""
PATIENT_WITH_LIMIT_S = 45.0
"""The same where the search for the limit, which takes a minute for each contender of such a model, comes before it."""
PATIENT_PLANS: dict[Mode, tuple[tuple[int, int], ...]] = {
    "quick": ((3, 2), (3, 1)),
    "default": BUDGET_PLANS[1:4],
}
"""Restarts and rounds, the best plan first, down to what still settles what is plain, from three restarts."""


def is_patient(plan: Plan) -> bool:
    """Whether nothing says how long the run may take: neither --thorough nor a budget."""
    plans = PATIENT_PLANS.get(plan.mode)
    return plan.budget_s is None and plans is not None and (plan.restarts, plan.rounds_per_restart) == plans[0]


def patience_s(plan: Plan) -> float:
    """What measuring may take before rounds and sizes are saved, in seconds; `plan` is one that `is_patient`."""
    asked = PATIENT_S[plan.mode]
    return min(asked, PATIENT_WITH_LIMIT_S) if plan.find_limit else asked


def shortest(plan: Plan) -> tuple[int, int]:
    """The fewest restarts and rounds that are planned in place of those of a plan that `is_patient`."""
    return PATIENT_PLANS[plan.mode][-1]


def patient_plan(expectation: Expectation, points: Points, plan: Plan) -> tuple[int, int]:
    """Restarts and rounds that people wait for; the fewest where even these take longer.

    Args:
        expectation: what exploring saw.
        points: the operating points of each contender.
        plan: what is asked for, which `is_patient`.
    """
    plans = PATIENT_PLANS[plan.mode]
    cost = {rounds: expectation.restart_s(points, rounds) for _, rounds in plans}
    return plan_for_budget(cost, expectation.confirm_s(points, CONFIRM_ROUNDS, plan.mode), patience_s(plan), plans)


def has_time_for(
    further: Collection[OperatingPoint],
    expectation: Expectation,
    latencies_ns: Mapping[str, Mapping[OperatingPoint, float]],
    plan: Plan,
) -> bool:
    """Return whether measuring at further operating points stays within what people wait for.

    Args:
        further: points that were not tried; a contender is expected to run those below its largest.
        expectation: what exploring saw.
        latencies_ns: rough latency of the points of each contender.
        plan: what is asked for.
    """
    if not is_patient(plan):
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
    return wider.plan_s(points, *shortest(plan), plan.mode) <= patience_s(plan)
