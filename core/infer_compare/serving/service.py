"""A contender of a stored run as a service: real workers behind pipes, with the run's own model and rows of input."""

from __future__ import annotations

import select
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import WorkerError
from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.contender_worker import ContenderWorker
from infer_compare.phases.context import RunContext, Surroundings
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.scratch import Scratch
from infer_compare.serving.batcher import Answer
from infer_compare.serving.copy import ServingCopy, unserved
from infer_compare.serving.delays import RunDelays
from infer_compare.serving.opening import reopened, sizes_of
from infer_compare.timing import MONOTONIC
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.preparation.route import Route
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run
    from infer_compare.timing.clock import Clock

SPIN_NS = 200_000
"""Sleeping ends some 100 us late: the last part before a moment of the schedule is spent looking at the clock."""
MOST_SIZES = 64
"""Batch sizes that are prepared one by one; beyond that only those that were measured, which smaller batches are filled up to."""
RESTARTS = 1
"""Fresh workers that a copy gets for one that died."""
LOOK_S = 1.0
"""How often deadlines are looked at."""


class Service:
    """Workers that wait for batches, one for each copy. Made by `open_service`."""

    def __init__(
        self,
        context: RunContext,
        route: Route,
        sizes: tuple[int, ...],
        copies: int,
        *,
        clock: Clock,
    ) -> None:
        """Starts nothing yet.

        Args:
            context: of the run, opened again.
            route: of the contender, which is to have as many instances as there are copies.
            sizes: of batches that are measured, ascending; the last one is the largest that is served.
            copies: how many workers there are.
            clock: the time, by the machine's monotonic clock.
        """
        self.label = route.label
        """Of the contender."""
        self.copies = copies
        """How many workers there are."""
        self.sizes = sizes
        """The batch sizes at which the run measured the contender, and the largest that is served, ascending."""
        self.setting: Setting = context.options.settings[0]
        """The sizes of the other axes."""
        self.max_batch = sizes[-1]
        """The largest batch that is served."""
        self.clock = clock
        self.sleep = context.surroundings.sleep
        """Waits for seconds."""
        self._context = context
        self._route = route
        self._deaths = [0] * copies
        self._free = set(range(copies))
        self._broken: dict[int, WorkerError] = {}
        """Copies that were found dead when they were given a batch."""
        self._stack = ExitStack()
        spec, settings = route.contender.spec, context.settings
        placement = context.placement(spec)
        self._copies = []
        for place in range(copies):
            client = context.surroundings.launch(spec.python, max_memory=settings.max_memory // copies)
            processors = () if placement is None else (placement.processors[place],)
            worker = ContenderWorker(route, settings, context.pool, client, context.patience, processors)
            self._copies.append(ServingCopy(worker, client, scratch=context.scratch, deadline_s=settings.timeout_s))
        self.shared_core = spec.on_host and copies * context.header.threads_of(spec.label) > (
            len(context.surroundings.cores()) - 1
        )
        """Whether the batcher has no core to itself."""

    def start(self) -> None:
        """Start the workers side by side, and have each run every size.

        Raises:
            WorkerError: one does not start.
            InputError: there is no room for the rows of a batch.
        """
        try:
            for copy in self._copies:
                copy.begin()
            for copy in self._copies:
                self._finish(copy)
        except (OutcomeError, WorkerError) as error:
            raise unserved(self.label, error) from error

    def _finish(self, copy: ServingCopy) -> None:
        pool = self._context.pool
        pool.grow(OperatingPoint(self.max_batch, self.setting))
        inputs = self._route.wiring.mapping(pool.paths, pool.dtypes, pool.free)
        smallest = self.sizes[0]
        sizes: Sequence[int] = range(smallest, self.max_batch + 1)
        if len(sizes) > MOST_SIZES:
            sizes = self.sizes
        copy.finish(inputs, [OperatingPoint(size, self.setting) for size in sizes], self.setting)

    def run_delays(self) -> RunDelays:
        """Return what reads how long this thread and the workers' wait for processors."""
        real = self.clock is MONOTONIC
        return RunDelays([copy.client.pid for copy in self._copies] if real else None)

    def hand_over(self, copy: int, first: int, count: int) -> None:
        """Give a copy that is free the requests from one on; their rows are copied."""
        self._free.discard(copy)
        try:
            self._copies[copy].post(first, count)
        except WorkerError as error:
            self._broken[copy] = error

    def wait(self, until_ns: int | None) -> Sequence[Answer]:
        """Return answers as soon as there are any; none at that moment; None waits for an answer, however long that takes.

        Workers are waited for asleep. Only the last 200 us before the moment are spent looking at the clock.

        Raises:
            WorkerError: a copy died that had been started again before.
        """
        now = {place: self._lost(place, error) for place, error in self._broken.items()}
        self._broken.clear()
        if now:
            return tuple(now.values())
        clients = {place: self._copies[place].client for place in range(self.copies) if place not in self._free}
        ready = [place for place, client in clients.items() if not client.waits_on]
        while True:
            answers = [answer for place in ready if (answer := self._look(place)) is not None]
            if answers:
                return answers
            left_ns = None if until_ns is None else until_ns - self.clock()
            if left_ns is not None and left_ns <= 0:
                return ()
            seconds = LOOK_S if left_ns is None else min(LOOK_S, max(0, left_ns - SPIN_NS) / 1e9)
            owners = {descriptor: place for place, client in clients.items() for descriptor in client.waits_on}
            if owners:
                readable, _, _ = select.select(owners, (), (), seconds)
                ready = list(dict.fromkeys(owners[descriptor] for descriptor in readable))
                if not ready and seconds == LOOK_S:
                    ready = list(clients)
            elif seconds:
                self.sleep(seconds)

    def _look(self, place: int) -> Answer | None:
        """Return the answer of a copy; None while there is none."""
        try:
            if not self._copies[place].look():
                return None
        except WorkerError as error:
            return self._lost(place, error)
        self._free.add(place)
        return Answer(place, self.clock())

    def _lost(self, place: int, death: WorkerError) -> Answer:
        """Return the answer of a copy that died, which is started again, once."""
        lost_ns = self.clock()
        self._restart(place, death)
        self._free.add(place)
        return Answer(place, lost_ns, lost=True)

    def _restart(self, place: int, death: WorkerError) -> None:
        """Start a copy again. Meanwhile nothing is handed over, which the latencies show.

        Raises:
            WorkerError: it was started again before, or does not start.
        """
        self._deaths[place] += 1
        if self._deaths[place] > RESTARTS:
            raise WorkerError(
                f"A worker of {self.label} died twice while it served ({str(death).rstrip('.')})."
            ) from death
        copy = self._copies[place]
        self._context.observer.note(self.label, f"a worker of {self.label} died while it served, and is started again")
        try:
            copy.begin()
            self._finish(copy)
        except (OutcomeError, WorkerError) as error:
            raise unserved(self.label, error) from error

    def close(self) -> None:
        """End the workers politely."""
        with ExitStack() as stack:
            for copy in self._copies:
                stack.callback(copy.close)

    def kill(self) -> None:
        """End the workers at once."""
        with ExitStack() as stack:
            for copy in self._copies:
                stack.callback(copy.kill)


@contextmanager
def open_service(
    run: Run,
    label: str,
    *,
    copies: int,
    max_batch: int | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Iterator[Service]:
    """Start the workers of a contender of a stored run, and end them when the context is left.

    Args:
        run: a stored run in which the contender was measured.
        label: of the contender.
        copies: how many workers serve at the same time.
        max_batch: the largest batch size that is asked for; the largest that was measured when None.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        surroundings: workers, clock and cores in place of those of this machine, for tests.

    Raises:
        UsageError: the contender was not measured at such sizes, or the model, a version or the machine is not what it was in
            the run.
        NoUsableBackend: the contender cannot be started any more.
        WorkerError: its worker died or did not answer while it started.
    """
    setting = run.header.options.settings[0]
    sizes = sizes_of(run, label, setting, max_batch)
    meets, plugins, observer = surroundings or Surroundings(), plugins or Plugins.discover(), observer or Observer()
    with Scratch() as scratch, removed_if_killed(scratch):
        observer.preparing(run.header.options.model)
        resolved, route = reopened(run, label, lambda options: resolve(options, plugins, scratch, launch=meets.launch))
        contender = route.contender
        spec = msgspec.structs.replace(contender.spec, instances=copies)
        route = replace(route, contender=replace(contender, spec=spec))
        context = RunContext.of(resolved, Journal(lambda _record: None, [run.header]), observer, scratch, meets)
        clock = MONOTONIC if meets.now is time.monotonic else lambda: round(meets.now() * 1e9)
        service = Service(context, route, sizes, copies, clock=clock)
        observer.starting("serve", label)
        try:
            service.start()
            yield service
        except BaseException:
            service.kill()
            raise
        service.close()
