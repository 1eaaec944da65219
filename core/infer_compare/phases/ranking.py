"""The phases that rank: restarts over what is not settled, fresh rounds for the best sizes, long runs on accelerators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import memory
from infer_compare.phases.busy import HostBusy, worst
from infer_compare.phases.explore import peaks
from infer_compare.phases.measure import TOGETHER, BudgetSpent, Measurement
from infer_compare.planner.confirming import candidates
from infer_compare.planner.duration import BUDGET_PLANS, CONFIRM_ROUNDS, Expectation, plan_for_budget
from infer_compare.planner.grouping import grouped
from infer_compare.planner.patience import is_patient, patient_plan
from infer_compare.planner.points import every_point
from infer_compare.planner.resuming import confirmed, progress
from infer_compare.planner.settling import unsettled
from infer_compare.verdicts import summarise
from infer_compare.verdicts.protocol import SUSTAINED_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.points import Points
    from infer_compare.results import Plan


class Ranking:
    """Measures the contenders against each other."""

    def __init__(self, context: RunContext, points: Mapping[str, tuple[OperatingPoint, ...]]) -> None:
        """Starts nothing yet.

        Args:
            context: of the run.
            points: the operating points of each contender that is ranked.
        """
        self._context = context
        self._plan = context.plan
        self._points = points

    def run(self, *, disturbed: bool) -> tuple[Literal["complete", "stopped"], str]:
        """Every phase that is left; how it ended, and why.

        Args:
            disturbed: whether other programs disturbed every contender while it explored.
        """
        points = self._points
        expectation = Expectation.of(self._context.run)
        groups = self._groups(list(points))
        patient = self._patient(expectation)
        finished, begun = progress(self._context.run, points, groups, patient.rounds_per_restart)
        left = unsettled(self._context.run, points, finished)
        plan = self._sized(patient, expectation, left, finished)
        measurement = Measurement(self._context, points, plan, expectation)
        try:
            if disturbed:
                self._look_at_machine()
            for restart in range(finished + 1, plan.restarts + 1):
                if not left:
                    break
                begun += 1
                self._context.observer.measuring(restart, plan.restarts, len(every_point(left)))
                for group in groups:
                    measurement.restart(begun, group, left)
                left = unsettled(self._context.run, points, restart)
            if plan.restarts > 1:
                self._confirm(measurement, groups, begun + 1)
            if plan.mode == "thorough":
                self._sustain(measurement)
        except HostBusy as busy:
            self._context.tell("machine", f"{busy}. {self._advice()}")
            return "stopped", str(busy)
        except BudgetSpent as spent:
            self._context.tell("budget", str(spent))
        return "complete", ""

    def _confirm(self, measurement: Measurement, groups: Sequence[Sequence[str]], restart: int) -> None:
        """Fresh rounds over the candidates for "best", where a contender has a choice and had none yet."""
        best = candidates(self._context.run, self._points)
        if all(len(sizes) <= 1 for sizes in best.values()):
            return
        for group in groups:
            chosen = {label: best[label] for label in group}
            if not confirmed(self._context.run, chosen, CONFIRM_ROUNDS):
                measurement.confirm(restart, chosen)

    def _sustain(self, measurement: Measurement) -> None:
        """The recommended size of each contender whose device works on its own, until it has its working temperature."""
        run = self._context.run
        done = {one.order[0] for one in run.rounds if one.phase == "sustain"}
        asynchronous = {start.contender for start in run.starts if start.asynchronous}
        answers = summarise(run).answers if asynchronous - done else ()
        best = {
            one.contender: one.point
            for answer in answers
            for one in answer.by_contender
            if one.contender in asynchronous - done
        }
        if best:
            measurement.sustain(max(one.restart for one in run.rounds) + 1, best, SUSTAINED_S)

    def _look_at_machine(self) -> None:
        """Begins no restart where the machine is busy still.

        Raises:
            HostBusy: it is.
        """
        self._context.observer.note("machine", "other programs disturbed every contender; one more look")
        seen = self._context.surroundings.look(self._plan.threads)
        if seen is not None:
            raise HostBusy(worst([seen]) or "the machine is busy")

    def _patient(self, expectation: Expectation) -> Plan:
        """The plan, with fewer rounds where its mode would take long; a resumed run comes to the same."""
        plan, points = self._plan, self._points
        if not is_patient(plan):
            return plan
        restarts, rounds = patient_plan(expectation, points, plan)
        if (restarts, rounds) == (plan.restarts, plan.rounds_per_restart):
            return plan
        asked = expectation.plan_s(points, plan.restarts, plan.rounds_per_restart, plan.mode)
        usual = "the default" if plan.mode == "default" else f"--{plan.mode}"
        self._context.tell(
            "plan",
            f"{usual} of {plan.restarts} restarts of {plan.rounds_per_restart} rounds would take about {asked:.0f} s here: "
            f"{restarts} restarts of {_rounds(rounds)} are planned; give more time with --budget or --thorough",
        )
        return msgspec.structs.replace(plan, restarts=restarts, rounds_per_restart=rounds)

    def _sized(self, plan: Plan, expectation: Expectation, left: Points, finished: int) -> Plan:
        """The plan, with as many restarts and rounds as the budget allows, and how long it will take.

        Args:
            plan: what is asked for.
            expectation: what its parts take.
            left: what is to be measured.
            finished: restarts that a run which is resumed has already.
        """
        points = self._points
        deadline = self._context.deadline
        if deadline is not None:
            left_s = deadline - self._context.surroundings.now()
            cost = {rounds: expectation.restart_s(left, rounds) for _, rounds in BUDGET_PLANS}
            confirm_s = expectation.confirm_s(points, CONFIRM_ROUNDS, plan.mode)
            restarts, rounds = plan_for_budget(cost, confirm_s, left_s)
            plan = msgspec.structs.replace(plan, restarts=restarts, rounds_per_restart=rounds)
        to_come = max(0, plan.restarts - finished)
        expected_s = to_come * expectation.restart_s(left, plan.rounds_per_restart)
        expected_s += expectation.confirm_s(points, CONFIRM_ROUNDS, plan.mode)
        if plan.mode == "thorough":
            expected_s += SUSTAINED_S * len(expectation.asynchronous & points.keys())
        self._context.tell(
            "plan",
            f"at most {to_come} restarts of {_rounds(plan.rounds_per_restart)} over {len(every_point(left))} batch sizes: "
            f"about {expected_s:.0f} s, less where differences are plain, more where rounds must be repeated",
        )
        return plan

    def _advice(self) -> str:
        threads = self._plan.threads
        if threads < 2:
            return "Run it again when the machine is quieter."
        return (
            f"Run it again when the machine is quieter, or ask another question that one busy core disturbs less: "
            f"--threads {threads - 1}."
        )

    def _groups(self, labels: Sequence[str]) -> list[tuple[str, ...]]:
        groups = grouped(labels, peaks(self._context.run), memory.limit().share(TOGETHER))
        if len(groups) > 1:
            parts = "; ".join(", ".join(group) for group in groups)
            self._context.tell(
                "memory",
                f"the contenders do not fit into memory together and are measured apart: {parts}",
            )
        return groups


def _rounds(number: int) -> str:
    return "1 round" if number == 1 else f"{number} rounds"
