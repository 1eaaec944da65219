"""The worker of a contender, or the workers of all its instances."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TypeVar

from infer_compare.errors import WorkerError
from infer_compare.phases.outcome_error import OutcomeError, outcome_error
from infer_compare.results import Failed, Phase, Start
from infer_compare.worker.protocol import Done, Explore, Load, Open, Reply, Request, Stage, TimeSlice, WarmUp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.phases.patience import Patience
    from infer_compare.preparation.pool import InputPool
    from infer_compare.preparation.route import Route
    from infer_compare.worker.client import WorkerClient, WorkerGroup
    from infer_compare.worker.settings import WorkerSettings

Answer = TypeVar("Answer", bound=Reply)


class ContenderWorker:
    """A contender's worker with its model and input rows; it can be started again after it was lost.

    As a context manager it ends the worker on leaving.
    """

    def __init__(
        self,
        route: Route,
        settings: WorkerSettings,
        pool: InputPool,
        client: WorkerClient | WorkerGroup,
        patience: Patience,
        processors: tuple[tuple[int, ...], ...] = (),
    ) -> None:
        """Starts nothing yet.

        Args:
            route: the contender, and its model.
            settings: of its workers.
            pool: the input rows; it grows when a larger batch is requested.
            client: of the worker, or of the workers of all instances.
            patience: waits for a server that is not reached.
            processors: the logical processors to which each instance is bound; empty if they run anywhere.
        """
        self.route = route
        self.settings = settings
        self._pool = pool
        self._client = client
        self._patience = patience
        self._processors = processors
        self._timing = False
        self._beside = 0
        self._mapped = 0
        """The largest batch size for which the worker has rows."""
        self.schedstat = True
        self.asynchronous = False
        """Whether its device is asynchronous."""

    @property
    def label(self) -> str:
        """The contender's label."""
        return self.route.label

    @property
    def threads(self) -> int:
        """The thread budget of one instance."""
        return self.route.contender.spec.threads or self.settings.threads

    @property
    def instances(self) -> int:
        """How many workers run at the same time."""
        return self.route.contender.spec.instances

    @property
    def budget(self) -> int:
        """The thread budget of all instances together."""
        return self.instances * self.threads

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""
        return self._client.alive

    def start(self, restart: int, *, timing: bool) -> Start:
        """Start a fresh worker, load the model in it and map the inputs: `begin` and `finish`."""
        self.begin(timing=timing)
        return self.finish(restart)

    def begin(self, *, timing: bool, beside: int = 0) -> None:
        """Start a fresh worker without waiting until it has imported its framework.

        Args:
            timing: whether it is for timing and not for trying sizes. Its memory is then checked less often, and its start is
                hurried, as start-up times are taken from the worker that explores.
            beside: how many workers of other contenders start meanwhile.

        Raises:
            OutcomeError: it cannot be started.
        """
        self._timing = timing
        self._beside = beside + self.instances - 1
        self._mapped = 0
        contender, settings = self.route.contender, self.settings
        opening = Open(
            backend=contender.entry.reference,
            options=contender.spec.options,
            threads=self.threads,
            precision=contender.spec.precision,
            instances=self.instances,
            # A group of workers sets the processors of each.
            processors=self._processors[0] if len(self._processors) == 1 else (),
            seed=settings.seed,
            device_memory=None if settings.device_memory is None else settings.device_memory // self.instances,
            hurried=timing,
            foreign=contender.spec.python is not None,
        )
        try:
            with self._naming("start"):
                self._client.start(opening)
        except OSError as error:
            reason = f"its worker cannot be started: {error.strerror or error}"
            raise OutcomeError(Failed(error=type(error).__name__, reason=reason, phase="start")) from error

    def opened(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the worker that was begun has imported its framework.

        Raises:
            OutcomeError: the framework cannot be imported, or not in time.
        """
        with self._naming("start"):
            return self._client.is_open(seconds)

    def finish(self, restart: int) -> Start:
        """Load the model in the worker that was begun, and map the inputs.

        If a server is not reached, fresh workers try again, after a pause each.

        Args:
            restart: the number of the worker's restart; 0 while exploring.

        Raises:
            OutcomeError: the framework cannot be imported, the model cannot be loaded, or the server is not reached.
        """
        beside = self._beside - self.instances + 1
        return self._patience.started(
            self.label, lambda: self._finish(restart), lambda: self.begin(timing=self._timing, beside=beside)
        )

    def _finish(self, restart: int) -> Start:
        client, contender = self._client, self.route.contender
        with self._naming("start"):
            opened = client.opened()
        self.schedstat = opened.schedstat
        with self._naming("load"):
            loaded = client.load(
                Load(
                    model=self.route.model,
                    device=contender.spec.device,
                    backstop=self.settings.max_memory // self.instances if self.settings.backstop else None,
                )
            )
        self.asynchronous = loaded.asynchronous
        self._map()
        return Start(
            contender=self.label,
            restart=restart,
            pid=client.pid,
            framework_version=opened.version,
            plugin_version=contender.entry.origin.version,
            provenance=self.route.model.provenance,
            chain=self.route.chain,
            importer=self.route.importer,
            device=contender.spec.device,
            asynchronous=loaded.asynchronous,
            effective=loaded.effective,
            beside=self._beside,
            processors=self._processors,
            spawn_ns=max(0, opened.began_ns - client.spawned_ns),
            import_ns=opened.import_ns,
            load_ns=loaded.load_ns,
            to_device_ns=loaded.to_device_ns,
            resident=loaded.resident,
            environment=opened.environment,
        )

    def _map(self) -> None:
        """Make the worker map the present pool of input rows."""
        pool = self._pool
        self._ask(self.route.wiring.mapping(pool.paths, pool.dtypes, pool.free, self.settings.dataset), Done, "load")
        self._mapped = pool.largest

    def _supply(self, request: Request) -> None:
        """Make sure that the worker has mapped enough input rows for a request; the pool may have grown meanwhile."""
        match request:
            case Explore(repeat_rows=True):
                return
            case Explore(point=point) | WarmUp(point=point) | Stage(point=point) | TimeSlice(point=point):
                pass
            case _:
                return
        if self._mapped:
            self._pool.grow(point)
            if self._mapped < self._pool.largest:
                self._map()

    def ask(self, request: Request, kind: type[Answer], *, phase: Phase, deadline_s: float | None = None) -> Answer:
        """Send a request to the worker, with the input rows that it needs, and return the answer.

        After it ran out of memory, died or did not answer in time, the worker is gone.

        Raises:
            OutcomeError: the request did not succeed.
        """
        self._supply(request)
        return self._ask(request, kind, phase, deadline_s)

    def _ask(self, request: Request, kind: type[Answer], phase: Phase, deadline_s: float | None = None) -> Answer:
        with self._naming(phase):
            return self._client.ask(request, kind, deadline_s=deadline_s or self.settings.timeout_s)

    @contextmanager
    def _naming(self, phase: Phase) -> Iterator[None]:
        """Turn errors of a worker into `OutcomeError`."""
        try:
            yield
        except WorkerError as error:
            raise outcome_error(error, phase, cap=self.settings.max_memory, seen=self._client.memory) from error

    def suspend(self) -> None:
        """Stop the worker's process until its next request."""
        self._client.suspend()

    def dismiss(self) -> None:
        """Ask the worker to end without waiting for it; `close` waits."""
        self._client.dismiss()

    def close(self) -> None:
        """End the worker politely, if there is one."""
        self._client.close()

    def kill(self) -> None:
        """End the worker at once."""
        self._client.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._client.__exit__(kind, *error)
