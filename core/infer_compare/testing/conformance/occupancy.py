"""Measures how many cores a process keeps busy, and whether the machine allows a conclusion."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from infer_compare.environment.schedstat import has_schedstat, thread_times
from infer_compare.testing.conformance.runnable import watched
from infer_compare.verdicts.protocol import BUDGET_EXCESS

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_S = 0.6
"""Seconds of a window: enough for a hundred calls of the heavy model, and to average out occasional work of a framework."""
WINDOWS = 2
"""Number of windows; without a conclusion twice as many follow, and then twice as many again."""
ATTEMPTS = 3
WANTED_SURELY = 1.2
"""Limit of threads, per thread of the budget, that run or wait for a core on average. One computing thread gives 1.00,
however busy the machine is; handing work between threads adds a few hundredths."""
SAMPLED_SURELY = 1.3
"""The limit if threads have ended, which were observed from outside: a thread that starts another also waits for a core."""
UNSEEN_SHARE = 0.02
"""Share of the processor time that may come from ended threads, whose waiting is unknown."""
STRETCH = 1.5
"""Ratio to the average of waiting per used time above which a thread counts as one that only hands over work."""
ROOM = 1.7
"""Cores that two threads must get to show that a second thread would have run."""
ROOM_S = 0.1
BLOCK = bytes(2**20)

Finding = Literal["kept", "exceeded", "impossible", "open"]


class Occupancy(msgspec.Struct, frozen=True, kw_only=True):
    """The use of the processor by a process over some time."""

    busy: float
    """Processor time of all its threads over elapsed time. Other programs can only lower it."""
    wanted: float | None
    """The same including the time in which threads waited for a core, which makes it independent of other programs; observed
    from outside if threads that computed have ended. None if unknown, on systems other than Linux."""
    sampled: bool = False
    """Whether a part of `wanted` was observed from outside."""
    room: float | None = None
    """Cores that two threads got directly afterwards, if `wanted` is unknown."""
    cores: int
    """Cores of the machine."""

    def finding(self, budget: int) -> Finding:
        """Return whether the process kept a thread budget, as far as can be concluded."""
        allowed = budget * (1 + BUDGET_EXCESS)
        if self.busy > self.cores * (1 + BUDGET_EXCESS):
            return "impossible"
        surely = SAMPLED_SURELY if self.sampled else WANTED_SURELY
        if self.busy > allowed or (self.wanted is not None and self.wanted > budget * surely):
            return "exceeded"
        if self.wanted is not None:
            return "kept" if self.wanted <= allowed else "open"
        return "kept" if self.room is not None and self.room >= ROOM * budget else "open"


def observe(call: Callable[[], object]) -> Occupancy:
    """Call a function repeatedly, and return how much of the processor it kept busy.

    If the machine was too busy for a conclusion, observe again for longer.
    """
    for attempt in range(ATTEMPTS):
        seen = _watch(call, WINDOWS * WINDOW_S * 2**attempt)
        if seen.finding(1) != "open":
            break
    return seen


def _watch(call: Callable[[], object], seconds: float) -> Occupancy:
    known = has_schedstat()
    with watched() as watcher:
        before = thread_times("/proc/self/task") if known else {}
        wall, busy = time.perf_counter(), time.process_time()
        while time.perf_counter() - wall < seconds:
            call()
        busy, wall = time.process_time() - busy, time.perf_counter() - wall
        after = thread_times("/proc/self/task") if known else {}
    wanted = _wanted(before, after, busy, wall, watcher.shares)
    return Occupancy(
        busy=busy / wall,
        wanted=wanted.threads if wanted is not None else None,
        sampled=wanted is not None and wanted.sampled,
        room=_room() if wanted is None else None,
        cores=os.cpu_count() or 1,
    )


class Wanted(NamedTuple):
    """The average number of threads that ran or waited for a core."""

    threads: float
    sampled: bool
    """Whether some threads had ended, and were observed from outside."""


def _wanted(
    before: dict[int, tuple[int, int]],
    after: dict[int, tuple[int, int]],
    busy: float,
    wall: float,
    shares: dict[int, float],
) -> Wanted | None:
    """Return how many threads ran or waited for a core on average; None if unknown.

    A thread counts at most for its used time, scaled by the average waiting on this machine, since a thread that only hands
    over work waits as long for a core as any other. The waiting of ended threads is lost; if they used a part of the
    processor time, their share observed from outside counts.

    Args:
        before: processor time and waiting of each thread, in nanoseconds; empty if unknown.
        after: the same at the end.
        busy: seconds of processor time of all threads, including ended ones.
        wall: elapsed seconds.
        shares: for each thread, the share of the time in which it was observed to compute or wait.
    """
    if not after:
        return None
    ran, waited = {}, {}
    for thread, (cpu, delay) in after.items():
        cpu_before, delay_before = before.get(thread, (0, 0))
        ran[thread], waited[thread] = (cpu - cpu_before) / 1e9, (delay - delay_before) / 1e9
    wants = [(ran[thread], ran[thread] + waited[thread]) for thread in after]
    ended = busy - sum(ran.values())
    sampled = ended > UNSEEN_SHARE * busy
    if sampled:
        seen = wall * sum(share for thread, share in shares.items() if thread not in after)
        if not seen:
            return None
        wants.append((ended, seen))
    stretch = sum(want for _, want in wants) / max(busy, 1e-9)
    return Wanted(sum(min(want, STRETCH * stretch * used) for used, want in wants) / wall, sampled)


def _room() -> float:
    """Return the number of cores that two threads get at present."""
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
