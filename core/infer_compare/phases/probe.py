"""Trying a contender at operating points, in a worker that is replaced when it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.phases.outputs import BrokenOutput
from infer_compare.planner.points import volume
from infer_compare.results import AnyOutcome, Died, Failed, Measured, OutOfMemory, Unavailable
from infer_compare.worker.protocol import Explore, Explored
from infer_compare.worker.supervisor import mebibytes

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.phases.outputs import Outputs
    from infer_compare.preparation.route import Route
    from infer_compare.results import Start
    from infer_compare.results.slices import Diagnostics

OVERDUE = 20
"""A probe may take this multiple of the time expected from earlier points."""
RUNS = 3
"""Consecutive runs that show that a size fits: ONNX Runtime's second run needs more memory than its first."""
PASSING_RUNS = 2
"""The same in a worker that ran other sizes before, whose outcome a fresh worker confirms; two runs show that growth."""


class Probes:
    """Runs operating points in a contender's worker, and starts a fresh worker if the last one was lost."""

    def __init__(
        self,
        context: RunContext,
        route: Route,
        phase: Literal["explore", "limit"] = "explore",
        *,
        outputs: Outputs | None = None,
    ) -> None:
        """Starts nothing yet; `outputs` checks the files of probes that write outputs."""
        self._outputs = outputs
        self._context = context
        self._phase = phase
        self._touched = False
        self._begun = False
        self._refusal: OutcomeError | None = None
        self.worker = context.worker(route)
        self.latencies_ns: dict[OperatingPoint, int] = {}
        """Rough latency of the points that ran."""
        self.diagnostics: list[Diagnostics] = []
        """The counters of the operating system during each probe."""

    @property
    def instances(self) -> int:
        """How many workers the contender has."""
        return self.worker.instances

    def begin(self, *, beside: int) -> None:
        """Start a worker ahead of its turn; `start` then completes its start.

        Args:
            beside: how many workers of other contenders start meanwhile.
        """
        self._context.observer.starting(self._phase, self.worker.label)
        self._touched = False
        try:
            self.worker.begin(timing=False, beside=beside)
        except OutcomeError as refused:
            self._refusal = refused
        self._begun = True

    def opened(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the worker that was begun is ready and suspended, or has failed."""
        if self._refusal is None:
            try:
                if not self.worker.opened(seconds):
                    return False
                self.worker.suspend()
            except OutcomeError as refused:
                # Reported when the worker's turn comes.
                self._refusal = refused
        return True

    def start(self) -> Start:
        """Start a fresh worker, or complete the start of the worker that was begun.

        Raises:
            OutcomeError: it cannot be started.
        """
        begun, self._begun = self._begun, False
        refusal, self._refusal = self._refusal, None
        if refusal is not None and isinstance(refusal.outcome, Unavailable):
            return self.worker.start(0, timing=False)
        if refusal is not None:
            raise refusal
        if begun:
            return self.worker.finish(0)
        self._context.observer.starting(self._phase, self.worker.label)
        self._touched = False
        return self.worker.start(0, timing=False)

    @property
    def fresh(self) -> bool:
        """Whether there is a worker that has run nothing yet."""
        return self.worker.alive and not self._touched

    def probe(self, request: Explore) -> AnyOutcome:
        """Run a point and return its outcome.

        An error that may be due to memory or to a defect is tried once more in a fresh worker, and so is a failed connection.
        """
        first = self._attempt(request)
        if isinstance(first, AnyOutcome):
            return first
        second = self._attempt(request)
        if isinstance(second, AnyOutcome):
            return second
        if first.suspect and second.suspect and self.latencies_ns:
            assert isinstance(second.outcome, Died)
            reason = (
                f"the worker ended with {second.outcome.signal} near its cap of memory, twice, "
                "although smaller batches ran"
            )
            return OutOfMemory(reason=reason, evidence="repeated", phase=self._phase)
        return second.outcome

    def deadline_s(self, point: OperatingPoint) -> float:
        """Return the seconds that a probe may take: the user's time-out, or more if earlier points took long."""
        usual = max(self._context.settings.timeout_s, OVERDUE * self.expected_s(point))
        race = self._context.race
        return usual if race is None or self._phase != "explore" else min(usual, race.left_to_try_s())

    def expected_s(self, point: OperatingPoint) -> float:
        """Return the seconds that the runs of a probe should take, extrapolated from the largest known point; 0 without one."""
        if not self.latencies_ns:
            return 0.0
        largest = max(self.latencies_ns, key=volume)
        return self.latencies_ns[largest] * max(1.0, volume(point) / volume(largest)) * RUNS / 1e9

    def _attempt(self, request: Explore) -> AnyOutcome | OutcomeError:
        """Return the outcome of a point, or the error if the point should be tried again."""
        point = request.point
        if not self._context.pool.fits_worker(point):
            # Writing the rows would take long, and the worker could not hold them anyway.
            reason = (
                f"the inputs of such a batch alone are above the cap of {mebibytes(self._context.settings.max_memory)}"
            )
            return OutOfMemory(reason=reason, evidence="cap", phase=self._phase)
        try:
            if not self.worker.alive:
                self.start()
            self._touched = True
            explored = self.worker.ask(request, Explored, phase=self._phase, deadline_s=self.deadline_s(point))
        except OutcomeError as refused:
            again = refused.ambiguous or refused.suspect or isinstance(refused.outcome, Unavailable)
            return refused if again else refused.outcome
        if self._outputs is not None and request.outputs is not None:
            try:
                self._outputs.accept(request, explored)
            except BrokenOutput as broken:
                return Failed(error="BrokenOutput", reason=str(broken), phase=self._phase)
        peak = explored.memory.resident
        if peak is not None and peak >= self._context.settings.max_memory:
            # The peak was too short for the watchdog, which checks every 20 ms, but the kernel recorded it.
            self.worker.close()
            reason = f"its peak of resident memory, {mebibytes(peak)}, was above the cap of {mebibytes(self._context.settings.max_memory)}"
            return OutOfMemory(reason=reason, evidence="cap", phase=self._phase)
        self.latencies_ns[point] = explored.latency_ns
        if explored.diagnostics is not None:
            self.diagnostics.append(explored.diagnostics)
            if explored.diagnostics.core_ns is not None:
                self._context.core_speed.see(self.worker.label, explored.diagnostics.core_ns)
        return Measured(
            prepare_ns=explored.prepare_ns,
            first_call_ns=explored.first_call_ns,
            latency_ns=explored.latency_ns,
            memory=explored.memory,
        )
