"""The phase that finds out what runs: one worker alive at a time, batch sizes ascending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.engine.busy import disturbed
from infer_compare.engine.member import Member, Setback
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import sample_rows
from infer_compare.results import AnyOutcome, Died, Failed, Measured, OutOfMemory, Probe, Skipped, Unusable
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare.engine.contenders import Route
    from infer_compare.engine.events import Observer
    from infer_compare.engine.journal import Journal
    from infer_compare.engine.member import Terms
    from infer_compare.engine.pool import InputPool
    from infer_compare.planner import Exploration
    from infer_compare.results.slices import Diagnostics

SINGLE_ROWS = 4
"""Rows that are also run alone, to see that row i of a batch equals row i by itself."""
PATIENCE = 20
"""A probe may take this many times what the size before it lets expect."""


class Explorer:
    """Tries one contender at every size that its exploration asks for."""

    def __init__(
        self, route: Route, terms: Terms, pool: InputPool, journal: Journal, observer: Observer, outputs: Path
    ) -> None:
        """`outputs` is the folder into which the worker writes what it computed."""
        self._route = route
        self._terms = terms
        self._pool = pool
        self._journal = journal
        self._observer = observer
        self._outputs = outputs
        self._latency: dict[int, int] = {}
        self._member = Member(route, terms)
        self._explored = False
        self._diagnostics: list[Diagnostics] = []

    @property
    def disturbed(self) -> bool:
        """Whether other programs made its worker wait, over all that it ran, so that the gate would not let it pass."""
        threads, schedstat = self._terms.threads, self._member.schedstat
        return disturbed(self._diagnostics, threads=threads, schedstat=schedstat) is not None

    def run(self, exploration: Exploration, known: Callable[[OperatingPoint], AnyOutcome | None]) -> bool:
        """Feeds the exploration until it wants no more. The worker is left, suspended, for another time.

        Args:
            exploration: which sizes to try.
            known: outcomes that are stored already and are not to be found again.

        Returns:
            Whether the contender can take part.
        """
        self._outputs.mkdir(parents=True, exist_ok=True)
        member = self._member
        if not member.alive and not self._start(member, record=not self._explored):
            return False
        if not self._explored:
            self._run_singles(member)
            self._explored = True
        while (point := exploration.next()) is not None:
            outcome = known(point)
            if outcome is None:
                self._observer.probing(self._route.label, point)
                outcome = self._probe(member, point)
                self._store(point, outcome)
            exploration.feed(point, outcome)
        for point, skipped in exploration.skipped:
            if known(point) is None:
                self._store(point, skipped)
        member.suspend()
        return True

    def close(self) -> None:
        """Ends the worker."""
        self._member.close()

    def _store(self, point: OperatingPoint, outcome: AnyOutcome) -> None:
        self._journal.add(Probe(phase="explore", contender=self._route.label, point=point, outcome=outcome))
        self._observer.probed(self._route.label, point, outcome)

    def _start(self, member: Member, *, record: bool) -> bool:
        self._observer.starting("explore", member.label)
        try:
            start = member.start(0, self._pool.paths, timing=False)
        except Setback as setback:
            self._journal.add(Unusable(contender=member.label, outcome=setback.outcome))
            self._observer.note(member.label, f"{member.label} cannot take part: {describe(setback.outcome)}")
            return False
        if record:
            self._journal.add(start)
        return True

    def _run_singles(self, member: Member) -> None:
        """Runs the first rows one by one; a model that cannot do that simply has no such comparison."""
        for row in range(SINGLE_ROWS):
            request = Explore(point=OperatingPoint(1), calls=1, outputs=str(self._outputs), rows=(0,), first_row=row)
            try:
                member.ask(request, Explored, phase="agree", deadline_s=self._deadline(1))
            except Setback:
                return

    def _deadline(self, batch: int) -> float:
        """Seconds that a probe may take: the user's time-out, or more where smaller sizes let expect it."""
        if not self._latency:
            return self._terms.timeout_s
        largest = max(self._latency)
        expected_s = self._latency[largest] * max(1.0, batch / largest) * 3 / 1e9
        return max(self._terms.timeout_s, PATIENCE * expected_s)

    def _probe(self, member: Member, point: OperatingPoint) -> AnyOutcome:
        """The outcome at a size; what could be either memory or a defect is tried once more in a fresh worker."""
        first = self._attempt(member, point)
        if isinstance(first, AnyOutcome):
            return first
        second = self._attempt(member, point)
        if isinstance(second, AnyOutcome):
            return second
        if first.suspect and second.suspect and self._latency:
            assert isinstance(second.outcome, Died)
            reason = (
                f"the worker ended with {second.outcome.signal} near its cap of memory, twice, "
                "and smaller batches had passed"
            )
            return OutOfMemory(reason=reason, evidence="repeated", phase="explore")
        return second.outcome

    def _attempt(self, member: Member, point: OperatingPoint) -> AnyOutcome | Setback:
        """The outcome, or the setback when it is to be tried again."""
        try:
            if not member.alive:
                self._observer.starting("explore", member.label)
                member.start(0, self._pool.paths, timing=False)
            if self._pool.grow(point.batch):
                member.map(self._pool.paths)
            request = Explore(point=point, outputs=str(self._outputs), rows=sample_rows(point.batch))
            explored = member.ask(request, Explored, phase="explore", deadline_s=self._deadline(point.batch))
        except Setback as setback:
            return setback if setback.ambiguous or setback.suspect else setback.outcome
        self._latency[point.batch] = explored.latency_ns
        if explored.diagnostics is not None:
            self._diagnostics.append(explored.diagnostics)
        return Measured(
            prepare_ns=explored.prepare_ns,
            first_call_ns=explored.first_call_ns,
            latency_ns=explored.latency_ns,
            memory=explored.memory,
        )


def describe(outcome: AnyOutcome) -> str:
    """The reason in an outcome, for progress and notes."""
    match outcome:
        case Measured():
            return "measured"
        case Skipped() | OutOfMemory() | Failed():
            return outcome.reason
        case Died():
            return f"its worker ended with {outcome.signal or f'exit status {outcome.exit_code}'}"
        case _:
            return getattr(outcome, "reason", "") or "it did not answer in time"


def peaks(probes: Sequence[Probe]) -> dict[str, int]:
    """The highest resident memory of each contender, in bytes, as its probes saw it."""
    found: dict[str, int] = {}
    for probe in probes:
        if isinstance(probe.outcome, Measured):
            found[probe.contender] = max(found.get(probe.contender, 0), probe.outcome.memory.resident or 0)
    return found
