"""Durations of calls over the pipe to a worker, without interruptions by the scheduler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.serving.delays import RunDelays
    from infer_compare.serving.service import Service

STALL_NS = 300_000
"""The least waiting time of a thread that counts as an interruption; waking up takes a tenth of it."""
BLIND_STALL_NS = 1_500_000
"""Where the kernel does not count waiting times, a call counts as interrupted if it takes longer than the median by this, and by
half of the median."""


@dataclass(slots=True)
class Calls:
    """Durations of calls of one batch size without stalls, and the stalls."""

    whole_ns: list[int] = field(default_factory=list)
    """Durations of calls that nothing interrupted."""
    interrupted_ns: list[int] = field(default_factory=list)
    """Durations of interrupted calls, without the interruptions."""
    stalls_ns: list[int] = field(default_factory=list)
    """Durations of the interruptions."""

    @property
    def durations_ns(self) -> list[int]:
        """Durations of all calls. Interrupted ones that are implausibly short are left out: the stall began before the call."""
        if not self.whole_ns:
            return self.interrupted_ns
        least_ns = min(self.whole_ns) * 0.9
        return self.whole_ns + [duration_ns for duration_ns in self.interrupted_ns if duration_ns >= least_ns]

    def without_outliers(self) -> Calls:
        """Return the calls with the excess of outliers over the median counted as stalls, for kernels that do not report stalls."""
        if not self.whole_ns:
            return self
        median_ns = sorted(self.whole_ns)[len(self.whole_ns) // 2]
        most_ns = median_ns + max(BLIND_STALL_NS, median_ns // 2)
        return Calls(
            [median_ns if duration_ns > most_ns else duration_ns for duration_ns in self.whole_ns],
            self.interrupted_ns,
            [*self.stalls_ns, *(duration_ns - median_ns for duration_ns in self.whole_ns if duration_ns > most_ns)],
        )


def merged(parts: Iterable[Calls]) -> Calls:
    """Return all calls of several measurements of one size."""
    together = Calls()
    for part in parts:
        together.whole_ns += part.whole_ns
        together.interrupted_ns += part.interrupted_ns
        together.stalls_ns += part.stalls_ns
    return together


def timed_calls(
    service: Service, delays: RunDelays, size: int, *, pause_s: float, seconds: float, most_s: float, calls: int
) -> Calls:
    """Time batches of one size on the first copy.

    Args:
        service: the workers.
        delays: counts how long threads wait for processors.
        size: of the batches.
        pause_s: how long the copy is idle before each call.
        seconds: the least time to measure, pauses included.
        most_s: the time after which fewer than `calls` suffice, but at least one.
        calls: the fewest calls.

    Raises:
        WorkerError: the worker died twice, or did not answer.
    """
    clock = service.clock
    timed = Calls()
    began_ns = clock()
    number = answered = 0
    while (spent_s := (clock() - began_ns) / 1e9) < seconds or answered < calls:
        if answered and spent_s > most_s:
            break
        if pause_s:
            service.sleep(pause_s)
        before = delays.read()
        handed_ns = clock()
        service.hand_over(0, number * size, size)
        (answer,) = service.wait(None)
        number += 1
        if answer.lost:
            continue
        answered += 1
        duration_ns = max(1, answer.answered_ns - handed_ns)
        waited_ns, turns = delays.read().since(before)
        if waited_ns >= STALL_NS:
            # A long call meets several of them.
            times = max(1, min(turns, waited_ns // STALL_NS))
            timed.stalls_ns += [waited_ns // times] * times
            timed.interrupted_ns.append(max(1, duration_ns - waited_ns))
        else:
            timed.whole_ns.append(duration_ns)
    return timed
