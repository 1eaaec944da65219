"""The phases of a run, one after the other."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from infer_compare.engine.agree import ORACLE_BATCHES, Outputs, agree, ask_oracle
from infer_compare.engine.busy import HostBusy, look, worst
from infer_compare.engine.explore import Explorer, peaks
from infer_compare.engine.limit import LimitFinder
from infer_compare.engine.measure import LAPS, BudgetSpent, Measurement
from infer_compare.engine.pool import InputPool
from infer_compare.environment import memory
from infer_compare.errors import InferCompareError, StoreError
from infer_compare.planner import Exploration, Order
from infer_compare.planner.confirming import candidates
from infer_compare.planner.duration import BUDGET_PLANS, Expectation, plan_for_budget
from infer_compare.planner.grouping import grouped
from infer_compare.planner.refine import around_best, around_bound
from infer_compare.planner.resuming import confirmed, progress
from infer_compare.planner.settling import unsettled
from infer_compare.results import Closing, Note, Run
from infer_compare.verdicts import summarise
from infer_compare.verdicts.protocol import SUSTAINED_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Literal

    from infer_compare.engine.events import Observer
    from infer_compare.engine.journal import Journal
    from infer_compare.engine.resolve import Resolved
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Plan

WAITING = 0.1
"""A worker waits for sizes that other contenders bring up, unless it holds more than this share of the memory there is:
the next contender's limit must not depend on it."""
TOGETHER = 0.7
"""Contenders are alive together only while their peaks sum to less than this share of the memory there is."""


class Sweep:
    """Runs a resolved plan and stores what happens."""

    def __init__(self, resolved: Resolved, journal: Journal, observer: Observer, scratch: Path) -> None:
        """Starts nothing yet.

        Args:
            resolved: the plan.
            journal: where records go; its header is the first of them.
            observer: hears what happens.
            scratch: a folder for inputs and outputs, removed at the end.
        """
        self._resolved = resolved
        self._journal = journal
        self._observer = observer
        self._scratch = scratch
        self._plan = resolved.header.plan
        earlier = journal.run
        # Another order than the one that was cut off, and the same each time.
        self._order = Order(self._plan.seed + len(earlier.rounds))
        self._elapsed_s = earlier.closing.elapsed_s if earlier.closing is not None else 0.0
        self._began = time.monotonic()
        self._disturbed: dict[str, bool] = {}

    def run(self) -> Run:
        """Every phase that is left; the run as it then stands.

        Raises:
            KeyboardInterrupt: after the records were closed and every worker was ended.
            StoreError: a record could not be stored; the workers have been ended.
        """
        try:
            state, reason = self._phases()
        except KeyboardInterrupt:
            self._close("interrupted", "interrupted from the keyboard or by a signal")
            raise
        except StoreError:
            raise
        except InferCompareError as error:
            self._close("stopped", str(error))
            raise
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
        return self._close(state, reason)

    def _close(self, state: Literal["complete", "interrupted", "stopped"], reason: str) -> Run:
        elapsed_s = round(self._elapsed_s + time.monotonic() - self._began, 3)
        self._journal.add(Closing(state=state, reason=reason, elapsed_s=elapsed_s))
        run = self._journal.run
        self._observer.finished(run)
        return run

    def _phases(self) -> tuple[Literal["complete", "stopped"], str]:
        self._observer.resolved(self._resolved.header)
        told = {one.contender for one in self._journal.run.unusable}
        for unusable in self._resolved.unusable:
            if unusable.contender not in told:
                self._journal.add(unusable)
            self._observer.note(unusable.contender, f"{unusable.contender} is skipped: {unusable.outcome.reason}")  # type: ignore[union-attr]
        for plan in self._resolved.inputs:
            if plan.warning:
                self._note("inputs", plan.warning)
        sizes = self._plan.batch_sizes
        pool = InputPool(
            self._resolved.inputs, self._plan.seed, self._scratch, max(sizes) if sizes is not None else None
        )
        earlier = self._journal.run
        # What comes after comparing outputs tells that they were compared, for a run that is resumed.
        compared = bool(earlier.agreements and (earlier.rounds or earlier.limits))
        points = self._explore(pool, compare=not compared)
        if not points:
            return "complete", ""
        if not compared:
            self._agree(points, pool)
        self._find_limits(points, pool)
        run = self._journal.run
        ranked = {label: found for label, found in points.items() if run.differs(label) is None and found}
        return self._measure(ranked, pool)

    def _known(self, label: str, point: OperatingPoint) -> AnyOutcome | None:
        for probe in self._journal.run.probes:
            if probe.phase == "explore" and probe.contender == label and probe.point == point:
                return probe.outcome
        return None

    def _explore(self, pool: InputPool, *, compare: bool) -> dict[str, tuple[OperatingPoint, ...]]:
        """The operating points that each contender can run.

        Args:
            pool: the rows of input.
            compare: whether outputs are still to be compared.
        """
        lost = {one.contender for one in self._journal.run.unusable}
        explorations: dict[str, Exploration] = {}
        explorers: dict[str, Explorer] = {}
        plan = self._plan
        with ExitStack() as stack:
            for label, route in self._resolved.routes.items():
                if label in lost:
                    continue
                explorer = Explorer(
                    route, self._resolved.terms, pool, self._journal, self._observer, self._outputs(label)
                )
                stack.callback(explorer.close)
                exploration = Exploration(plan.batch_sizes, bound_ns=plan.latency_bound_ns, mode=plan.mode)
                if explorer.run(exploration, partial(self._known, label), compare=compare):
                    explorations[label], explorers[label] = exploration, explorer
                used = peaks(self._journal.run.probes).get(label, 0)
                if plan.batch_sizes is not None or used > WAITING * memory.available():
                    explorer.close()
            if plan.batch_sizes is None:
                self._complete(explorations, explorers, compare=compare)
        self._disturbed = {label: explorers[label].disturbed for label in explorations}
        return {label: exploration.runnable for label, exploration in explorations.items()}

    def _complete(
        self, explorations: Mapping[str, Exploration], explorers: Mapping[str, Explorer], *, compare: bool
    ) -> None:
        """Brings curves to one length, so that every size can be compared, and adds sizes where they decide most."""
        further: set[int] = set()
        for exploration in explorations.values():
            latencies = exploration.latencies_ns
            further.update(latencies)
            if self._plan.mode != "quick":
                further.update(around_best(latencies))
            if self._plan.latency_bound_ns is not None:
                further.update(around_bound(latencies, self._plan.latency_bound_ns))
        for label, exploration in explorations.items():
            if not exploration.runnable:
                continue
            exploration.complete(further)
            if exploration.next() is not None:
                explorers[label].run(exploration, partial(self._known, label), compare=compare)
            explorers[label].close()

    def _outputs(self, label: str) -> Path:
        # Labels are the user's words; a folder is named by a number.
        index = list(self._resolved.routes).index(label) if label in self._resolved.routes else "oracle"
        return self._scratch / "outputs" / str(index)

    def _agree(self, points: Mapping[str, Sequence[OperatingPoint]], pool: InputPool) -> None:
        routes = self._resolved.routes
        native = [label for label in points if routes[label].model.provenance == "native" and points[label]]
        judge = next(iter(native), next(iter(points)))
        oracle = None
        if not native and self._resolved.oracle is not None:
            oracle = ask_oracle(
                self._resolved.oracle,
                self._resolved.terms,
                pool,
                self._outputs("reference"),
                ORACLE_BATCHES,
                self._observer,
            )
        outputs = {label: Outputs(self._outputs(label)) for label in points}
        known = {(one.contender, one.point) for one in self._journal.run.agreements}
        for one in agree(self._journal.run, points, outputs, judge=judge, oracle=oracle):
            if (one.contender, one.point) in known:
                continue
            self._journal.add(one)
            if one.verdict == "differs":
                self._observer.note(
                    "agreement",
                    f"{one.contender} differs from {one.reference} at {one.point}: {one.reason}; it is not ranked",
                )

    def _find_limits(self, labels: Iterable[str], pool: InputPool) -> None:
        """Where memory ends for each contender, one after the other, if that was asked for."""
        if not self._plan.find_limit:
            return
        known = {one.contender for one in self._journal.run.limits}
        for label in labels:
            if label not in known:
                resolved = self._resolved
                finder = LimitFinder(resolved.routes[label], resolved.terms, pool, self._journal, self._observer)
                finder.run(self._deadline)

    @property
    def _deadline(self) -> float | None:
        """Monotonic seconds at which the budget is spent."""
        return self._began + self._plan.budget_s if self._plan.budget_s is not None else None

    def _measure(
        self, points: Mapping[str, tuple[OperatingPoint, ...]], pool: InputPool
    ) -> tuple[Literal["complete", "stopped"], str]:
        """Restarts over what is not settled, then fresh rounds over the candidates for "best"."""
        if not points:
            return "complete", ""
        expectation = Expectation.of(self._journal.run)
        plan = self._sized(points, expectation)
        measurement = Measurement(
            routes=self._resolved.routes,
            points=points,
            terms=self._resolved.terms,
            plan=plan,
            pool=pool,
            journal=self._journal,
            observer=self._observer,
            order=self._order,
            expectation=expectation,
            deadline=self._deadline,
        )
        groups = self._groups(list(points))
        try:
            self._look_at_machine(points)
            pending = unsettled(self._journal.run, points, 0)
            finished, begun = progress(self._journal.run, points, groups, plan.rounds_per_restart)
            if finished:
                pending = unsettled(self._journal.run, points, finished)
            for restart in range(finished + 1, plan.restarts + 1):
                if not pending:
                    break
                begun += 1
                self._observer.measuring(restart, plan.restarts, len(pending))
                for group in groups:
                    measurement.restart(begun, group, pending)
                pending = unsettled(self._journal.run, points, restart)
            if plan.restarts > 1:
                self._confirm(measurement, points, groups, begun + 1)
            if plan.mode == "thorough":
                self._sustain(measurement)
        except HostBusy as busy:
            self._note("machine", f"{busy}. {self._advice()}")
            return "stopped", str(busy)
        except BudgetSpent as spent:
            self._note("budget", str(spent))
        return "complete", ""

    def _confirm(
        self,
        measurement: Measurement,
        points: Mapping[str, tuple[OperatingPoint, ...]],
        groups: Sequence[Sequence[str]],
        restart: int,
    ) -> None:
        """Fresh rounds over the candidates for "best", where a contender has a choice and had none yet."""
        run = self._journal.run
        measured = tuple(one for one in run.rounds if one.phase == "measure")
        best = candidates(msgspec.structs.replace(run, rounds=measured), points)
        if all(len(sizes) <= 1 for sizes in best.values()):
            return
        for group in groups:
            chosen = {label: best[label] for label in group}
            if not confirmed(run, chosen, LAPS):
                measurement.confirm(restart, chosen)

    def _sustain(self, measurement: Measurement) -> None:
        """The recommended size of each contender whose device works on its own, until it has its working temperature."""
        run = self._journal.run
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

    def _look_at_machine(self, labels: Iterable[str]) -> None:
        """Begins no restart where every contender was disturbed while it explored, and the machine is busy still.

        Raises:
            HostBusy: it is.
        """
        if not all(self._disturbed.get(label) for label in labels):
            return
        self._observer.note("machine", "other programs disturbed every contender; one more look")
        seen = look(self._plan.threads)
        if seen is not None:
            raise HostBusy(worst([seen]) or "the machine is busy")

    def _sized(self, points: Mapping[str, tuple[OperatingPoint, ...]], expectation: Expectation) -> Plan:
        """The plan, with as many restarts and rounds as the budget allows, and how long it will take."""
        plan = self._plan
        pending = unsettled(self._journal.run, points, 0)
        if plan.budget_s is not None:
            left_s = plan.budget_s - (time.monotonic() - self._began)
            cost = {rounds: expectation.restart_s(points, pending, rounds) for _, rounds in BUDGET_PLANS}
            confirm_s = expectation.confirm_s(points, LAPS, plan.mode)
            restarts, rounds = plan_for_budget(cost, confirm_s, left_s)
            plan = msgspec.structs.replace(plan, restarts=restarts, rounds_per_restart=rounds)
        expected_s = plan.restarts * expectation.restart_s(points, pending, plan.rounds_per_restart)
        expected_s += expectation.confirm_s(points, LAPS, plan.mode)
        if plan.mode == "thorough":
            expected_s += SUSTAINED_S * len(expectation.asynchronous & points.keys())
        self._note(
            "plan",
            f"at most {plan.restarts} restarts of {plan.rounds_per_restart} rounds over {len(pending)} batch sizes: "
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
        groups = grouped(labels, peaks(self._journal.run.probes), TOGETHER * memory.available())
        if len(groups) > 1:
            parts = "; ".join(", ".join(group) for group in groups)
            self._note("memory", f"the contenders do not fit into memory together and are measured apart: {parts}")
        return groups

    def _note(self, topic: str, text: str) -> None:
        self._journal.add(Note(topic=topic, text=text))
        self._observer.note(topic, text)
