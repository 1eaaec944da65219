"""A worker as its users see it: opened, given a model, asked, suspended, closed.

A client has one worker at a time. Several that run at the same time, the instances of one contender, are a `WorkerGroup`,
which has the same verbs: it posts a request to each client before it awaits the answers. That is why a client posts and
looks for the answer apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from infer_compare.interfaces import FailureKind
from infer_compare.worker.client.failures import NoWorker, OtherVersion, RequestFailed
from infer_compare.worker.protocol import VERSION, Failure, Load, Loaded, Open, Opened, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.worker.client.connection import Connection, MemorySeen

Answer = TypeVar("Answer", bound=Reply)

START_DEADLINE_S = 180.0
"""Importing a framework from a cold disk, and building a large model, may take this long."""


class WorkerClient(ABC):
    """One worker at a time, started anew as often as it is opened. A context manager: leaving it ends the worker."""

    def __init__(self, *, start_deadline_s: float | None = None) -> None:
        """Starts nothing yet.

        Args:
            start_deadline_s: seconds that importing a framework may take, and loading a model.
        """
        self._start_deadline_s = start_deadline_s
        self._connection: Connection | None = None
        self._opened: Opened | None = None

    @abstractmethod
    def _connect(self, *, hurried: bool) -> Connection:
        """Start a fresh worker; see `Open` for what hurried means.

        Raises:
            OSError: its interpreter cannot be started.
        """

    @property
    @abstractmethod
    def memory(self) -> MemorySeen:
        """What is known of the memory of the worker, or of the last one where there is none."""

    @property
    def start_deadline_s(self) -> float:
        """Seconds that importing a framework may take, and loading a model."""
        return START_DEADLINE_S if self._start_deadline_s is None else self._start_deadline_s

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""
        return self._connection is not None and self._connection.alive

    @property
    def pid(self) -> int:
        """The number of the process that answers; NoWorker is raised where there is none."""
        return self._live().pid

    @property
    def spawned_ns(self) -> int:
        """When the worker was started, by the machine's monotonic clock; NoWorker is raised where there is none."""
        return self._live().spawned_ns

    @property
    def stderr_tail(self) -> str:
        """The last lines that the worker wrote to standard output and standard error."""
        return "" if self._connection is None else self._connection.stderr_tail

    def spawn(self, *, hurried: bool = False) -> None:
        """Start a fresh worker that has no backend: all that converting a model needs.

        Raises:
            OSError: its interpreter cannot be started.
        """
        self.close()
        self._opened = None
        self._connection = self._connect(hurried=hurried)

    def start(self, request: Open) -> None:
        """Start a fresh worker, which imports its framework while others do the same.

        Raises:
            OSError: its interpreter cannot be started.
            WorkerDied: it has ended already.
        """
        self.spawn(hurried=request.hurried)
        self._live().post(request)

    def is_open(self, seconds: float) -> bool:
        """Return whether the worker that was started has imported its framework, after waiting for that time at most.

        Raises:
            WorkerError: the framework cannot be imported, not in time, or by a worker of another version.
        """
        if self._opened is None:
            connection = self._live()
            if seconds < connection.time_left(self.start_deadline_s):
                reply = connection.look_for_answer(seconds)
            else:
                reply = connection.answer(self.start_deadline_s)
            if reply is None:
                return False
            self._opened = self._expected(reply, Opened)
            if self._opened.protocol != VERSION:
                self.close()
                raise OtherVersion(self._opened.protocol)
        return True

    def opened(self) -> Opened:
        """Return what the worker says when it has imported its framework.

        Raises:
            WorkerError: see `is_open`.
        """
        self.is_open(self.start_deadline_s)
        assert self._opened is not None
        return self._opened

    def open(self, request: Open) -> Opened:
        """Start a fresh worker and have it import its framework: `start` and `opened`."""
        self.start(request)
        return self.opened()

    def load(self, request: Load, *, deadline_s: float | None = None) -> Loaded:
        """Have the worker load a model and bring it to its device.

        Args:
            request: which model, and where to.
            deadline_s: seconds that it may take; those of a start when None.

        Raises:
            WorkerError: see `ask`.
        """
        return self.ask(request, Loaded, deadline_s=self.start_deadline_s if deadline_s is None else deadline_s)

    def ask(self, request: Request, kind: type[Answer], *, deadline_s: float) -> Answer:
        """Return the answer to a request, which is of a kind. A suspended worker is resumed.

        A worker that ran out of memory, that died or that did not answer is gone afterwards.

        Raises:
            RequestFailed: it says that it failed.
            WorkerDied: it ended, by itself, by a signal or by the memory watchdog.
            WorkerTimeout: there was no answer in time.
            ProtocolViolation: what it said cannot be an answer.
            NoWorker: there is none.
        """
        self.post(request)
        return self._expected(self._live().answer(deadline_s), kind)

    def post(self, request: Request) -> None:
        """Send a request, whose answer must be found before the next one is sent. A suspended worker is resumed.

        Raises:
            WorkerDied: it has ended.
            NoWorker: there is none.
        """
        self._live().post(request)

    def look(self, kind: type[Answer], *, deadline_s: float) -> Answer | None:
        """Return the answer to what was posted, which is of a kind; None where there is none yet, after a look at the memory.

        Raises:
            WorkerError: see `ask`.
        """
        connection = self._live()
        if connection.waits_on and connection.time_left(deadline_s) > 0:
            reply = connection.look_for_answer(0)
        else:
            reply = connection.answer(deadline_s)
        return None if reply is None else self._expected(reply, kind)

    @property
    def waits_on(self) -> Sequence[int]:
        """File descriptors; one becomes readable when there may be an answer; none where looking makes it."""
        return () if self._connection is None else self._connection.waits_on

    @property
    def look_after_s(self) -> float:
        """Seconds after which its memory is to be looked at, while an answer is awaited."""
        return inf if self._connection is None else self._connection.look_after_s

    def _live(self) -> Connection:
        if self._connection is None:
            raise NoWorker("its worker is gone")
        return self._connection

    def _expected(self, reply: Reply, kind: type[Answer]) -> Answer:
        if isinstance(reply, Failure):
            if reply.kind is not FailureKind.NO or reply.fatal:
                # Whatever an out-of-memory leaves behind in a process is not to be timed.
                self.close()
            raise RequestFailed(reply)
        assert isinstance(reply, kind)
        return reply

    def suspend(self) -> None:
        """Stop the worker until it is asked again; none is fine."""
        if self._connection is not None:
            self._connection.suspend()

    def resume(self) -> None:
        """Resume a suspended worker; none is fine."""
        if self._connection is not None:
            self._connection.resume()

    def dismiss(self) -> None:
        """Say goodbye to the worker without waiting for its end; `close` waits."""
        if self._connection is not None:
            self._connection.dismiss()

    def close(self) -> None:
        """End the worker politely; none is fine."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def kill(self) -> None:
        """End the worker at once; none is fine."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an interrupt nobody waits for goodbyes.
        if kind is None:
            self.close()
        else:
            self.kill()


class Launcher(Protocol):
    """Makes clients of workers."""

    def __call__(self, python: str | None, *, max_memory: int) -> WorkerClient:
        """Return a client whose workers run in an interpreter, this one when None, and hold so much memory at most."""
