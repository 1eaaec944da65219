"""The phase that searches for memory limits: one contender at a time, without other workers or timing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.phases.probe import PASSING_RUNS, RUNS, Probes
from infer_compare.planner.boundary import LARGEST, BoundarySearch
from infer_compare.planner.lines import lines
from infer_compare.results import AxisLimit, Limit, Measured, Probe, Skipped, Unavailable
from infer_compare.verdicts.outcome_kinds import kind_of
from infer_compare.worker.protocol import Explore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.lines import Line
    from infer_compare.preparation.route import Route
    from infer_compare.results import AnyOutcome

LONGEST_S = 60.0
"""A size whose runs are expected to take longer is not tried."""


def limit(context: RunContext, labels: Iterable[str]) -> None:
    """Search for the memory limits of each contender, one after the other, if that was requested."""
    if not context.options.find_limit:
        return
    known = {
        (limit.contender, limit.axis if isinstance(limit, AxisLimit) else "", limit.axes)
        for limit in (*context.run.limits, *context.run.axis_limits)
        if not isinstance(limit.failure, Unavailable)
    }
    for label in labels:
        for line in lines(context.options.settings):
            if (label, line.axis, line.setting) not in known:
                LimitFinder(context, context.routes[label], line).run()


class LimitFinder:
    """Searches for the memory limit of one contender along a line, and stores every probe."""

    def __init__(self, context: RunContext, route: Route, line: Line) -> None:
        """Starts nothing yet; the points to try are on `line`."""
        self._context = context
        self._label = route.label
        # The cap limits resident memory of the worker, not that of a device or a server.
        on_host = route.contender.spec.on_host
        self._line = line
        # Sizes of the search are in units of the line's step.
        self._search = BoundarySearch(
            context.settings.max_memory if on_host else None,
            largest=LARGEST // line.step,
            first=max(1, line.first // line.step),
            beyond=f"{line.noun} above {LARGEST // line.step * line.step}",
        )
        self._probes = Probes(context, route, "limit")
        self._unavailable: Unavailable | None = None
        """The outcome that ended the search if the server was not reached."""

    def run(self) -> Limit:
        """Search for the limit, store it and return it; no probe begins that would exceed the budget."""
        now = self._context.surroundings.now
        began = now()
        attempts = self._recall()
        try:
            while (attempt := self._search.next()) is not None:
                point = self._line.point(attempt.size * self._line.step)
                expected_s = self._probes.expected_s(point)
                if expected_s > LONGEST_S:
                    self._search.end(f"{point} would take about {expected_s / RUNS:.0f} s")
                elif self._context.is_over(expected_s):
                    self._search.end("the time given with --budget is used up")
                else:
                    self._try(point, fresh=attempt.fresh)
                    attempts += 1
        finally:
            self._probes.worker.close()
        boundary = self._limit(attempts, now() - began)
        self._context.journal.add(boundary)
        self._context.observer.found_limit(boundary)
        return boundary

    def _recall(self) -> int:
        """Feed stored probes to the search; return how many of them belong to an interrupted search."""
        earlier = 0
        for probe in self._context.journal.run.probes:
            same = probe.contender == self._label and self._line.size(probe.point) is not None
            if same and not isinstance(probe.outcome, Skipped | Unavailable):
                self._feed(probe.point, probe.outcome, fresh=probe.fresh, phase=probe.phase)
                earlier += probe.phase == "limit"
        return earlier

    def _try(self, point: OperatingPoint, *, fresh: bool) -> None:
        if fresh and not self._probes.fresh:
            self._probes.worker.close()
        self._context.observer.probing(self._label, point)
        # A lost worker is always replaced by a fresh one.
        fresh = fresh or not self._probes.worker.alive
        calls = RUNS if fresh else PASSING_RUNS
        outcome = self._probes.probe(Explore(point=point, calls=calls, budget_ns=0, repeat_rows=True))
        probe = Probe(phase="limit", contender=self._label, point=point, outcome=outcome, fresh=fresh)
        self._context.journal.add(probe)
        self._context.observer.probed(self._label, point, outcome)
        if isinstance(outcome, Unavailable):
            # Such an outcome is not about the size.
            self._unavailable = outcome
            self._search.end(f"{point} {kind_of(outcome).because}")
        else:
            self._feed(point, outcome, fresh=fresh)

    def _feed(
        self, point: OperatingPoint, outcome: AnyOutcome, *, fresh: bool, phase: Literal["explore", "limit"] = "limit"
    ) -> None:
        size = self._line.size(point)
        assert size is not None
        resident = outcome.memory.resident if isinstance(outcome, Measured) else None
        if self._line.axis and phase == "explore":
            # The worker that explored still held memory of larger batches of shorter rows.
            resident = None
        self._search.feed(size // self._line.step, outcome, resident, fresh=fresh)

    def _limit(self, attempts: int, elapsed_s: float) -> Limit:
        search = self._search
        low, high = search.largest_fitting, search.smallest_failing
        fitting = search.outcomes.get(low) if low is not None else None
        line = self._line
        boundary = Limit(
            contender=self._label,
            axes=line.setting,
            largest_fitting=low * line.step if low is not None else None,
            smallest_failing=high * line.step if high is not None else None,
            failure=self._unavailable or (search.outcomes[high] if high is not None else None),
            verified=search.verified,
            swapped=isinstance(fitting, Measured) and fitting.memory.swapped > 0,
            reason=search.reason,
            probes=attempts,
            elapsed_s=round(elapsed_s, 3),
        )
        return AxisLimit(**msgspec.structs.asdict(boundary), axis=line.axis) if line.axis else boundary
