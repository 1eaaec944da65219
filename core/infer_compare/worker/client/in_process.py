"""A worker without a process: the worker's code runs in this process, for tests with scripted backends."""

from __future__ import annotations

import contextlib
import os
from math import inf
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import WorkerTimeout
from infer_compare.timing.clock import MONOTONIC
from infer_compare.worker import border
from infer_compare.worker.client.base import WorkerClient
from infer_compare.worker.client.connection import MemorySeen
from infer_compare.worker.protocol import Bye, Open, Reply, Request, reply_decoder, request_decoder, to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.timing.clock import Clock
    from infer_compare.worker.child.host import Host


class InProcess(WorkerClient):
    """Answers requests in this process, as a worker would.

    Messages are encoded, decoded and checked as with a real worker. Only what takes a process is missing: deaths, signals, a memory
    cap, and a deadline that passes while nothing answers.
    """

    def __init__(self, make_host: Callable[[], Host] | None = None, *, clock: Clock = MONOTONIC) -> None:
        """Starts nothing yet.

        Args:
            make_host: makes a new `Host` for each worker; None for that of a real worker.
            clock: returns the time at which requests are posted and answered; that of the host.
        """
        super().__init__()
        self._make_host = make_host or _host
        self._clock = clock

    def _connect(self, *, hurried: bool) -> InProcessConnection:  # noqa: ARG002 - nothing is watched
        return InProcessConnection(self._make_host(), self._clock)

    @property
    def memory(self) -> MemorySeen:
        """Always empty, as memory is not watched."""
        return MemorySeen()


class InProcessConnection:
    """A connection to a host, which computes an answer when it is awaited."""

    def __init__(self, host: Host, clock: Clock) -> None:
        """Asks nothing yet."""
        self.pid = os.getpid()
        self.alive = True
        self.spawned_ns = clock()
        self.stderr_tail = ""
        self.suspended = False
        self.waits_on = ()
        self.look_after_s = inf
        self._host = host
        self._clock = clock
        self._posted: tuple[Request, int] = (Bye(), self.spawned_ns)

    def post(self, request: Request) -> None:
        """Keep a request until its answer is awaited."""
        self.resume()
        request = request_decoder.decode(to_bytes(request))
        if isinstance(request, Open):
            # A worker in this process must not switch off its garbage collector or change its processors.
            request = msgspec.structs.replace(request, hurried=False, processors=())
        self._posted = (request, self._clock())

    def answer(self, deadline_s: float) -> Reply:
        """Return the answer.

        Raises:
            WorkerTimeout: by the clock, it took longer than the deadline.
            ProtocolViolation: the answer is impossible.
        """
        from infer_compare.worker.child.loop import answer

        request, posted_ns = self._posted
        reply = reply_decoder.decode(to_bytes(answer(self._host, request)))
        answered_ns = self._clock()
        if answered_ns - posted_ns > deadline_s * 1e9:
            self.kill()
            raise WorkerTimeout(f"The worker did not answer within {deadline_s:g} s.", deadline_s=deadline_s)
        return border.checked(request, reply, posted_ns=posted_ns, answered_ns=answered_ns)

    def look_for_answer(self, seconds: float) -> Reply | None:  # noqa: ARG002 - it is there as soon as somebody looks
        """Return the answer."""
        return self.answer(inf)

    def time_left(self, deadline_s: float) -> float:
        """Return the remaining seconds of a deadline."""
        return max(0.0, deadline_s - (self._clock() - self._posted[1]) / 1e9)

    def suspend(self) -> None:
        """Record that it is suspended."""
        self.suspended = True

    def resume(self) -> None:
        """Record that it is not suspended."""
        self.suspended = False

    def dismiss(self) -> None:
        """Do nothing, as there is no process to end."""

    def close(self) -> None:
        """Close the host."""
        if self.alive:
            self.alive = False
            # A real worker ignores such errors too, as its process ends then.
            with contextlib.suppress(Exception):
                self._host.close()

    def kill(self) -> None:
        """Close the host."""
        self.close()


def _host() -> Host:
    from infer_compare.worker.child.host import Host

    return Host(lambda _point: None)
