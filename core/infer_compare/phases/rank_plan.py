"""Planning how much to measure, from the mode, the memory of the machine and the time available."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.environment import memory
from infer_compare.phases.contender_exploration import peaks
from infer_compare.planner.duration import BUDGET_PLANS, Expectation, plan_for_budget
from infer_compare.planner.grouping import grouped
from infer_compare.planner.points import every_point
from infer_compare.planner.slow_models import affordable, may_be_shortened, restarts_and_rounds
from infer_compare.verdicts.protocol import SUSTAINED_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.phases.context import RunContext
    from infer_compare.planner.points import Points
    from infer_compare.results import Plan

TOGETHER = 0.7
"""The sum of the memory peaks of contenders that are alive together may be at most this share of the available memory."""


class Ranked(NamedTuple):
    """The points to rank, and the progress so far."""

    points: Points
    left: Points
    """Points that are still to be measured."""
    finished: int
    """Restarts that a resumed run has already finished."""


def expected(context: RunContext, points: Points) -> Expectation:
    """Return the expected durations, and whether the best sizes are confirmed; the same for a resumed run."""
    seen = Expectation.of(context.run)
    expectation = seen if context.race is not None else affordable(seen, points, context.header)
    if not expectation.confirms:
        confirm_s = seen.confirm_s(points, context.options.mode)
        context.tell(
            "plan",
            f"measuring the best sizes of all {len(context.options.settings)} settings again in fresh workers would take about "
            f"{confirm_s:.0f} s, and is left out; give more time with --budget, or leave out --quick",
        )
    return expectation


def slow_model_plan(context: RunContext, expectation: Expectation, points: Points) -> Plan:
    """Return the plan, with fewer restarts and rounds if those of the mode would take long; the same for a resumed run."""
    plan, options = context.plan, context.options
    if not may_be_shortened(context.header):
        return plan
    restarts, rounds = restarts_and_rounds(expectation, points, options)
    if (restarts, rounds) == (plan.restarts, plan.rounds_per_restart):
        return plan
    asked = expectation.plan_s(points, plan.restarts, plan.rounds_per_restart, options.mode)
    usual = "the default" if options.mode == "default" else f"--{options.mode}"
    context.tell(
        "plan",
        f"{usual} of {plan.restarts} restarts of {plan.rounds_per_restart} rounds would take about {asked:.0f} s here: "
        f"{restarts} restarts of {_rounds(rounds)} are planned; give more time with --budget or --thorough",
    )
    return msgspec.structs.replace(plan, restarts=restarts, rounds_per_restart=rounds)


def plan_within_budget(context: RunContext, plan: Plan, expectation: Expectation, ranked: Ranked) -> Plan:
    """Return the plan, with as many restarts and rounds as the budget allows, and tell the user how long it will take.

    Args:
        context: of the run.
        plan: the plan without a budget.
        expectation: the expected durations.
        ranked: the points to rank, and the progress so far.
    """
    points, left, mode = ranked.points, ranked.left, context.options.mode
    deadline = context.deadline
    if deadline is not None:
        left_s = deadline - context.surroundings.now()
        cost = {rounds: expectation.restart_s(left, rounds) for _, rounds in BUDGET_PLANS}
        confirm_s = expectation.confirm_s(points, mode)
        restarts, rounds = plan_for_budget(cost, confirm_s, left_s)
        plan = msgspec.structs.replace(plan, restarts=restarts, rounds_per_restart=rounds)
    to_come = max(0, plan.restarts - ranked.finished)
    expected_s = to_come * expectation.restart_s(left, plan.rounds_per_restart)
    expected_s += expectation.confirm_s(points, mode)
    if mode == "thorough":
        expected_s += SUSTAINED_S * len(expectation.asynchronous & points.keys())
    context.tell(
        "plan",
        f"at most {to_come} restarts of {_rounds(plan.rounds_per_restart)} over {len(every_point(left))} batch sizes: "
        f"about {expected_s:.0f} s, less where differences are plain, more where rounds must be repeated",
    )
    return plan


def memory_groups(context: RunContext, labels: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the contenders in groups whose workers fit into memory together."""
    groups = grouped(labels, peaks(context.run), memory.limit().share(TOGETHER))
    if len(groups) > 1:
        parts = "; ".join(", ".join(group) for group in groups)
        context.tell(
            "memory",
            f"the contenders do not fit into memory together and are measured apart: {parts}",
        )
    return groups


def _rounds(number: int) -> str:
    return "1 round" if number == 1 else f"{number} rounds"
