"""How many cores a process keeps busy, and whether that could be told on this machine."""

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
"""Long enough for a hundred calls of the heavy model, and for what a framework does now and then to count little."""
WINDOWS = 2
"""So many are looked at; where they leave it open, twice as many, and then twice as many again."""
ATTEMPTS = 3
WANTED_SURELY = 1.2
"""Threads for each one of the budget that run or wait for a core on average, above which there are too many. One thread
that computes gives 1.00, however busy the machine is; handing work from one to another adds a few hundredths."""
SAMPLED_SURELY = 1.3
"""The same where threads have ended, which were seen from outside: one that starts another waits for a core to wait for it."""
UNSEEN_SHARE = 0.02
"""Share of the processor time that threads may have used whose waiting is not known, because they have ended."""
STRETCH = 1.5
"""How much longer than on average a thread may wait for what it uses, until it is taken for one that hands over work."""
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
    """The same with the time in which threads waited for a core, so that other programs change nothing; where threads that
    computed have ended, what was seen from outside. None where neither is known: on other systems than Linux."""
    sampled: bool = False
    """Whether a part of `wanted` was seen from outside."""
    room: float | None = None
    """Cores that two threads got right afterwards, where `wanted` is not known."""
    cores: int
    """Of the machine."""

    def finding(self, budget: int) -> Finding:
        """Return whether the process kept a budget of threads, as far as this can tell."""
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
    """Call something again and again, and return how much of the processor that kept busy.

    Where the machine was too busy to tell, it is observed again, for longer.
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
    """Threads that ran or waited for a core on average."""

    threads: float
    sampled: bool
    """Whether some had ended, and were seen from outside."""


def _wanted(
    before: dict[int, tuple[int, int]],
    after: dict[int, tuple[int, int]],
    busy: float,
    wall: float,
    shares: dict[int, float],
) -> Wanted | None:
    """Return how many threads ran or waited for a core on average, or None where that cannot be known.

    A thread counts no more than what it used, stretched as the machine stretches everything: one that only hands over work
    waits as long for a core as any other. Of threads that ended, what they waited is lost with them: where these used a
    part of the processor time, what was seen of them from outside counts.

    Args:
        before: processor time and waiting of each thread, in nanoseconds; empty where that is not known.
        after: the same at the end.
        busy: seconds of processor time of all threads, those that ended among them.
        wall: seconds that passed.
        shares: of the time in which a thread was seen to compute or wait.
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
