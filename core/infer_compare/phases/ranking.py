"""Measuring the contenders in paired rounds over fixed operating points, in fresh workers and within the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.phases.ahead import begin_workers_ahead
from infer_compare.phases.busy import FirstRounds
from infer_compare.phases.restart_workers import RestartWorkers
from infer_compare.planner.order import ascending
from infer_compare.planner.points import labels_at
from infer_compare.planner.round_count import RoundCount
from infer_compare.verdicts.protocol import RETRY_FACTOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.duration import Expectation
    from infer_compare.planner.points import Points
    from infer_compare.results import Plan, Round

SURE_S = 2.0
"""Expected duration of rounds from which their actual duration shows the pace."""


class BudgetSpent(Exception):
    """The budget is used up."""


@dataclass(slots=True)
class Ranking:
    """Measures the contenders: rounds in fresh workers, as long as there is time."""

    context: RunContext
    points: Points
    """The operating points of the ranked contenders."""
    plan: Plan
    """With as many restarts and rounds as there is time for."""
    expectation: Expectation
    stack: ExitStack
    """Ends all workers of restarts on leaving."""
    _waiting: RestartWorkers | None = None
    """The workers of the next restart, if they were started ahead."""
    _index: int = 0
    """Number of the last round, including stored ones."""
    _expected_s: float = 0.0
    _spent_s: float = 0.0

    def __post_init__(self) -> None:
        """Continue the numbering of a resumed run."""
        self._index = max((round_.index for round_ in self.context.run.rounds), default=0)

    def next_index(self) -> int:
        """Return the number of the next round."""
        self._index += 1
        return self._index

    def workers(self, labels: Sequence[str], restart: int) -> RestartWorkers:
        """Return workers for some contenders, not started yet."""
        return RestartWorkers(self.context, labels, restart, self.expectation)

    def restart(self, restart: int, group: Sequence[str], left: Points, *, another: bool = False) -> None:
        """Make one restart: fresh workers, and rounds over the unsettled points, in ascending order of batch size.

        Args:
            restart: its number, from 1.
            group: the contenders whose workers are alive at the same time.
            left: the points to measure, of all groups.
            another: whether a further restart of the same contenders will follow. Its workers then start together with these: no core
                is idle while the slowest framework is imported.

        Raises:
            HostBusy: this is the first restart, and none of its first rounds was clean.
            BudgetSpent: the time is used up.
        """
        points = {label: left[label] for label in group if label in left}
        self.check_budget(sum(self.expectation.start_s.get(label, 0.0) for label in points))
        wanted = self.plan.rounds_per_restart
        count = RoundCount("measure", points, wanted, tries=RETRY_FACTOR * wanted)
        later_s = max(0, self.plan.restarts - restart) * self.expectation.restart_s(left, wanted)
        if self.plan.restarts > 1:
            later_s += self.expectation.confirm_s(self.points, self.context.options.mode)
        first = (
            None
            if self.context.run.rounds
            else FirstRounds(
                count.most, self.context.observer, self.context.quiet.has_come, self.context.surroundings.sleep
            )
        )
        workers = self._waiting or self.stack.enter_context(self.workers(list(points), restart))
        self._waiting = None
        if another:
            self._waiting = self.stack.enter_context(self.workers(list(points), restart + 1))
            begin_workers_ahead(self.context, (workers, self._waiting))
        workers.start()
        self.make(workers, count, later_s, first)
        workers.end()

    def make(
        self, workers: RestartWorkers, count: RoundCount, later_s: float, first: FirstRounds | None = None
    ) -> None:
        """Make all rounds of some workers, one operating point after the other.

        Raises:
            HostBusy: none of the first rounds was clean.
            BudgetSpent: the time is used up.
        """
        for point in ascending(count.points):
            labels = labels_at(point, count.points)
            while count.lacks(point):
                self.check_budget(self.expectation.round_s(labels, point))
                done = self._round(workers, labels, count, point)
                count.count(point, done)
                if done is not None:
                    remaining_s = (count.remaining_s(self.expectation) + later_s) * self._pace
                    self.context.observer.round_done(done, remaining_s=remaining_s)
                    if first is not None:
                        first.see(done)

    def _round(
        self, workers: RestartWorkers, labels: Sequence[str], count: RoundCount, point: OperatingPoint
    ) -> Round | None:
        now = self.context.surroundings.now
        began = now()
        done = workers.round(
            labels,
            point,
            index=self.next_index(),
            repetition=count.made[point],
            confirm=count.phase == "confirm",
            strict=count.spares(point),
        )
        self._spent_s += now() - began
        self._expected_s += self.expectation.round_s(labels, point)
        if done is not None:
            self._expected_s += sum(self.expectation.warm_up_s(warm_up.contender, point) for warm_up in done.warm_ups)
        return done

    @property
    def _pace(self) -> float:
        """The factor by which rounds took longer than expected, because the machine was busy or rounds were rejected."""
        return max(1.0, self._spent_s / self._expected_s) if self._expected_s > SURE_S else 1.0

    def check_budget(self, cost_s: float) -> None:
        """Raise `BudgetSpent` if a step of `cost_s` seconds would exceed the budget."""
        if self.context.is_over(cost_s):
            raise BudgetSpent("the time given with --budget is used up")
