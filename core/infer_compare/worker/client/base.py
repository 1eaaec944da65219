"""The client of a worker: it opens the worker, loads a model, makes requests, suspends and closes it.

A client has one worker at a time. The instances of a contender, which run at the same time, form a `WorkerGroup` with the same
methods. A group posts a request to each client before it awaits the answers, so posting and looking for the answer are separate.
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
"""How long importing a framework from a cold disk, or building a large model, may take."""


class WorkerClient(ABC):
    """The client of one worker, which is started anew each time it is opened.

    As a context manager it ends the worker on leaving.
    """

    def __init__(self, *, start_deadline_s: float | None = None) -> None:
        """Starts nothing yet.

        Args:
            start_deadline_s: how long importing a framework and loading a model may each take; None for the default.
        """
        self._start_deadline_s = start_deadline_s
        self._connection: Connection | None = None
        self._opened: Opened | None = None

    @abstractmethod
    def _connect(self, *, hurried: bool) -> Connection:
        """Start a fresh worker; see `Open.hurried`.

        Raises:
            OSError: its interpreter cannot be started.
        """

    @property
    @abstractmethod
    def memory(self) -> MemorySeen:
        """What is known of the memory of the worker, or of the last one if there is none."""

    @property
    def start_deadline_s(self) -> float:
        """How long importing a framework and loading a model may each take, in seconds."""
        return START_DEADLINE_S if self._start_deadline_s is None else self._start_deadline_s

    @property
    def alive(self) -> bool:
        """Whether there is a worker that can be asked."""
        return self._connection is not None and self._connection.alive

    @property
    def pid(self) -> int:
        """The process id of the worker; raises `NoWorker` without one."""
        return self._live().pid

    @property
    def spawned_ns(self) -> int:
        """When the worker was started, by the machine's monotonic clock; raises `NoWorker` without one."""
        return self._live().spawned_ns

    @property
    def stderr_tail(self) -> str:
        """The last lines that the worker wrote to standard output and standard error."""
        return "" if self._connection is None else self._connection.stderr_tail

    def spawn(self, *, hurried: bool = False) -> None:
        """Start a fresh worker without a backend, which suffices for converting a model.

        Raises:
            OSError: its interpreter cannot be started.
        """
        self.close()
        self._opened = None
        self._connection = self._connect(hurried=hurried)

    def start(self, request: Open) -> None:
        """Start a fresh worker without waiting until it has imported its framework.

        Raises:
            OSError: its interpreter cannot be started.
            WorkerDied: the worker has already ended.
        """
        self.spawn(hurried=request.hurried)
        self._live().post(request)

    def is_open(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the started worker has imported its framework.

        Raises:
            WorkerError: the framework cannot be imported, or not in time, or the worker has another version.
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
        """Wait until the worker has imported its framework, and return its answer.

        Raises:
            WorkerError: see `is_open`.
        """
        self.is_open(self.start_deadline_s)
        assert self._opened is not None
        return self._opened

    def open(self, request: Open) -> Opened:
        """Start a fresh worker and wait until it has imported its framework: `start` and `opened`."""
        self.start(request)
        return self.opened()

    def load(self, request: Load, *, deadline_s: float | None = None) -> Loaded:
        """Make the worker load a model and bring it to its device.

        Args:
            request: the model and the device.
            deadline_s: how long that may take; None for the deadline of a start.

        Raises:
            WorkerError: see `ask`.
        """
        return self.ask(request, Loaded, deadline_s=self.start_deadline_s if deadline_s is None else deadline_s)

    def ask(self, request: Request, kind: type[Answer], *, deadline_s: float) -> Answer:
        """Send a request and wait for its answer, which is of type `kind`. A suspended worker is resumed.

        After it ran out of memory, died or did not answer in time, the worker is gone.

        Raises:
            RequestFailed: the worker reports a failure.
            WorkerDied: it ended, by itself, by a signal or by the memory watchdog.
            WorkerTimeout: there was no answer in time.
            ProtocolViolation: its answer is impossible.
            NoWorker: there is no worker.
        """
        self.post(request)
        return self._expected(self._live().answer(deadline_s), kind)

    def post(self, request: Request) -> None:
        """Send a request, whose answer must be received before the next is sent. A suspended worker is resumed.

        Raises:
            WorkerDied: the worker has ended.
            NoWorker: there is no worker.
        """
        self._live().post(request)

    def look(self, kind: type[Answer], *, deadline_s: float) -> Answer | None:
        """Return the answer to the posted request, of type `kind`; None if it has not arrived. Also checks the worker's memory.

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
        """File descriptors of which one becomes readable when there may be an answer; none if looking produces it."""
        return () if self._connection is None else self._connection.waits_on

    @property
    def look_after_s(self) -> float:
        """How often to check the worker's memory while an answer is awaited, in seconds."""
        return inf if self._connection is None else self._connection.look_after_s

    def _live(self) -> Connection:
        if self._connection is None:
            raise NoWorker("its worker is gone")
        return self._connection

    def _expected(self, reply: Reply, kind: type[Answer]) -> Answer:
        if isinstance(reply, Failure):
            if reply.kind is not FailureKind.NO or reply.fatal:
                # A process that ran out of memory is in an unknown state, and must not be timed.
                self.close()
            raise RequestFailed(reply)
        assert isinstance(reply, kind)
        return reply

    def suspend(self) -> None:
        """Stop the worker, if there is one, until its next request."""
        if self._connection is not None:
            self._connection.suspend()

    def resume(self) -> None:
        """Resume a suspended worker, if there is one."""
        if self._connection is not None:
            self._connection.resume()

    def dismiss(self) -> None:
        """Ask the worker to end without waiting for it; `close` waits."""
        if self._connection is not None:
            self._connection.dismiss()

    def close(self) -> None:
        """End the worker politely, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def kill(self) -> None:
        """End the worker at once, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error or an interrupt, do not wait for a polite end.
        if kind is None:
            self.close()
        else:
            self.kill()


class Launcher(Protocol):
    """Makes clients of workers."""

    def __call__(self, python: str | None, *, max_memory: int) -> WorkerClient:
        """Return a client for workers with a memory limit in bytes, in another interpreter or in this one if `python` is None."""
