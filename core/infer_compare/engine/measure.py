"""The phase that is ranked: restarts of paired rounds over fixed operating points."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infer_compare.engine.busy import BUSY_WAIT_S, HostBusy, culprit
from infer_compare.engine.team import Team
from infer_compare.planner.duration import LAPS
from infer_compare.planner.points import every_point, labels_at
from infer_compare.results import Measured
from infer_compare.verdicts.protocol import RETRY_FACTOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.engine.contenders import Route
    from infer_compare.engine.events import Observer
    from infer_compare.engine.journal import Journal
    from infer_compare.engine.member import Terms
    from infer_compare.engine.pool import InputPool
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner import Order
    from infer_compare.planner.duration import Expectation
    from infer_compare.planner.points import Points
    from infer_compare.results import Plan, Round

SURE_S = 2.0
"""Rounds that were expected to take so long tell the pace."""
FIRST_POINTS = 3
"""Operating points that tell whether the machine is too busy to be measured on."""


class BudgetSpent(Exception):
    """The time that was given is used up."""


@dataclass(slots=True)
class Tally:
    """The rounds of one restart so far, by operating point."""

    wanted: int
    made: Counter[OperatingPoint] = field(default_factory=Counter)
    clean: Counter[OperatingPoint] = field(default_factory=Counter)

    def lacks(self, point: OperatingPoint) -> bool:
        """Whether a point still needs a round, and retrying it has not been given up."""
        return self.clean[point] < self.wanted and self.made[point] < RETRY_FACTOR * self.wanted

    def missing(self, point: OperatingPoint) -> int:
        """Clean rounds that a point lacks."""
        return max(0, self.wanted - self.clean[point])

    def count(self, point: OperatingPoint, done: Round | None) -> None:
        """Adds a round; None, where no contender is left, is as good as all of them."""
        self.made[point] += 1
        if done is None:
            self.clean[point] = self.wanted
        elif done.clean:
            self.clean[point] += 1


@dataclass(slots=True)
class Measurement:
    """Measures every operating point of every contender."""

    routes: Mapping[str, Route]
    points: Points
    """What the contenders that are ranked run."""
    terms: Terms
    plan: Plan
    pool: InputPool
    journal: Journal
    observer: Observer
    order: Order
    expectation: Expectation
    deadline: float | None = None
    """Monotonic seconds at which the budget is spent."""
    _index: int = 0
    """The last round's, of those that are stored too."""
    _made: int = 0
    _expected_s: float = 0.0
    _spent_s: float = 0.0

    def __post_init__(self) -> None:
        """Goes on counting where a run that is resumed was cut off."""
        self._index = max((one.index for one in self.journal.run.rounds), default=0)

    def team(self, labels: Sequence[str], restart: int) -> Team:
        """Workers for some contenders, not started yet."""
        latencies = {
            key: outcome.latency_ns * self.plan.calls(key[1].batch)
            for key, outcome in self.journal.run.explored.items()
            if isinstance(outcome, Measured)
        }
        return Team(
            [self.routes[label] for label in labels],
            self.terms,
            self.plan.scope,
            restart,
            self.pool,
            self.journal,
            self.observer,
            self.order,
            latencies,
            self.expectation.long_ns,
        )

    def restart(self, restart: int, group: Sequence[str], left: Points, best: Points) -> None:
        """One restart: fresh workers, and rounds over what is not settled.

        Args:
            restart: its number, from 1.
            group: the contenders that are alive together.
            left: what is to be measured, of other groups too.
            best: the candidates for "best" of each contender that are confirmed by the same workers; none for none.

        Raises:
            HostBusy: this is the first restart, and two passes gave no clean round.
            BudgetSpent: the time is used up.
        """
        own = {label: left[label] for label in group if label in left}
        pending = every_point(own)
        labels = [label for label in group if best.get(label) or label in own]
        self._check_budget(sum(self.expectation.start_s.get(label, 0.0) for label in labels))
        tally = Tally(self.plan.rounds_per_restart)
        with self.team(labels, restart) as team:
            team.start()
            if not self.journal.run.rounds:
                self._meet_host(team, own, self.order.shuffled(pending)[:FIRST_POINTS], tally)
            while todo := [point for point in pending if tally.lacks(point)]:
                for point in self.order.shuffled(todo):
                    done = self._measured(team, own, point, tally)
                    if done is not None:
                        self.observer.round_done(done, remaining_s=self._remaining_s(restart, left, tally))
            self._laps(team, best)

    def _meet_host(self, team: Team, own: Points, points: Sequence[OperatingPoint], tally: Tally) -> None:
        """Looks at a few operating points first: where the machine is busy, the run ends here and not minutes later.

        Raises:
            HostBusy: no round of two passes over them was clean.
        """
        spoilt: list[Round] = []
        for attempt in range(2):
            if attempt:
                self.observer.note("machine", f"{culprit(spoilt)}; one more try")
                time.sleep(BUSY_WAIT_S)
            for point in points:
                done = self._measured(team, own, point, tally)
                if done is None or done.clean:
                    return
                spoilt.append(done)
                self.observer.round_done(done, remaining_s=self._remaining_s(1, own, tally))
        if spoilt:
            raise HostBusy(culprit(spoilt))

    def _measured(self, team: Team, own: Points, point: OperatingPoint, tally: Tally) -> Round | None:
        """A round, counted; None where no contender is left."""
        labels = labels_at(point, own)
        self._check_budget(self.expectation.round_s(labels, point))
        done = self._round(team, labels, point, tally.made[point])
        tally.count(point, done)
        return done

    def _round(
        self, team: Team, labels: Sequence[str], point: OperatingPoint, lap: int, *, confirm: bool = False
    ) -> Round | None:
        self._index += 1
        self._made += 1
        began = time.monotonic()
        done = team.round(labels, point, index=self._index, lap=lap, confirm=confirm)
        self._spent_s += time.monotonic() - began
        self._expected_s += self.expectation.round_s(labels, point)
        if done is not None:
            self._expected_s += sum(self.expectation.warm_up_s(one.contender, point) for one in done.warm_ups)
        return done

    def _remaining_s(self, restart: int, left: Points, tally: Tally) -> float:
        """Seconds that are left if nothing settles early, at the pace so far."""
        wanted = self.plan.rounds_per_restart
        here = sum(
            tally.missing(point) * self.expectation.round_s(labels_at(point, left), point)
            for point in every_point(left)
        )
        later = max(0, self.plan.restarts - restart) * self.expectation.restart_s(left, wanted)
        confirming = self.expectation.confirm_s(self.points, LAPS, self.plan.mode) if self.plan.restarts > 1 else 0.0
        return (here + later + confirming) * self._pace

    @property
    def _pace(self) -> float:
        """How much longer rounds have taken than was expected, since the machine was busy or rounds were rejected."""
        return max(1.0, self._spent_s / self._expected_s) if self._expected_s > SURE_S else 1.0

    def confirm(self, restart: int, candidates: Points) -> None:
        """Fresh rounds over the few candidates for "best", close together in time.

        Raises:
            BudgetSpent: the time is used up.
        """
        labels = [label for label, points in candidates.items() if points]
        self._check_budget(sum(self.expectation.start_s.get(label, 0.0) for label in labels))
        with self.team(labels, restart) as team:
            team.start()
            self._laps(team, candidates)

    def _laps(self, team: Team, candidates: Points) -> None:
        union = every_point(candidates)
        for lap in range(LAPS):
            for place, point in enumerate(self.order.shuffled(union)):
                able = labels_at(point, candidates)
                self._check_budget(self.expectation.round_s(able, point))
                done = self._round(team, able, point, lap, confirm=True)
                if done is not None:
                    left = (LAPS - lap) * len(union) - place - 1
                    self.observer.round_done(done, remaining_s=left * self._spent_s / max(1, self._made))

    def sustain(self, restart: int, best: Mapping[str, OperatingPoint], seconds: float) -> None:
        """Runs the best size of each contender on an accelerator for a long time, one after the other.

        Raises:
            BudgetSpent: the time is used up.
        """
        for label, point in best.items():
            self._check_budget(self.expectation.start_s.get(label, 0.0) + seconds)
            with self.team([label], restart) as team:
                team.start()
                if team.able([label], point) and team.pipelines(label):
                    self.observer.note("sustained", f"{label} at {point} for {seconds:g} s")
                    self._index += 1
                    team.sustain(label, point, index=self._index, seconds=seconds)

    def _check_budget(self, cost_s: float) -> None:
        """Lets nothing begin that would end after the budget."""
        if self.deadline is not None and time.monotonic() + cost_s > self.deadline:
            raise BudgetSpent("the time that was given with --budget is used up")
