"""Samples from outside which threads of a process compute or wait for a core.

Sampling also catches threads that end early, and is independent of other programs, since a thread that waits for a core
counts like one that has a core. Run as a program, this file samples until its standard input ends, so it imports only the
standard library.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_S = 0.002
"""Seconds between samples: short enough to catch a thread that computes for a tenth of a call of some milliseconds."""
FEWEST = 30
"""The fewest samples for a conclusion."""
READY_S = 10.0


class Watcher:
    """Samples this process while its context lasts."""

    def __init__(self) -> None:
        """Start without samples."""
        self.shares: dict[int, float] = {}
        """For each thread, the share of samples in which it computed or waited for a core; empty without samples."""


@contextlib.contextmanager
def watched() -> Iterator[Watcher]:
    """Sample this process during the block, on Linux; the samples are complete at its end."""
    watcher = Watcher()
    if sys.platform != "linux":
        yield watcher
        return
    command = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        select.select([process.stdout], [], [], READY_S)
        process.stdout.readline()
        try:
            yield watcher
        finally:
            process.stdin.close()
            looks, *seen = (int(word) for word in process.stdout.readline().split() or (b"0",))
    if looks >= FEWEST:
        watcher.shares = {thread: count / looks for thread, count in zip(seen[::2], seen[1::2], strict=True)}


def runnable(process: int) -> list[int]:
    """Return the threads of a process that currently compute or wait for a core."""
    threads = []
    folder = f"/proc/{process}/task"
    for thread in os.listdir(folder):  # noqa: PTH208 - numbers, not paths
        with contextlib.suppress(OSError):
            descriptor = os.open(f"{folder}/{thread}/stat", os.O_RDONLY)
            try:
                # The name in parentheses may contain anything.
                if os.read(descriptor, 512).rpartition(b")")[2].split()[0] == b"R":
                    threads.append(int(thread))
            finally:
                os.close(descriptor)
    return threads


def main() -> None:
    """Sample a process until standard input ends; print the number of samples, and for each thread how often it was runnable."""
    process = int(sys.argv[1])
    _say("ready")
    looks, seen = 0, Counter[int]()
    with contextlib.suppress(OSError):
        while not select.select([0], [], [], PERIOD_S)[0]:
            seen.update(runnable(process))
            looks += 1
    _say(" ".join(map(str, (looks, *(word for pair in seen.items() for word in pair)))))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
