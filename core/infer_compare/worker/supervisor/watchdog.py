"""Watching a worker's memory from outside: Linux itself would only kill it, or something else, when all is gone."""

from __future__ import annotations

from infer_compare.environment import memory

SEARCHING_S = 0.02
"""Between looks while batch sizes are tried (about 1 % of a core)."""
TIMING_S = 0.1
"""Between looks while slices are timed (about 0.3 % of a core)."""


class Watchdog:
    """Objects to a worker that reaches its cap, or that brings the memory limit that applies near its end."""

    def __init__(self, cap: int) -> None:
        """`cap` is the worker's total resident memory, in bytes."""
        self.cap = cap
        self.period_s = SEARCHING_S
        self.highest = 0
        """The most that was seen, in bytes."""
        self._reserve = memory.limit().reserve

    def timing(self) -> None:
        """Looks less often, for a worker whose operating points have all been tried."""
        self.period_s = TIMING_S

    def objection(self, pid: int) -> str | None:
        """`cap`, `machine`, or None when all is well."""
        resident = memory.resident(pid) or 0
        self.highest = max(self.highest, resident)
        if resident >= self.cap:
            return "cap"
        if memory.available() < self._reserve:
            return "machine"
        return None
