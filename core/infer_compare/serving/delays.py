"""How long the threads of a service waited for a processor."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple, Self

from infer_compare.environment.schedstat import has_schedstat

if TYPE_CHECKING:
    from collections.abc import Sequence


class Counters(NamedTuple):
    """How long and how often a thread waited for a processor."""

    waited_ns: int = 0
    """Time spent runnable without a processor."""
    turns: int = 0
    """How often the thread was given a processor."""


class Waited(NamedTuple):
    """The counters of all threads at one time. Only differences between two times are meaningful."""

    batcher: Counters = Counters()
    workers: tuple[Counters, ...] = ()
    """Of the threads of all workers."""

    def since(self, before: Waited) -> Counters:
        """Return the waiting since `before`: that of the batcher plus that of the worker thread that waited longest."""
        batcher = _advance(before.batcher, self.batcher)
        worker = max(map(_advance, before.workers, self.workers), default=Counters())
        return Counters(batcher.waited_ns + worker.waited_ns, batcher.turns + worker.turns)


class RunDelays:
    """Reads the counters of this thread and of workers' threads. The files stay open; a read takes some 2 us per thread."""

    def __init__(self, pids: Sequence[int] | None) -> None:
        """Opens the files of all threads, or none if the kernel does not count waiting times.

        Args:
            pids: the workers' processes; None if the service runs on a simulated clock.
        """
        self.known = pids is not None and has_schedstat()
        """Whether the kernel counts how long threads wait."""
        self._batcher = -1
        self._workers: list[int] = []
        if pids is None or not self.known:
            return
        self._batcher = _opened("/proc/thread-self/schedstat")
        for pid in pids:
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names alone
                    descriptor = _opened(f"/proc/{pid}/task/{thread}/schedstat")
                    if descriptor >= 0:
                        self._workers.append(descriptor)

    def read(self) -> Waited:
        """Return the counters now."""
        return Waited(_counters(self._batcher), tuple(map(_counters, self._workers)))

    def close(self) -> None:
        """Close the files."""
        for descriptor in (self._batcher, *self._workers):
            if descriptor >= 0:
                os.close(descriptor)
        self._batcher, self._workers = -1, []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _counters(descriptor: int) -> Counters:
    if descriptor < 0:
        return Counters()
    try:
        _, waited, turns = os.pread(descriptor, 128, 0).split()
        return Counters(int(waited), int(turns))
    except (OSError, ValueError):
        # The thread has ended.
        return Counters()


def _advance(before: Counters, now: Counters) -> Counters:
    return Counters(max(0, now.waited_ns - before.waited_ns), max(0, now.turns - before.turns))
