"""The two ends of the node side's pipes: what it reads, and what it says without ever waiting for its reader."""

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
    """What comes in: a job, contents of files, and then orders."""

    def __init__(self, descriptor: int) -> None:
        """Reads from a pipe."""
        self.descriptor = descriptor
        self.ended = False
        """Whether the other side has closed the pipe."""
        self._buffer = bytearray()

    def job(self) -> NodeJob | None:
        """Wait for the job; None where there comes none.

        Raises:
            msgspec.MsgspecError: the first line is no job.
        """
        while b"\n" not in self._buffer and len(self._buffer) < LONGEST_LINE:
            if not self._fill():
                return None
        return job_decoder.decode(self._line())

    def read(self, size: int) -> bytes:
        """Wait for up to so many bytes; none when the other side has gone."""
        if not self._buffer and not self._fill():
            return b""
        part = bytes(self._buffer[:size])
        del self._buffer[:size]
        return part

    def orders(self) -> list[Stop]:
        """Read what is there, after the pipe was found readable."""
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
    """What goes out: events, kept until the other side takes them."""

    def __init__(self, descriptor: int) -> None:
        """Writes to a pipe."""
        self.descriptor = descriptor
        self.broken = False
        """Whether nobody reads any more; then everything is dropped."""
        self._buffer = bytearray()
        os.set_blocking(descriptor, False)

    @property
    def pending(self) -> int:
        """Bytes that wait."""
        return len(self._buffer)

    def send(self, event: Event) -> None:
        """Add an event, and write what can be written."""
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
        """Write everything, for as long as that takes at most."""
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        self.flush()
        while self._buffer and (left := until - time.monotonic()) > 0:
            poll.poll(round(1000 * left))
            self.flush()


class Pulse:
    """Says every few seconds that the job is alive."""

    def __init__(self, outbox: Outbox, job: NodeJob) -> None:
        """Say it with the next beat at once."""
        self._outbox = outbox
        self._event = Beat(job=job.job, attempt=job.attempt)
        self._every_s = job.beat_s
        self._due = 0.0

    def beat(self) -> None:
        """Say it if it is time, and if what was said before has been read."""
        self._outbox.flush()
        if time.monotonic() >= self._due and not self._outbox.pending:
            self._outbox.send(self._event)
            self._due = time.monotonic() + self._every_s
