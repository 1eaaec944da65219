"""Exploring one contender: batch sizes ascending, in a single worker unless it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import sample_rows
from infer_compare.phases.busy import disturbed
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.phases.outputs import SINGLE_ROWS, BrokenOutput
from infer_compare.phases.probe import Probes
from infer_compare.results import AnyOutcome, Died, Failed, Measured, OutOfMemory, Probe, Skipped, Unavailable, Unusable
from infer_compare.results.servers import server_of
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from infer_compare.phases.context import RunContext
    from infer_compare.planner import Explorations
    from infer_compare.preparation.route import Route
    from infer_compare.results import Run


class ContenderExploration:
    """Tries one contender at every size that its exploration asks for."""

    def __init__(self, context: RunContext, route: Route, sizes: Explorations) -> None:
        """Starts nothing yet; `sizes` chooses the points, and is fed with their outcomes."""
        self._context = context
        self._route = route
        self._outputs = context.outputs(route.label)
        self.sizes = sizes
        self.probes = Probes(context, route, outputs=self._outputs)
        """Runs points in the contender's worker."""
        self._explored = False

    @property
    def disturbed(self) -> bool:
        """Whether other programs made its worker wait longer than the gate allows, over all its probes."""
        gate, worker = self._context.surroundings.gate, self.probes.worker
        server = server_of(self._context.run, self._route.label)
        if server is not None and server.local:
            return False
        return disturbed(self.probes.diagnostics, gate, threads=worker.budget, schedstat=worker.schedstat) is not None

    @property
    def needs_worker(self) -> bool:
        """Whether `run` will need a worker for its first point."""
        point = self.sizes.next()
        return point is not None and self._is_run(self._known(point))

    def _known(self, point: OperatingPoint) -> AnyOutcome | None:
        """Return the stored outcome of a point, if the run was resumed."""
        return self._context.answered.get((self._route.label, point))

    def _is_run(self, known: AnyOutcome | None) -> bool:
        """Return whether to run a point: if its outcome is not known, or its outputs are still needed for comparing."""
        return known is None or (isinstance(known, Measured) and not self._context.is_compared)

    def run(self) -> bool:
        """Run the points that the exploration chooses, until there are no more; the worker is then suspended.

        Returns:
            Whether the contender can take part.
        """
        self._outputs.folder.mkdir(parents=True, exist_ok=True)
        race = self._context.race
        while (point := self.sizes.next()) is not None:
            if race is not None and race.gives_up(self._route.label, self.sizes.latencies_ns):
                break
            known = outcome = self._known(point)
            if self._is_run(known):
                if not self._ready():
                    return False
                self._context.observer.probing(self._route.label, point)
                probed = self.probes.probe(
                    Explore(
                        point=point,
                        outputs=str(self._outputs.folder),
                        rows=sample_rows(point.batch),
                        axes=self._outputs.asked_axes,
                    )
                )
                if known is None:
                    self._store(point, probed)
                outcome = known or probed
            assert outcome is not None
            self.sizes.feed(point, outcome)
        for point, skipped in self.sizes.skipped:
            if self._known(point) is None:
                self._store(point, skipped)
        self.probes.worker.suspend()
        return True

    def close(self) -> None:
        """End the worker."""
        self.probes.worker.close()

    def _store(self, point: OperatingPoint, outcome: AnyOutcome) -> None:
        self._context.journal.add(Probe(phase="explore", contender=self._route.label, point=point, outcome=outcome))
        self._context.observer.probed(self._route.label, point, outcome)

    def _ready(self) -> bool:
        """Start a worker if none was started yet, record its start and run single rows; return whether it could be started."""
        if self._explored:
            return True
        try:
            start = self.probes.start()
        except OutcomeError as refused:
            self._refuse(refused.outcome)
            return False
        run, label = self._context.run, self._route.label
        if run.start(label) is None or any(record.contender == label for record in run.unusable):
            self._context.journal.add(start)
        for setting in self._context.options.settings:
            self._run_singles(OperatingPoint(1, setting))
        self._explored = True
        return True

    def _refuse(self, outcome: AnyOutcome) -> None:
        """Report that the contender cannot take part, and record it unless it has been started or recorded before."""
        run, label = self._context.run, self._route.label
        known = run.start(label) is not None or any(record.contender == label for record in run.unusable)
        if not known:
            self._context.journal.add(Unusable(contender=label, outcome=outcome))
        self._context.observer.note(label, f"{label} cannot take part: {describe(outcome)}")
        if isinstance(outcome, Unavailable):
            self._context.tell("server", f"{label} did not reach its server; start it, then continue with --resume")

    def _run_singles(self, single: OperatingPoint) -> None:
        """Run the first rows one by one, for comparisons; if the model cannot run them, these comparisons are not made."""
        for row in range(SINGLE_ROWS):
            request = Explore(
                point=single,
                calls=1,
                outputs=str(self._outputs.folder),
                rows=(0,),
                axes=self._outputs.asked_axes,
                first_row=row,
            )
            try:
                explored = self.probes.worker.ask(
                    request, Explored, phase="agree", deadline_s=self.probes.deadline_s(single)
                )
                self._outputs.accept(request, explored)
            except (OutcomeError, BrokenOutput):
                return


def describe(outcome: AnyOutcome) -> str:
    """Return an outcome in words, for progress and notes."""
    match outcome:
        case Measured():
            return "measured"
        case Skipped() | OutOfMemory() | Failed():
            return outcome.reason
        case Died():
            return f"its worker ended with {outcome.signal or f'exit status {outcome.exit_code}'}"
        case _:
            return getattr(outcome, "reason", "") or "it did not answer in time"


def peaks(run: Run) -> dict[str, int]:
    """Return the highest resident memory of each contender while exploring, in bytes."""
    highest: dict[str, int] = {}
    for (label, _), outcome in run.explored.items():
        if isinstance(outcome, Measured):
            highest[label] = max(highest.get(label, 0), outcome.memory.resident or 0)
    return highest
