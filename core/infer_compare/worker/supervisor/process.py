"""A worker process as the parent speaks to it: asked under a deadline, watched meanwhile, ended politely or not."""

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
"""How long a worker may take to end after a goodbye."""
GRACE_S = 1.0
"""How long it may take to obey SIGINT, and then SIGTERM."""


class Process(Spawned):
    """One worker process. A context manager: leaving it ends the process, whatever state it is in."""

    def __init__(self, python: str | None = None, *, watchdog: Watchdog | None = None) -> None:
        """Spawns the process; it answers nothing before its first request.

        Args:
            python: another interpreter than this one, in which infer-compare and the backend are installed.
            watchdog: watches its memory whenever an answer is awaited.
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
        """The operating point that the worker last said it would touch."""

    @property
    def waits_on(self) -> list[int]:
        """File descriptors; one becomes readable when there may be an answer."""
        return [self._replies, *([self._errors] if self._hears else []), *([] if self._exit is None else [self._exit])]

    @property
    def look_after_s(self) -> float:
        """Seconds after which the watchdog is to look at its memory, while an answer is awaited."""
        return inf if self._watchdog is None else self._watchdog.period_s

    def ask(self, request: Request, deadline_s: float) -> Reply:
        """Send a request and wait for its answer: `post` and `answer`."""
        self.post(request)
        return self.answer(deadline_s)

    def post(self, request: Request) -> None:
        """Send a request; its answer must be awaited before the next one is sent.

        Raises:
            WorkerDied: the process has ended.
        """
        import msgspec

        if self._closed:
            # Its descriptors may belong to other files by now.
            raise self._death()
        self.resume()
        # Not before each slice, where many processes make it slow, nor before batches that are waited for.
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
        """Wait for the answer to what was posted, without using the processor meanwhile.

        Raises:
            WorkerDied: the process ended, by itself, by a signal or by the memory watchdog.
            WorkerTimeout: there was no answer within `deadline_s` of the request; the process has been ended.
            ProtocolViolation: what came was not an answer to this request; the process has been ended.
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
        """Return the seconds that are left of a deadline, counted from the last request; 0 where none are."""
        return max(0.0, deadline_s - (time.perf_counter_ns() - self._posted[1]) / 1e9)

    def look_for_answer(self, seconds: float) -> Reply | None:
        """Return the answer to what was posted, or None where there is none after that time or after a look at the memory.

        Raises:
            WorkerDied: the process ended, by itself, by a signal or by the memory watchdog.
            ProtocolViolation: what came was not an answer to this request; the process has been ended.
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
        """Return the next reply, if it comes before that time has passed, or before the watchdog's next look."""
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
        """Return the answer to the last request, or None while there is none; announcements are noted on the way."""
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
        """Return what to raise for a process that has ended or closed its pipe."""
        status = self._reap(POLITE_S)
        if status is None:
            # It closed its pipe and still runs: nothing can be asked of it any more.
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
        """Ask the process to end and do not wait, so several can end at the same time; `close` waits."""
        if self._closed or self._dismissed:
            return
        self._dismissed = True
        self.resume()
        self._look(now=True)
        with contextlib.suppress(OSError):
            send(self._requests, Bye(number=self._number + 1))

    def close(self) -> None:
        """Say goodbye and wait; a process that does not go is ended."""
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
