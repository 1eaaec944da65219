"""How many cores a process keeps busy, and whether that could be told on this machine."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.environment.schedstat import has_schedstat, thread_times
from infer_compare.verdicts.protocol import BUDGET_EXCESS

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_S = 0.6
"""Long enough for a hundred calls of the heavy model, and for what a framework does now and then to count little."""
WINDOWS = 2
"""So many are looked at; where they leave it open, as many again, once."""
WANTED_SURELY = 1.2
"""Threads for each one of the budget that run or wait for a core on average, above which there are too many. One thread
that computes gives 1.00, however busy the machine is; handing work from one to another adds a few hundredths."""
UNSEEN_SHARE = 0.02
"""Share of the processor time that threads may have used whose waiting is not known, because they have ended."""
ROOM = 1.7
"""Cores that two threads must have got to show that a second thread would have run."""
ROOM_S = 0.1
BLOCK = bytes(2**20)

Finding = Literal["kept", "exceeded", "impossible", "open"]


class Occupancy(msgspec.Struct, frozen=True, kw_only=True):
    """What a process did with the processor for a while."""

    busy: float
    """Processor time of all its threads over elapsed time. Other programs can only lower it."""
    wanted: float | None
    """The same with the time in which threads waited for a core, so that other programs change nothing; None where that is
    not known: on other systems than Linux, or when threads that computed have ended."""
    room: float | None = None
    """Cores that two threads got right afterwards, where `wanted` is not known."""
    cores: int
    """Of the machine."""

    def finding(self, budget: int) -> Finding:
        """Return whether the process kept a budget of threads, as far as this can tell."""
        allowed = budget * (1 + BUDGET_EXCESS)
        if self.busy > self.cores * (1 + BUDGET_EXCESS):
            return "impossible"
        if self.busy > allowed or (self.wanted is not None and self.wanted > budget * WANTED_SURELY):
            return "exceeded"
        if self.wanted is not None:
            return "kept" if self.wanted <= allowed else "open"
        return "kept" if self.room is not None and self.room >= ROOM * budget else "open"


def observe(call: Callable[[], object]) -> Occupancy:
    """Call something again and again, and return how much of the processor that kept busy.

    Where the machine was too busy to tell, it is observed once more.
    """
    seen = _watch(call, WINDOWS * WINDOW_S)
    return _watch(call, WINDOWS * WINDOW_S) if seen.finding(1) == "open" else seen


def _watch(call: Callable[[], object], seconds: float) -> Occupancy:
    known = has_schedstat()
    before = thread_times("/proc/self/task") if known else {}
    wall, busy = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < seconds:
        call()
    busy, wall = time.process_time() - busy, time.perf_counter() - wall
    after = thread_times("/proc/self/task") if known else {}
    wanted = _wanted(before, after, busy)
    return Occupancy(
        busy=busy / wall,
        wanted=None if wanted is None else wanted / wall,
        room=_room() if wanted is None else None,
        cores=os.cpu_count() or 1,
    )


def _wanted(before: dict[int, tuple[int, int]], after: dict[int, tuple[int, int]], busy: float) -> float | None:
    """Seconds in which threads ran or waited for a core; None where threads that ended used a part of `busy`."""
    if not after:
        return None
    ran = waited = 0
    for thread, (cpu, delay) in after.items():
        cpu_before, delay_before = before.get(thread, (0, 0))
        ran, waited = ran + cpu - cpu_before, waited + delay - delay_before
    return busy + waited / 1e9 if busy - ran / 1e9 <= UNSEEN_SHARE * busy else None


def _room() -> float:
    """Cores that two threads get now."""
    end = time.perf_counter() + ROOM_S

    def burn() -> None:
        while time.perf_counter() < end:
            hashlib.sha256(BLOCK).digest()

    wall, busy = time.perf_counter(), time.process_time()
    helper = threading.Thread(target=burn)
    helper.start()
    burn()
    helper.join()
    return (time.process_time() - busy) / (time.perf_counter() - wall)
