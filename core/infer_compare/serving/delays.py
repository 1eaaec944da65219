"""How long the threads of a service waited for a processor."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple, Self

from infer_compare.environment.schedstat import has_schedstat

if TYPE_CHECKING:
    from collections.abc import Sequence


class Counters(NamedTuple):
    """Of a thread."""

    waited_ns: int = 0
    """Time spent runnable without a processor."""
    turns: int = 0
    """How often it was given one."""


class Waited(NamedTuple):
    """The counters now. Only differences mean something."""

    batcher: Counters = Counters()
    workers: tuple[Counters, ...] = ()
    """Of the threads of all workers."""

    def since(self, before: Waited) -> Counters:
        """Return how long the service was held up since then, and how often at most: the batcher, and the worker's thread that
        waited longest.
        """
        own = _advance(before.batcher, self.batcher)
        other = max(map(_advance, before.workers, self.workers), default=Counters())
        return Counters(own.waited_ns + other.waited_ns, own.turns + other.turns)


class RunDelays:
    """Reads the counters of this thread and of workers' threads, through files that stay open: some 2 us a thread."""

    def __init__(self, pids: Sequence[int] | None) -> None:
        """Opens the files of all threads; none where the kernel does not count waiting times.

        Args:
            pids: the workers' processes; None where time is not the machine's.
        """
        self.known = pids is not None and has_schedstat()
        """Whether the kernel counts how long threads wait."""
        self._own = -1
        self._others: list[int] = []
        if pids is None or not self.known:
            return
        self._own = _opened("/proc/thread-self/schedstat")
        for pid in pids:
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names alone
                    descriptor = _opened(f"/proc/{pid}/task/{thread}/schedstat")
                    if descriptor >= 0:
                        self._others.append(descriptor)

    def read(self) -> Waited:
        """Return the counters now."""
        return Waited(_counters(self._own), tuple(map(_counters, self._others)))

    def close(self) -> None:
        """Close the files."""
        for descriptor in (self._own, *self._others):
            if descriptor >= 0:
                os.close(descriptor)
        self._own, self._others = -1, []

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
