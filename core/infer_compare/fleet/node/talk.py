"""Input and output of the node side; it never blocks on a reader of its output."""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING

import msgspec

from infer_compare.fleet.node.messages import LONGEST_LINE, NodeJob, Stop, job_decoder, line, stop_decoder
from infer_compare.interfaces.launchers import Beat

if TYPE_CHECKING:
    from infer_compare.interfaces.launchers import Event

PART = 1 << 16


class Inbox:
    """Reads what a launcher sends: a job, contents of files, and then orders."""

    def __init__(self, descriptor: int) -> None:
        """Reads from a pipe."""
        self.descriptor = descriptor
        self.ended = False
        """Whether the launcher has closed the pipe."""
        self._buffer = bytearray()

    def job(self) -> NodeJob | None:
        """Wait for the job and return it; None if the launcher is gone before it has sent one.

        Raises:
            msgspec.MsgspecError: the first line is not a job.
        """
        while b"\n" not in self._buffer and len(self._buffer) < LONGEST_LINE:
            if not self._fill():
                return None
        return job_decoder.decode(self._line())

    def read(self, size: int) -> bytes:
        """Wait for input and return up to `size` bytes; no bytes when the launcher is gone."""
        if not self._buffer and not self._fill():
            return b""
        part = bytes(self._buffer[:size])
        del self._buffer[:size]
        return part

    def orders(self) -> list[Stop]:
        """Return the orders that have arrived; to be called when the pipe is readable."""
        self._fill()
        orders = []
        while b"\n" in self._buffer:
            try:
                orders.append(stop_decoder.decode(self._line()))
            except msgspec.MsgspecError:
                # An order of a later version.
                continue
        return orders

    def _line(self) -> bytes:
        text, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer[:] = rest
        return text

    def _fill(self) -> bool:
        try:
            part = os.read(self.descriptor, PART)
        except OSError:
            part = b""
        self.ended = self.ended or not part
        self._buffer += part
        return bool(part)


class Outbox:
    """Sends events to a launcher, and buffers those that it has not read yet."""

    def __init__(self, descriptor: int) -> None:
        """Writes to a pipe."""
        self.descriptor = descriptor
        self.broken = False
        """Whether the reader is gone; events are then dropped."""
        self._buffer = bytearray()
        os.set_blocking(descriptor, False)

    @property
    def pending(self) -> int:
        """Number of bytes that are not written yet."""
        return len(self._buffer)

    def send(self, event: Event) -> None:
        """Add an event, and write what can be written without waiting."""
        if not self.broken:
            self._buffer += line(event)
            self.flush()

    def flush(self) -> None:
        """Write what can be written without waiting."""
        try:
            while self._buffer:
                del self._buffer[: os.write(self.descriptor, self._buffer)]
        except BlockingIOError:
            return
        except OSError:
            self.broken = True
            self._buffer.clear()

    def drain(self, seconds: float) -> None:
        """Write everything that is buffered, within `seconds` at most."""
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        self.flush()
        while self._buffer and (left := until - time.monotonic()) > 0:
            poll.poll(round(1000 * left))
            self.flush()


class Pulse:
    """Sends a heartbeat every few seconds while the job is alive."""

    def __init__(self, outbox: Outbox, job: NodeJob) -> None:
        """The first call of `beat` sends one."""
        self._outbox = outbox
        self._event = Beat(job=job.job, attempt=job.attempt)
        self._every_s = job.beat_s
        self._due = 0.0

    def beat(self) -> None:
        """Send a heartbeat if it is due and all earlier events have been read."""
        self._outbox.flush()
        if time.monotonic() >= self._due and not self._outbox.pending:
            self._outbox.send(self._event)
            self._due = time.monotonic() + self._every_s
