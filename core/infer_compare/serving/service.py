"""A contender of a stored run as a service: real workers behind pipes, with the model and input rows of the run."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.services import setting_of
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
from infer_compare.serving.copy import ServingCopy, unserved
from infer_compare.serving.delays import RunDelays
from infer_compare.serving.live_copies import LiveCopies
from infer_compare.serving.opening import reopened, sizes_of
from infer_compare.timing import MONOTONIC
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.preparation.route import Route
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run
    from infer_compare.timing.clock import Clock

MOST_SIZES = 64
"""Up to so many batch sizes, each is prepared; if there are more, only the measured ones, to which smaller batches are padded."""
RESTARTS = 1
"""How often a copy may be restarted after its worker died."""


class Service(LiveCopies):
    """The workers of a contender that serve batches, one per copy. Made by `open_service`."""

    def __init__(
        self,
        context: RunContext,
        route: Route,
        sizes: tuple[int, ...],
        setting: Setting,
        copies: int,
        *,
        clock: Clock,
    ) -> None:
        """Starts nothing yet.

        Args:
            context: of the reopened run.
            route: of the contender, with as many instances as copies.
            sizes: batch sizes to measure, ascending; the last is the largest that is served.
            setting: the sizes of the other axes.
            copies: how many workers there are.
            clock: returns the time in nanoseconds, by the machine's monotonic clock.
        """
        self.label = route.label
        """Of the contender."""
        self.copies = copies
        """How many workers there are."""
        self.sizes = sizes
        """The batch sizes at which the run measured the contender, and the largest that is served, ascending."""
        self.setting = setting
        """The sizes of the other axes."""
        self.max_batch = sizes[-1]
        """The largest batch that is served."""
        self._context = context
        self._route = route
        self._deaths = [0] * copies
        spec, settings = route.contender.spec, context.settings
        placement = context.placement(spec)
        workers = []
        for place in range(copies):
            client = context.surroundings.launch(spec.python, max_memory=settings.max_memory // copies)
            processors = () if placement is None else (placement.processors[place],)
            worker = ContenderWorker(route, settings, context.pool, client, context.patience, processors)
            workers.append(ServingCopy(worker, client, scratch=context.scratch, deadline_s=settings.timeout_s))
        super().__init__(workers, clock, context.surroundings.sleep)
        self.shared_core = spec.on_host and copies * context.header.threads_of(spec.label) > (
            len(context.surroundings.cores()) - 1
        )
        """Whether the batcher has no core to itself."""

    def start(self) -> None:
        """Start the workers at the same time, then load the model and run every batch size in each.

        Raises:
            WorkerError: a worker does not start.
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
        """Return a reader of how long this thread and the workers' threads wait for a processor."""
        real = self.clock is MONOTONIC
        return RunDelays([copy.client.pid for copy in self._copies] if real else None)

    def restart(self, place: int, death: WorkerError) -> None:
        """Start a copy again that died for the first time. No batch is handed over meanwhile, which lengthens the latencies.

        Raises:
            WorkerError: the copy was restarted before, or does not start.
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
    setting: Setting | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Iterator[Service]:
    """Start the workers of a contender of a stored run, and end them when the context is left.

    Args:
        run: a stored run in which the contender was measured.
        label: of the contender.
        copies: how many workers serve at the same time.
        max_batch: the largest batch size that is served; None for the largest that was measured.
        setting: the sizes of the other axes; optional if the run has only one setting.
        plugins: those to use; None for all that are installed.
        observer: notified of progress.
        surroundings: workers, clock and cores in place of those of this machine, for tests.

    Raises:
        UsageError: the contender was not measured at such sizes, a setting must be named, or the model, a version or the
            machine has changed since the run.
        NoUsableBackend: the contender cannot be started any more.
        WorkerError: a worker died or did not answer while it started.
    """
    setting = setting_of(run, setting)
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
        service = Service(context, route, sizes, setting, copies, clock=clock)
        observer.starting("serve", label)
        try:
            service.start()
            yield service
        except BaseException:
            service.kill()
            raise
        service.close()
