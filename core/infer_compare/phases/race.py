"""A race: contenders that cannot be the fastest are dropped, so that the time is spent on the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from infer_compare.planner.duration import Expectation
from infer_compare.planner.racing import LOOKS, MOST_SIZES, drops
from infer_compare.planner.trials import UNTRIED, base_of, gives_up, outpaced, trial_bounds
from infer_compare.results import Dropped
from infer_compare.verdicts.measurements import Candidate
from infer_compare.verdicts.output_errors import output_error
from infer_compare.verdicts.protocol import RESTARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.points import Points
    from infer_compare.planner.trials import Bounds
    from infer_compare.results import Plan

TRYING_SHARE = 0.5
"""Share of the budget, counted from when the model is ready, after which no further contender is tried."""
TRYING_LATEST = 0.65
"""Share of the same budget by which a worker that tries a contender must have answered."""
LEAST_WAIT_S = 2.0
"""The least time that a worker has to answer, even if it is later than that."""
ROUNDS = 2
"""Rounds of a restart; few, as fresh processes are worth more than further rounds."""


@dataclass(slots=True)
class Race:
    """Drops contenders of a run that cannot win, and stores why."""

    context: RunContext
    disturbed: set[str] = field(default_factory=set)
    """Contenders whose trial calls other programs disturbed."""
    preparing_s: float = field(init=False)
    """Seconds that reading and converting models took."""
    _began: float = field(init=False)
    _has_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Compute the time that is left after preparing."""
        assert self.context.deadline is not None
        self._began = self.context.surroundings.now()
        self._has_s = max(0.0, self.context.deadline - self._began)
        self.preparing_s = self._began - self.context.deadline + (self.context.options.budget or 0.0)

    def left_to_try_s(self) -> float:
        """Return the seconds that a worker has to answer while contenders are tried."""
        latest = self._began + TRYING_LATEST * self._has_s
        return max(LEAST_WAIT_S, latest - self.context.surroundings.now())

    def is_tried(self, label: str) -> bool:
        """Return whether a contender is worth trying; if not, it is dropped.

        Args:
            label: of a contender that has not been run.
        """
        run = self.context.run
        if run.drop(label) is not None:
            return False
        spec = run.contender(label)
        base = base_of(spec, run.header.contenders)
        lead = self._lead()
        untried = None if base is None else run.drop(base.label)
        if untried is not None and untried.reason == "time":
            self._drop(Dropped(contender=label, restart=0, reason="time"))
            return False
        if base is not None and lead is not None:
            bounds = trial_bounds(run, {base.label}, self.disturbed)
            best = max((limits.high for limits in bounds.values()), default=0.0)
            if best * UNTRIED < lead[1] and base.label != lead[0]:
                ratio = best * UNTRIED / lead[1]
                self._drop(Dropped(contender=label, restart=0, reason="untried", against=base.label, at_most=ratio))
                return False
        if self.context.surroundings.now() > self._began + TRYING_SHARE * self._has_s:
            self._drop(Dropped(contender=label, restart=0, reason="time"))
            return False
        return True

    def gives_up(self, label: str, latencies_ns: Mapping[OperatingPoint, float]) -> bool:
        """Return whether a contender that is being tried is too far behind for a larger batch size to matter."""
        lead = self._lead()
        if lead is None or lead[0] == label:
            return False
        bounds = trial_bounds(self.context.run, {lead[0]}, self.disturbed)
        lead_bounds = {candidate.point: limits for candidate, limits in bounds.items()}
        return gives_up(latencies_ns, self.context.run.contender(label).instances, lead_bounds)

    def after_trying(self, points: Points) -> Points:
        """Drop contenders with too large output errors and those that cannot win; return the points that are raced.

        Args:
            points: the points that each contender can run, without contenders whose outputs differ.
        """
        run = self.context.run
        able = self._within_error(points)
        bounds = trial_bounds(run, able, self.disturbed)
        behind = outpaced(bounds)
        lead = max(bounds, key=lambda candidate: bounds[candidate].low, default=None)
        raced: dict[str, tuple[OperatingPoint, ...]] = {}
        for label in able:
            of_label = {candidate: limits for candidate, limits in bounds.items() if candidate.label == label}
            left = sorted(set(of_label) - behind, key=lambda candidate: (-of_label[candidate].high, candidate))
            if left:
                raced[label] = tuple(sorted(candidate.point for candidate in left[:MOST_SIZES]))
            elif not of_label:
                latencies = [getattr(run.explored[label, point], "latency_ns", 0) for point in points[label]]
                self._drop(
                    Dropped(contender=label, restart=0, reason="latency", latency_ns=float(min(latencies, default=0)))
                )
            elif lead is not None:
                at_most = max(limits.high for limits in of_label.values()) / bounds[lead].low
                self._drop(Dropped(contender=label, restart=0, reason="slower", against=lead.label, at_most=at_most))
        known = {label: sizes for label, sizes in raced.items() if run.drop(label) is None}
        return self._affordable(known, bounds)

    def _within_error(self, points: Points) -> Points:
        """Return the points of contenders whose output error is allowed; the others are dropped."""
        most = self.context.options.max_error
        if most is None:
            return points
        kept = {}
        for label, sizes in points.items():
            error = self._error(label)
            if error is not None and error > most:
                self._drop(Dropped(contender=label, restart=0, reason="error", error=error))
            else:
                kept[label] = sizes
        return kept

    def _affordable(self, points: Points, bounds: Mapping[Candidate, Bounds]) -> Points:
        """Return the points that can be measured twice in time: with fewer sizes per contender, then with fewer contenders."""
        expectation = Expectation.of(self.context.run)

        def rate(candidate: Candidate) -> float:
            return bounds[candidate].high

        def best(label: str, most: int) -> tuple[OperatingPoint, ...]:
            ranked = sorted((Candidate(label, point) for point in points[label]), key=rate, reverse=True)
            return tuple(sorted(candidate.point for candidate in ranked[:most]))

        left = dict(points)
        for most in range(MOST_SIZES, 0, -1):
            left = {label: best(label, most) for label in points}
            if not self.context.is_over(LOOKS * expectation.restart_s(left, ROUNDS)):
                return left
        while len(left) > 1 and self.context.is_over(LOOKS * expectation.restart_s(left, ROUNDS)):
            slowest = min(left, key=lambda label: rate(Candidate(label, left[label][0])))
            del left[slowest]
            self._drop(Dropped(contender=slowest, restart=0, reason="time"))
        return left

    def after_restart(self, points: Points, restart: int) -> None:
        """Drop the contenders that a restart shows to be slower."""
        left = {label: sizes for label, sizes in points.items() if self.context.run.drop(label) is None}
        for record in drops(self.context.run, left, restart):
            self._drop(record)

    def plan(self, plan: Plan) -> Plan:
        """Return the plan of a race: as many restarts as possible; they end when time is up or differences are clear."""
        return msgspec.structs.replace(plan, restarts=max(RESTARTS.values()), rounds_per_restart=ROUNDS)

    def has_time_for(self, restart: int, expectation: Expectation, left: Points, finalists: Points) -> bool:
        """Return whether another restart would leave time to confirm the finalists.

        Args:
            restart: its number. The first two are made in any case, as far as the budget goes.
            expectation: the expected durations.
            left: the points that the restart would measure.
            finalists: the points that would be confirmed after it.
        """
        if restart <= LOOKS:
            return True
        cost = expectation.restart_s(left, ROUNDS)
        cost += expectation.confirm_s(finalists, self.context.options.mode)
        return not self.context.is_over(cost)

    def least_error(self, labels: Sequence[str]) -> tuple[str, float] | None:
        """Return the contender with the smallest output error, and that error; None if no error is known."""
        errors = {label: error for label in labels if (error := self._error(label)) is not None}
        return min(errors.items(), key=lambda item: item[1], default=None)

    def _error(self, label: str) -> float | None:
        """Return the output error of a contender, relative to the largest output of the reference; None if unknown."""
        error = output_error(self.context.run, label)
        return None if error is None else error.relative

    def _lead(self) -> tuple[str, float] | None:
        """Return the fastest contender tried so far, with the lower bound of its throughput; None without one.

        As outputs are not compared yet, only contenders in the model's own precision count.
        """
        run = self.context.run
        labels = {spec.label for spec in run.header.contenders if spec.precision is None}
        bounds = trial_bounds(run, labels, self.disturbed)
        first = max(bounds, key=lambda candidate: bounds[candidate].low, default=None)
        return None if first is None else (first.label, bounds[first].low)

    def _drop(self, record: Dropped) -> None:
        if self.context.run.drop(record.contender) is None:
            self.context.journal.add(record)
            self.context.observer.note("race", f"{record.contender} is dropped: {_WHY[record.reason]}")


_WHY = {
    "slower": "it cannot be the fastest",
    "untried": "with one instance it is too far behind",
    "latency": "it cannot keep the latency bound",
    "error": "its output error is too large",
    "time": "there is no time left for it",
}
