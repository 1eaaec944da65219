"""One contender's worker, or those of all its instances: started, asked, lost, started again."""

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
    """A contender's worker with its model and the rows of input. A context manager: leaving it ends the worker."""

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
            settings: what its workers are started with.
            pool: the rows of input. It grows before the worker is asked for a batch that it is too short for.
            client: starts its workers, and speaks to them.
            patience: waits for a server that is not reached.
            processors: the logical processors that each of its instances keeps to; empty where they run anywhere.
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
        """Whether its device works on its own."""

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
        """Start a fresh worker, which imports its framework while others do the same.

        Args:
            timing: what it times is ranked: its memory is looked at less often than while sizes are tried, and its start is
                hurried, since the worker that explores shows what starting costs.
            beside: how many other workers start meanwhile.

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
            # A group tells each of its workers.
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
        """Return whether the worker that was begun has imported its framework, after waiting for that time at most.

        Raises:
            OutcomeError: the framework cannot be imported, or not in time.
        """
        with self._naming("start"):
            return self._client.is_open(seconds)

    def finish(self, restart: int) -> Start:
        """Load the model in the worker that was begun, and map the inputs. Where a server is not reached, fresh workers try
        again, after a wait each.

        Args:
            restart: which set of workers this one belongs to; 0 while exploring.

        Raises:
            OutcomeError: the framework cannot be imported, or the backend cannot load the model, or does not reach its
                server.
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
        """Have the worker map the pool of input rows as it stands."""
        pool = self._pool
        self._ask(self.route.wiring.mapping(pool.paths, pool.dtypes, pool.free, self.settings.dataset), Done, "load")
        self._mapped = pool.largest

    def _supply(self, request: Request) -> None:
        """Make sure that the worker has the rows of the batch that it will be asked to run.

        The pool may have grown for another contender since this worker mapped it.
        """
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
        """Return the worker's answer to a request. It is given the rows of input that the request needs.

        A worker that ran out of memory, that died or that did not answer is gone afterwards.

        Raises:
            OutcomeError: the outcome that anything else is.
        """
        self._supply(request)
        return self._ask(request, kind, phase, deadline_s)

    def _ask(self, request: Request, kind: type[Answer], phase: Phase, deadline_s: float | None = None) -> Answer:
        with self._naming(phase):
            return self._client.ask(request, kind, deadline_s=deadline_s or self.settings.timeout_s)

    @contextmanager
    def _naming(self, phase: Phase) -> Iterator[None]:
        """Turn the ways in which a worker can be lost into outcomes."""
        try:
            yield
        except WorkerError as error:
            raise outcome_error(error, phase, cap=self.settings.max_memory, seen=self._client.memory) from error

    def suspend(self) -> None:
        """Stop the worker until it is asked again."""
        self._client.suspend()

    def dismiss(self) -> None:
        """Say goodbye to the worker without waiting for its end; `close` waits."""
        self._client.dismiss()

    def close(self) -> None:
        """End the worker politely; none left is fine."""
        self._client.close()

    def kill(self) -> None:
        """End the worker at once."""
        self._client.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._client.__exit__(kind, *error)
