"""A worker without a process: the child's own code answers here, for backends that are scripted."""

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

    Every message is written and read as on its way through a pipe, and checked at the border. What only a process can
    show is missing: its death, signals, a cap of memory, a deadline that passes while nothing answers.
    """

    def __init__(self, make_host: Callable[[], Host] | None = None, *, clock: Clock = MONOTONIC) -> None:
        """Starts nothing yet.

        Args:
            make_host: makes what holds a backend, for each worker anew; as in a process when None.
            clock: gives the time at which requests are posted and answered; the host's own.
        """
        super().__init__()
        self._make_host = make_host or _host
        self._clock = clock

    def _connect(self, *, hurried: bool) -> InProcessConnection:  # noqa: ARG002 - nothing is watched
        return InProcessConnection(self._make_host(), self._clock)

    @property
    def memory(self) -> MemorySeen:
        """Nothing: nobody watches."""
        return MemorySeen()


class InProcessConnection:
    """A host that is asked when its answer is awaited."""

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
            # The collector of this process is not the worker's to switch off, nor are its processors.
            request = msgspec.structs.replace(request, hurried=False, processors=())
        self._posted = (request, self._clock())

    def answer(self, deadline_s: float) -> Reply:
        """Return the answer.

        Raises:
            WorkerTimeout: by the clock it took longer than it may.
            ProtocolViolation: it cannot be an answer.
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
        """Return the seconds that are left of a deadline."""
        return max(0.0, deadline_s - (self._clock() - self._posted[1]) / 1e9)

    def suspend(self) -> None:
        """Note that it is not to run."""
        self.suspended = True

    def resume(self) -> None:
        """Note that it may run."""
        self.suspended = False

    def dismiss(self) -> None:
        """Do nothing: there is no end to wait for."""

    def close(self) -> None:
        """Free what the host holds."""
        if self.alive:
            self.alive = False
            # As in a process, where nothing comes after it.
            with contextlib.suppress(Exception):
                self._host.close()

    def kill(self) -> None:
        """Free what the host holds."""
        self.close()


def _host() -> Host:
    from infer_compare.worker.child.host import Host

    return Host(lambda _point: None)
