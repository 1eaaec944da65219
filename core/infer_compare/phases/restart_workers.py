"""The workers of a restart, of which only one runs at a time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from infer_compare.phases.outcome_error import ContenderLost, OutcomeError
from infer_compare.phases.turns import Turn, Turns
from infer_compare.planner.warming import known_latencies_ns, settled
from infer_compare.results import AnyOutcome, Death, Phase, Round, Slice, Unavailable, WarmUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.planner.duration import Expectation
    from infer_compare.results import Series

RESPAWNS = 2
"""How often a contender's worker is replaced within a restart; after a further loss the contender is out of the restart."""


class RestartWorkers:
    """Fresh workers for some contenders. As a context manager it ends all of them on leaving."""

    def __init__(self, context: RunContext, labels: Sequence[str], restart: int, expectation: Expectation) -> None:
        """Starts nothing yet.

        Args:
            context: of the run.
            labels: the contenders.
            restart: the number of this set of workers, from 1.
            expectation: the expected durations.
        """
        self._context = context
        self._workers = {label: context.worker(context.routes[label]) for label in labels}
        self._turns = Turns(context, expectation)
        self.contenders = tuple(labels)
        self._restart = restart
        self._journal = context.journal
        self._order = context.order
        self._settled: frozenset[tuple[str, OperatingPoint]] = frozenset()
        """Points at which all earlier workers reached their final speed at once."""
        self._known_ns: dict[tuple[str, OperatingPoint], int] = {}
        """Latencies in the slices of earlier workers."""
        self._warm: dict[tuple[str, OperatingPoint], WarmUp] = {}
        self._losses: dict[str, int] = {}
        self._ahead: set[str] = set()
        """Contenders whose workers were begun before `start`."""
        self._stack = contextlib.ExitStack()
        self.lost: set[tuple[str, OperatingPoint]] = set()
        """Points at which a contender failed in this restart; they are not tried again."""

    def start(self) -> None:
        """Start the workers in random order; a contender whose worker does not start is out of this restart.

        They import their frameworks in parallel, as start-up times are taken from the workers that explore.
        """
        self._settled = settled(self._journal.run.rounds)
        self._known_ns = known_latencies_ns(self._journal.run.rounds)
        workers = sum(map(self.instances, self._workers))
        order = self._order.shuffled(list(self._workers))
        begun = [
            label
            for label in order
            if label in self._ahead or self._begin(label, beside=workers - self.instances(label))
        ]
        for label in begun:
            if label in self.labels:
                self._finish(label)

    def instances(self, label: str) -> int:
        """Return how many workers a contender has."""
        return self._workers[label].instances

    def begin(self, label: str, *, beside: int) -> None:
        """Start the worker of a contender ahead of time; `start` then completes its start.

        Args:
            label: of the contender.
            beside: how many workers of other contenders start meanwhile.
        """
        self._ahead.add(label)
        self._begin(label, beside=beside)

    def opened(self, label: str, seconds: float) -> bool:
        """Wait up to `seconds`; return whether a contender's worker that was begun is ready and suspended, or is lost."""
        worker = self._workers[label]
        if label in self.labels:
            try:
                if not worker.opened(seconds):
                    return False
            except OutcomeError as refused:
                self._no_start(label, refused)
            else:
                worker.suspend()
        return True

    def _begin(self, label: str, *, beside: int = 0) -> bool:
        self._context.observer.starting("measure", label)
        try:
            self._workers[label].begin(timing=True, beside=beside)
        except OutcomeError as refused:
            self._no_start(label, refused)
            return False
        return True

    def _finish(self, label: str) -> None:
        worker = self._workers[label]
        try:
            self._journal.add(worker.finish(self._restart))
        except OutcomeError as refused:
            self._no_start(label, refused)
        else:
            worker.suspend()

    def _no_start(self, label: str, refused: OutcomeError) -> None:
        self._record_death(label, None, refused.outcome, "start")
        self._losses[label] = RESPAWNS + 1

    @property
    def labels(self) -> tuple[str, ...]:
        """The contenders that still take part in the restart."""
        return tuple(label for label in self._workers if self._losses.get(label, 0) <= RESPAWNS)

    def able(self, labels: Sequence[str], point: OperatingPoint) -> tuple[str, ...]:
        """Return the contenders among `labels` that can still be measured at an operating point."""
        return tuple(label for label in labels if label in self.labels and (label, point) not in self.lost)

    def round(
        self,
        labels: Sequence[str],
        point: OperatingPoint,
        *,
        index: int,
        repetition: int,
        confirm: bool = False,
        strict: bool = False,
    ) -> Round | None:
        """Measure a round and store it; None if no contender is left that can be measured.

        A contender that fails is not measured at this point again; the round is repeated with the others.

        Args:
            labels: the contenders.
            point: the operating point.
            index: number of the round in the run.
            repetition: number of the round at this point in this set of workers.
            confirm: whether the round confirms a size.
            strict: see `Turn`.
        """
        while able := self.able(labels, point):
            try:
                done = self._round(able, point, index=index, repetition=repetition, confirm=confirm, strict=strict)
            except ContenderLost:
                continue
            self._journal.add(done)
            return done
        return None

    def sustain(self, label: str, point: OperatingPoint, *, index: int, seconds: float) -> Round | None:
        """Run a contender alone at one operating point for `seconds`, and store the round; None if it was lost."""
        if label not in self.able([label], point):
            return None
        try:
            warm_ups = () if (label, point) in self._warm else (self._warm_up(label, point),)
            piece = self._slice(label, Turn(self._warm[label, point], 0, "sustained", seconds))
        except ContenderLost:
            return None
        done = Round(
            phase="sustain",
            restart=self._restart,
            index=index,
            point=point,
            order=(label,),
            slices=(piece,),
            clean=piece.rejected is None,
            warm_ups=warm_ups,
        )
        self._journal.add(done)
        return done

    def _round(
        self, labels: Sequence[str], point: OperatingPoint, *, index: int, repetition: int, confirm: bool, strict: bool
    ) -> Round:
        warm_ups = [self._warm_up(label, point) for label in labels if (label, point) not in self._warm]
        order = self._order.round(labels)
        self._context.observer.timing(point)
        slices = tuple(
            self._slice(label, Turn(self._warm[label, point], position, series, strict=strict))
            for position, label in enumerate(order)
            for series in self._series(label)
        )
        return Round(
            phase="confirm" if confirm else "measure",
            restart=self._restart,
            index=index,
            repetition=repetition,
            point=point,
            order=order,
            slices=slices,
            clean=all(piece.rejected is None for piece in slices),
            warm_ups=tuple(warm_ups),
        )

    def _warm_up(self, label: str, point: OperatingPoint) -> WarmUp:
        self._context.observer.warming(label, point)
        # The first point of a worker also includes one-time work of its framework, so it is never brief.
        later = any(known == label for known, _ in self._warm)
        brief = later and (label, point) in self._settled
        known_ns = self._known_ns.get((label, point)) if later else None
        try:
            warmed = self._turns.warm_up(self._workers[label], point, brief=brief, known_ns=known_ns)
        except OutcomeError as refused:
            raise self._lose(label, point, refused, "warm_up") from None
        self._warm[label, point] = warmed
        return warmed

    def pipelines(self, label: str) -> bool:
        """Return whether a contender's batches are enqueued ahead, which is so on an asynchronous device."""
        return self._workers[label].asynchronous and self._context.options.scope == "device"

    def _series(self, label: str) -> tuple[Series, ...]:
        """Return the series that are timed in a contender's turn: three on an asynchronous device, else one."""
        return ("latency", "pipelined", "enqueue") if self.pipelines(label) else ("latency",)

    def _slice(self, label: str, turn: Turn) -> Slice:
        try:
            return self._turns.slice(self._workers[label], turn)
        except OutcomeError as refused:
            raise self._lose(label, turn.warm.point, refused, "measure") from None

    def _lose(self, label: str, point: OperatingPoint, refused: OutcomeError, phase: Phase) -> ContenderLost:
        """Record that a contender failed at a point, and start a fresh worker; the point is tried again only if its server was lost."""
        if not isinstance(refused.outcome, Unavailable):
            self.lost.add((label, point))
        self._losses[label] = self._losses.get(label, 0) + 1
        self._record_death(label, point, refused.outcome, phase)
        self._warm = {key: value for key, value in self._warm.items() if key[0] != label}
        if not self._workers[label].alive and self._losses[label] <= RESPAWNS and self._begin(label):
            self._finish(label)
        return ContenderLost()

    def _record_death(self, label: str, point: OperatingPoint | None, outcome: AnyOutcome, phase: Phase) -> None:
        self._journal.add(Death(contender=label, restart=self._restart, phase=phase, point=point, outcome=outcome))

    def __enter__(self) -> Self:
        for worker in self._workers.values():
            self._stack.enter_context(worker)
        return self

    def end(self) -> None:
        """End all workers in parallel."""
        try:
            for worker in self._workers.values():
                worker.dismiss()
        finally:
            self._stack.close()

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            self.end()
        else:
            self._stack.__exit__(kind, *error)  # type: ignore[arg-type]
