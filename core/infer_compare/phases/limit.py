"""The phase that finds where memory ends: one contender at a time, nothing else alive, nothing timed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infer_compare.interfaces import Device, OperatingPoint
from infer_compare.phases.probe import PASSING_RUNS, RUNS, Prober
from infer_compare.planner.boundary import BoundarySearch
from infer_compare.results import Limit, Measured, Probe, Skipped
from infer_compare.worker.protocol import Explore

if TYPE_CHECKING:
    from infer_compare.phases.events import Observer
    from infer_compare.phases.journal import Journal
    from infer_compare.planner.boundary import Attempt
    from infer_compare.preparation.pool import InputPool
    from infer_compare.preparation.route import Route
    from infer_compare.results import AnyOutcome
    from infer_compare.worker.settings import WorkerSettings

LONGEST_S = 60.0
"""A size whose runs are expected to take longer is not tried: nobody waits for such a batch."""


class LimitFinder:
    """Searches one contender's boundary and stores every probe that it takes."""

    def __init__(
        self, route: Route, terms: WorkerSettings, pool: InputPool, journal: Journal, observer: Observer
    ) -> None:
        """Starts nothing yet."""
        self._label = route.label
        self._journal = journal
        self._observer = observer
        # The cap is one of resident memory: it says nothing of a device's.
        on_host = Device.parse(route.contender.spec.device).kind == "cpu"
        self._search = BoundarySearch(terms.max_memory if on_host else None)
        self._prober = Prober(route, terms, pool, observer, "limit")

    def run(self, deadline: float | None = None) -> Limit:
        """The boundary, stored.

        Args:
            deadline: monotonic seconds after which no probe begins.
        """
        began = time.monotonic()
        probes = self._recall()
        try:
            while (attempt := self._search.next()) is not None:
                expected_s = self._prober.expected_s(attempt.batch)
                if expected_s > LONGEST_S:
                    self._search.end(f"batch {attempt.batch} would take about {expected_s / RUNS:.0f} s")
                elif deadline is not None and time.monotonic() + expected_s > deadline:
                    self._search.end("the time that was given with --budget is used up")
                else:
                    self._try(attempt)
                    probes += 1
        finally:
            self._prober.worker.close()
        limit = self._limit(probes, time.monotonic() - began)
        self._journal.add(limit)
        self._observer.found_limit(limit)
        return limit

    def _recall(self) -> int:
        """Feeds what is stored already; how many probes of an interrupted search are among it."""
        earlier = 0
        for probe in self._journal.run.probes:
            if probe.contender == self._label and not isinstance(probe.outcome, Skipped):
                self._feed(probe.point.batch, probe.outcome, fresh=probe.fresh)
                earlier += probe.phase == "limit"
        return earlier

    def _try(self, attempt: Attempt) -> None:
        point = OperatingPoint(attempt.batch)
        if attempt.fresh and not self._prober.fresh:
            self._prober.worker.close()
        self._observer.probing(self._label, point)
        # A worker that was lost before is replaced by a fresh one, whatever was asked for.
        fresh = attempt.fresh or not self._prober.worker.alive
        calls = RUNS if fresh else PASSING_RUNS
        outcome = self._prober.probe(Explore(point=point, calls=calls, budget_ns=0, repeat_rows=True))
        probe = Probe(phase="limit", contender=self._label, point=point, outcome=outcome, fresh=fresh)
        self._journal.add(probe)
        self._observer.probed(self._label, point, outcome)
        self._feed(attempt.batch, outcome, fresh=fresh)

    def _feed(self, batch: int, outcome: AnyOutcome, *, fresh: bool) -> None:
        resident = outcome.memory.resident if isinstance(outcome, Measured) else None
        self._search.feed(batch, outcome, resident, fresh=fresh)

    def _limit(self, probes: int, elapsed_s: float) -> Limit:
        search = self._search
        low, high = search.largest_fitting, search.smallest_failing
        fitting = search.outcomes.get(low) if low is not None else None
        return Limit(
            contender=self._label,
            largest_fitting=low,
            smallest_failing=high,
            failure=search.outcomes[high] if high is not None else None,
            verified=search.verified,
            swapped=isinstance(fitting, Measured) and fitting.memory.swapped > 0,
            reason=search.reason,
            probes=probes,
            elapsed_s=round(elapsed_s, 3),
        )
