"""A worker process with its protocol: requests with deadlines, a memory watchdog, and polite or forced endings."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from math import inf
from typing import TYPE_CHECKING

from infer_compare.errors import ProtocolViolation, WorkerDied, WorkerTimeout
from infer_compare.worker import border
from infer_compare.worker.protocol import Begins, Bye, Reply, ReplyReader, Request, ServeBatch, Stage, TimeSlice, send
from infer_compare.worker.supervisor.spawned import Spawned, describe_status

if TYPE_CHECKING:
    from typing import Self

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.worker.supervisor.watchdog import Watchdog

POLITE_S = 3.0
"""How long a worker may take to end after `Bye`."""
GRACE_S = 1.0
"""How long it may take to obey SIGINT, and then SIGTERM."""


class Process(Spawned):
    """A worker process. As a context manager it ends the process on leaving, in whatever state it is."""

    def __init__(self, python: str | None = None, *, watchdog: Watchdog | None = None) -> None:
        """Starts the process.

        Args:
            python: another interpreter than this one, in which infer-compare and the backend are installed.
            watchdog: checks its memory while an answer is awaited.
        """
        super().__init__(python)
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)
        if self._exit is not None:
            self._poll.register(self._exit, select.POLLIN)
        self._reader = ReplyReader(lambda size: os.read(self._replies, size))
        self._watchdog = watchdog
        self._hears = True
        """Whether its standard error is open."""
        self._number = 0
        self._posted: tuple[Request, int] = (Bye(), self.spawned_ns)
        self._dismissed = False
        self.touched: OperatingPoint | None = None
        """The operating point that the worker announced last."""

    @property
    def waits_on(self) -> list[int]:
        """File descriptors of which one becomes readable when there may be an answer."""
        return [self._replies, *([self._errors] if self._hears else []), *([] if self._exit is None else [self._exit])]

    @property
    def look_after_s(self) -> float:
        """How often the watchdog checks its memory while an answer is awaited, in seconds."""
        return inf if self._watchdog is None else self._watchdog.period_s

    def ask(self, request: Request, deadline_s: float) -> Reply:
        """Send a request and wait for its answer: `post` and `answer`."""
        self.post(request)
        return self.answer(deadline_s)

    def post(self, request: Request) -> None:
        """Send a request, whose answer must be received before the next is sent.

        Raises:
            WorkerDied: the process has ended.
        """
        import msgspec

        if self._closed:
            # Its descriptors may belong to other files now.
            raise self._death()
        self.resume()
        # Not before each slice, as it is slow with many processes, and not before batches, which are time-critical.
        if not isinstance(request, ServeBatch):
            self._look(now=not isinstance(request, Stage | TimeSlice))
        self._number += 1
        self.touched = None
        self._posted = (request, time.perf_counter_ns())
        try:
            send(self._requests, msgspec.structs.replace(request, number=self._number))
        except OSError:
            raise self._death() from None

    def answer(self, deadline_s: float) -> Reply:
        """Wait for the answer to the posted request, without using the processor meanwhile.

        Raises:
            WorkerDied: the process ended, by itself, by a signal or by the memory watchdog.
            WorkerTimeout: there was no answer within `deadline_s` of the request; the process has been ended.
            ProtocolViolation: the message was not an answer to this request; the process has been ended.
        """
        while True:
            left = self.time_left(deadline_s)
            reply = self.look_for_answer(left)
            if reply is not None:
                return reply
            if left <= 0:
                late = WorkerTimeout(
                    f"The worker did not answer within {deadline_s:g} s.",
                    deadline_s=deadline_s,
                    stderr_tail=self.stderr_tail,
                )
                self.end()
                raise late

    def time_left(self, deadline_s: float) -> float:
        """Return the remaining seconds of a deadline that counts from the last request; at least 0."""
        return max(0.0, deadline_s - (time.perf_counter_ns() - self._posted[1]) / 1e9)

    def look_for_answer(self, seconds: float) -> Reply | None:
        """Return the answer to the posted request, or None if there is none after `seconds` or the watchdog's next check.

        Raises:
            WorkerDied: the process ended, by itself, by a signal or by the memory watchdog.
            ProtocolViolation: the message was not an answer to this request; the process has been ended.
        """
        request, posted_ns = self._posted
        try:
            reply = self._wait(seconds)
            if reply is None:
                return None
            return border.checked(request, reply, posted_ns=posted_ns, answered_ns=time.perf_counter_ns())
        except ProtocolViolation:
            self.end()
            raise

    def _wait(self, seconds: float) -> Reply | None:
        """Return the next reply if it arrives within `seconds` and before the watchdog's next check; else None."""
        period = self._watchdog.period_s if self._watchdog else seconds
        wait_ms = max(1, round(min(seconds, period) * 1000)) if seconds > 0 else 0
        for descriptor, _ in self._poll.poll(wait_ms):
            if descriptor == self._errors:
                if not self._drain_errors():
                    self._poll.unregister(self._errors)
                    self._hears = False
                continue
            reply = self._take()
            if reply is not None:
                return reply
            if descriptor == self._exit:
                raise self._death()
        if self._watchdog is not None:
            reason = self._watchdog.objection(self._tree)
            if reason is not None:
                self._kill()
                raise self._death(killed_for=reason, counted=self._watchdog.counted)
        return None

    def _take(self) -> Reply | None:
        """Return the answer to the last request, or None if there is none yet; record announcements."""
        try:
            reply = self._reader.feed()
        except BlockingIOError:
            return None
        while reply is not None:
            if reply.number != self._number:
                raise ProtocolViolation(
                    f"The worker answered request {reply.number} where {self._number} was expected."
                )
            if not isinstance(reply, Begins):
                return reply
            self.touched = reply.point
            reply = self._reader.next()
        if self._reader.ended:
            raise self._death()
        return None

    def _death(self, killed_for: str | None = None, counted: str = "") -> WorkerDied:
        """Return the error for a process that has ended or closed its pipe."""
        status = self._reap(POLITE_S)
        if status is None:
            # It closed its pipe but still runs, so it cannot answer any more.
            self._kill()
            status = self._popen.wait()
        tail = self.stderr_tail
        self._release()
        return WorkerDied(
            f"The worker ended with {describe_status(status)}.",
            status=status,
            killed_for=killed_for,
            counted=counted,
            stderr_tail=tail,
        )

    def dismiss(self) -> None:
        """Ask the process to end without waiting, so several can end at the same time; `close` waits."""
        if self._closed or self._dismissed:
            return
        self._dismissed = True
        self.resume()
        self._look(now=True)
        with contextlib.suppress(OSError):
            send(self._requests, Bye(number=self._number + 1))

    def close(self) -> None:
        """Ask the process to end and wait for it; if it does not end in time, force it."""
        if self._closed:
            return
        self.dismiss()
        if self._reap(POLITE_S) is None:
            self.end()
        self._release()

    def end(self) -> None:
        """End the process: SIGINT, then SIGTERM, then SIGKILL."""
        if self._closed:
            return
        self.resume()
        self._look(now=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._signal(number)
            if self._reap(GRACE_S) is not None:
                break
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
