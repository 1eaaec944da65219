"""One contender's worker through its lives: started, asked, lost, started again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from infer_compare.environment import memory
from infer_compare.errors import ProtocolViolation, WorkerDied, WorkerTimeout
from infer_compare.foreign import shortened
from infer_compare.interfaces import FailureKind
from infer_compare.results import (
    AnyOutcome,
    Failed,
    LimitReached,
    OutOfMemory,
    Phase,
    Skipped,
    Start,
    TimedOut,
)
from infer_compare.worker.protocol import (
    VERSION,
    Explore,
    Failure,
    Inputs,
    Load,
    Loaded,
    Open,
    Opened,
    Reply,
    Request,
    TimeSlice,
    WarmUp,
)
from infer_compare.worker.supervisor import Process, Watchdog, is_suspect, name_death

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.preparation.pool import InputPool
    from infer_compare.preparation.route import Route

Answer = TypeVar("Answer", bound=Reply)

START_DEADLINE_S = 180.0
"""Importing a framework from a cold disk, and building a large model, may take this long."""


class OutcomeError(Exception):
    """A request that did not succeed, as the outcome that it is."""

    def __init__(
        self,
        outcome: AnyOutcome,
        *,
        ambiguous: bool = False,
        suspect: bool = False,
        touched: OperatingPoint | None = None,
    ) -> None:
        """Carries the outcome.

        Args:
            outcome: how it ended.
            ambiguous: the error is seen for out-of-memory and for other causes.
            suspect: a crash near the memory cap.
            touched: the operating point that the worker had announced.
        """
        super().__init__(str(outcome))
        self.outcome = outcome
        self.ambiguous = ambiguous
        self.suspect = suspect
        self.touched = touched


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What every worker of a run is started with."""

    threads: int
    seed: int
    max_memory: int
    timeout_s: float
    device_memory: int | None = None
    """See `Settings.device_memory`."""
    backstop: bool = False
    """Whether the kernel helps the watchdog to keep the cap."""
    dataset: tuple[Path, ...] = ()
    """One file per input, where passes over a data set are timed."""


class WorkerClient:
    """Owns at most one worker process of a contender. A context manager: leaving it ends the process."""

    def __init__(self, route: Route, terms: WorkerSettings) -> None:
        """Starts nothing yet."""
        self.route = route
        self.terms = terms
        self._process: Process | None = None
        self._watchdog = Watchdog(terms.max_memory)
        self._kills = 0
        self._opened: Opened | None = None
        self._beside = 0
        self._pool: InputPool | None = None
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
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""
        return self._process is not None and self._process.alive

    def start(self, restart: int, pool: InputPool, *, timing: bool) -> Start:
        """Starts a fresh worker, loads the model in it and maps the inputs: `begin` and `finish`."""
        self.begin(timing=timing)
        return self.finish(restart, pool)

    def begin(self, *, timing: bool, beside: int = 0) -> None:
        """Starts a fresh worker, which imports its framework while others do the same.

        Args:
            timing: what it times is ranked: its memory is looked at less often than while sizes are tried, and its start is
                hurried, since what starting costs is told by the worker that explores.
            beside: how many other workers start meanwhile.

        Raises:
            OutcomeError: it cannot be started.
        """
        self.close()
        self._pool = None
        self._opened = None
        self._beside = beside
        contender = self.route.contender
        self._watchdog = Watchdog(self.terms.max_memory)
        if timing:
            self._watchdog.timing()
        self._kills = memory.kernel_kills() or 0
        try:
            self._process = process = Process(contender.spec.python, watchdog=self._watchdog)
        except OSError as error:
            reason = f"its worker cannot be started: {error.strerror or error}"
            raise OutcomeError(Failed(error=type(error).__name__, reason=reason, phase="start")) from error
        opening = Open(
            backend=contender.entry.reference,
            options=contender.spec.options,
            threads=self.terms.threads,
            seed=self.terms.seed,
            device_memory=self.terms.device_memory,
            hurried=timing,
        )
        with self._naming(process, "start"):
            process.post(opening)

    def opened(self, seconds: float) -> bool:
        """Return whether the worker that was begun has imported its framework, after waiting for that time at most.

        Raises:
            OutcomeError: the framework cannot be imported, or not in time.
        """
        if self._opened is not None:
            return True
        process = self._process
        if process is None:
            raise OutcomeError(Failed(error="NoWorker", reason="its worker is gone", phase="start"))
        with self._naming(process, "start"):
            if seconds < process.time_left(START_DEADLINE_S):
                reply = process.look_for_answer(seconds)
            else:
                reply = process.answer(START_DEADLINE_S)
        if reply is None:
            return False
        opened = self._expected(reply, Opened, "start", process)
        if opened.protocol != VERSION:
            self.close()
            reason = (
                f"its interpreter has another infer-compare, whose workers speak version {opened.protocol} "
                f"of the protocol; this one speaks {VERSION}"
            )
            raise OutcomeError(Skipped(reason=reason))
        self._opened = opened
        return True

    def finish(self, restart: int, pool: InputPool) -> Start:
        """Loads the model in the worker that was begun, and maps the inputs.

        Args:
            restart: which set of workers this one belongs to; 0 while exploring.
            pool: the rows of input. It grows before the worker is asked for a batch that it is too short for.

        Raises:
            OutcomeError: the framework cannot be imported, or the backend cannot load the model.
        """
        self.opened(START_DEADLINE_S)
        process, opened, contender = self._process, self._opened, self.route.contender
        assert process is not None
        assert opened is not None
        self.schedstat = opened.schedstat
        loaded = self.ask(
            Load(
                model=self.route.model,
                device=contender.spec.device,
                backstop=self.terms.max_memory if self.terms.backstop else None,
            ),
            Loaded,
            phase="load",
            deadline_s=START_DEADLINE_S,
        )
        self.asynchronous = loaded.asynchronous
        self._map(pool)
        return Start(
            contender=self.label,
            restart=restart,
            pid=process.pid,
            framework_version=opened.version,
            plugin_version=contender.entry.origin.version,
            provenance=self.route.model.provenance,
            chain=self.route.chain,
            device=contender.spec.device,
            asynchronous=loaded.asynchronous,
            effective=loaded.effective,
            beside=self._beside,
            spawn_ns=max(0, opened.began_ns - process.spawned_ns),
            import_ns=opened.import_ns,
            load_ns=loaded.load_ns,
            to_device_ns=loaded.to_device_ns,
            resident=loaded.resident,
        )

    def _map(self, pool: InputPool) -> None:
        """Has the worker map the pool of input rows as it stands."""
        from infer_compare.worker.protocol import Done

        wiring = self.route.wiring
        order = wiring.inputs or range(len(pool.paths))
        paths = tuple(str(pool.paths[place]) for place in order)
        dataset = tuple(str(self.terms.dataset[place]) for place in order) if self.terms.dataset else ()
        dtypes = tuple(pool.dtypes[place] for place in order)
        request = Inputs(paths=paths, axes=wiring.axes, shared=wiring.shared, dtypes=dtypes, dataset=dataset)
        self.ask(request, Done, phase="load")
        self._pool, self._mapped = pool, pool.largest

    def _supply(self, request: Request) -> None:
        """Makes sure that the worker has the rows of the batch that it is to be asked for.

        The pool may have grown for another contender since this worker mapped it.
        """
        match request:
            case Explore(repeat_rows=True):
                return
            case Explore(point=point) | WarmUp(point=point) | TimeSlice(point=point):
                pool = self._pool
            case _:
                return
        if pool is not None:
            pool.grow(point.batch)
            if self._mapped < pool.largest:
                self._map(pool)

    def ask(self, request: Request, kind: type[Answer], *, phase: Phase, deadline_s: float | None = None) -> Answer:
        """Asks the worker and returns its answer, which must be of a kind. It has the rows that the request needs.

        A worker that ran out of memory, that died or that did not answer is gone afterwards.

        Raises:
            OutcomeError: the outcome that anything else is.
        """
        self._supply(request)
        process = self._process
        if process is None:
            raise OutcomeError(Failed(error="NoWorker", reason="its worker is gone", phase=phase))
        with self._naming(process, phase):
            reply = process.ask(request, deadline_s or self.terms.timeout_s)
        return self._expected(reply, kind, phase, process)

    @contextmanager
    def _naming(self, process: Process, phase: Phase) -> Iterator[None]:
        """Turns the ways in which a worker can be lost into outcomes."""
        try:
            yield
        except WorkerDied as death:
            kills = (memory.kernel_kills() or 0) - self._kills
            outcome = name_death(death, phase, cap=self.terms.max_memory, kernel_kills=kills)
            suspect = is_suspect(outcome, highest=self._watchdog.highest, cap=self.terms.max_memory)
            raise OutcomeError(outcome, suspect=suspect, touched=process.touched) from death
        except WorkerTimeout as late:
            timed_out = TimedOut(deadline_s=late.deadline_s, phase=phase, stderr_tail=late.stderr_tail[-2000:])
            raise OutcomeError(timed_out, touched=process.touched) from late
        except ProtocolViolation as lie:
            failed = Failed(error="ProtocolViolation", reason=str(lie), phase=phase)
            raise OutcomeError(failed, touched=process.touched) from lie

    def _expected(self, reply: Reply, kind: type[Answer], phase: Phase, process: Process) -> Answer:
        """The reply, which is a failure or else of the kind that answers the request."""
        if isinstance(reply, Failure):
            raise self._raised(reply, phase, process.touched)
        assert isinstance(reply, kind)
        return reply

    def _raised(self, failure: Failure, phase: Phase, touched: OperatingPoint | None) -> OutcomeError:
        # What the other interpreter lacks is known only when its worker is asked to begin.
        if failure.category in {"device", "unsupported"} or (failure.category == "usage" and phase == "start"):
            return OutcomeError(Skipped(reason=failure.text))
        reason = first_line(failure.text) or failure.error
        match failure.kind:
            case FailureKind.OOM:
                # Whatever an out-of-memory leaves behind in a process is not to be timed.
                self.close()
                return OutcomeError(OutOfMemory(reason=reason, evidence="raised", phase=phase), touched=touched)
            case FailureKind.LIMIT:
                self.close()
                return OutcomeError(LimitReached(reason=reason, phase=phase), touched=touched)
            case FailureKind.AMBIGUOUS:
                self.close()
            case FailureKind.NO:
                if failure.fatal:
                    self.close()
        failed = Failed(error=failure.error, reason=reason, phase=phase, traceback=failure.traceback)
        return OutcomeError(failed, ambiguous=failure.kind is FailureKind.AMBIGUOUS, touched=touched)

    def suspend(self) -> None:
        """Stops the worker until it is asked again."""
        if self._process is not None:
            self._process.suspend()

    def dismiss(self) -> None:
        """Says goodbye to the worker without waiting for its end; `close` waits."""
        if self._process is not None:
            self._process.dismiss()

    def close(self) -> None:
        """Ends the worker politely; none left is fine."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def kill(self) -> None:
        """Ends the worker at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an interrupt nobody waits for goodbyes.
        if kind is None:
            self.close()
        else:
            self.kill()


def first_line(text: str) -> str:
    """The first line that says something, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return shortened(line, 400)
