"""The phases that rank: restarts over unsettled points, fresh rounds for the best sizes, and long runs on accelerators."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from infer_compare.phases.busy import HostBusy, described
from infer_compare.phases.confirm import confirm
from infer_compare.phases.rank_plan import Ranked, expected, memory_groups, plan_within_budget, slow_model_plan
from infer_compare.phases.ranking import BudgetSpent, Ranking
from infer_compare.phases.screen import screen
from infer_compare.phases.sustain import sustain
from infer_compare.planner.points import every_point
from infer_compare.planner.racing import finalists, still_raced
from infer_compare.planner.resuming import progress
from infer_compare.planner.settling import unsettled

if TYPE_CHECKING:
    from typing import Literal

    from infer_compare.phases.context import RunContext
    from infer_compare.planner.points import Points


def rank(context: RunContext, points: Points, *, disturbed: bool) -> tuple[Literal["complete", "stopped"], str]:
    """Measure and compare the contenders; return how that ended, and why.

    Args:
        context: of the run; rounds in its journal are not measured again.
        points: the operating points of each contender that is ranked.
        disturbed: whether other programs disturbed all contenders while exploring.
    """
    points = screen(context, points)
    expectation = expected(context, points)
    groups = memory_groups(context, list(points))
    race = context.race
    to_measure = unsettled if race is None else still_raced
    plan = slow_model_plan(context, expectation, points) if race is None else race.plan(context.plan)
    finished, begun = progress(context.run, points, groups, plan.rounds_per_restart, to_measure)
    left = to_measure(context.run, points, finished)
    if race is None:
        plan = plan_within_budget(context, plan, expectation, Ranked(points, left, finished))
    try:
        with ExitStack() as stack:
            ranking = Ranking(context, points, plan, expectation, stack)
            if disturbed:
                _look_at_machine(context)
            for restart in range(finished + 1, plan.restarts + 1):
                if not left:
                    break
                if race is not None and not race.has_time_for(restart, expectation, left, finalists(context.run, left)):
                    break
                begun += 1
                # Nothing is settled after the first restart, so without a budget a second one follows.
                another = restart == 1 < plan.restarts and len(groups) == 1 and context.deadline is None
                context.observer.measuring(restart, plan.restarts, len(every_point(left)))
                for group in groups:
                    ranking.restart(begun, group, left, another=another)
                if race is not None:
                    race.after_restart(points, restart)
                left = to_measure(context.run, points, restart)
            if race is not None:
                ranking.points = finalists(context.run, points)
            if plan.restarts > 1 and expectation.confirms:
                confirm(ranking, groups, begun + 1)
            if context.options.mode == "thorough":
                sustain(ranking)
    except HostBusy as busy:
        context.tell("machine", f"{busy}. {_advice(context.plan.threads)}")
        return "stopped", str(busy)
    except BudgetSpent as spent:
        context.tell("budget", str(spent))
    return "complete", ""


def _look_at_machine(context: RunContext) -> None:
    """Check that the machine is no longer busy, before the first restart.

    Raises:
        HostBusy: it still is.
    """
    context.observer.note("machine", "other programs disturbed every contender; one more look")
    seen = context.surroundings.look(context.header.largest_budget)
    if seen is not None and not context.quiet.has_come():
        raise HostBusy(described([seen]))


def _advice(threads: int) -> str:
    ways = ["Run it again when the machine is quieter", "let it wait for that with --wait 5m"]
    if threads > 1:
        ways.append(f"use --threads {threads - 1}, which one busy core affects less")
    return f"{', '.join(ways[:-1])}, or {ways[-1]}."
