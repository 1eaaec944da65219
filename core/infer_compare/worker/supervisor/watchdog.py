"""Watching a worker's memory from outside: Linux itself kills a process, perhaps another one, only when memory is used up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infer_compare.environment import memory

if TYPE_CHECKING:
    from infer_compare.worker.supervisor.tree import Tree

SEARCHING_S = 0.02
"""Between looks while batch sizes are tried (about 1 % of a core)."""
TIMING_S = 0.1
"""Between looks while slices are timed (about 0.3 % of a core)."""
COUNTING_SHARE = 0.01
"""The largest share of a core for counting shared pages only once, which takes some 10 ms per GiB."""


class Watchdog:
    """Detects when a worker reaches its memory cap, or when the memory of the machine is nearly used up."""

    def __init__(self, cap: int) -> None:
        """`cap` limits the memory of the worker's process tree and files of shared memory, in bytes."""
        self.cap = cap
        self.period_s = SEARCHING_S
        self.highest = 0
        """The largest memory that was seen, in bytes."""
        self.counted = ""
        """What was counted besides the worker itself, in words."""
        self._twice = 0
        self._due = 0.0
        self._reserve = memory.limit().reserve

    def timing(self) -> None:
        """Check less often, for a worker whose operating points have all been tried."""
        self.period_s = TIMING_S

    def objection(self, worker: Tree) -> str | None:
        """Return `cap` or `machine` for the limit that is reached, or None."""
        worker.look()
        held = self._held(worker)
        self.highest = max(self.highest, held)
        if held >= self.cap:
            return "cap"
        if memory.available() < self._reserve:
            return "machine"
        return None

    def _held(self, worker: Tree) -> int:
        """Return the memory of the worker, of its other processes and of its files of shared memory, in bytes.

        At the cap, pages that processes share are counted once. Below it they are counted for each process, as counting them once
        takes long.
        """
        others, shared = worker.resident(), worker.shared()
        held = memory.resident(worker.pid)
        self.counted = ""
        if not others and not shared:
            return held
        words = []
        if others:
            words.append(f"{len(others)} other process{'es' if len(others) > 1 else ''}")
        if shared:
            words.append(f"{shared / memory.MIB:.0f} MiB of shared memory")
        self.counted = " and ".join(words)
        held += shared + sum(others.values())
        began = time.monotonic()
        if held >= self.cap and (held - self._twice >= self.cap or began >= self._due):
            self._twice = held - _counted_once((worker.pid, *others), shared)
            ended = time.monotonic()
            self._due = ended + (ended - began) / COUNTING_SHARE
        return held - self._twice if held >= self.cap else held


def _counted_once(pids: tuple[int, ...], shared: int) -> int:
    """Return the memory of processes and of files that they may have mapped, counting every page once, in bytes."""
    private = mapped = 0
    for pid in pids:
        own, common = memory.proportional(pid)
        private += own
        mapped += common
    # What is mapped is mostly part of the files.
    return private + max(shared, mapped)
