"""Timed calls over the pipe to a worker, with the scheduler's interruptions taken out of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.serving.delays import RunDelays
    from infer_compare.serving.service import Service

STALL_NS = 300_000
"""A thread that waited for so long was interrupted; waking up takes a tenth of it."""
BLIND_STALL_NS = 1_500_000
"""Where the kernel does not count waiting times, a call that takes so much longer than the median was interrupted, and half of it."""


@dataclass(slots=True)
class Calls:
    """Durations of calls of one size without the stalls in them, and these."""

    whole_ns: list[int] = field(default_factory=list)
    """Of calls that nothing interrupted."""
    interrupted_ns: list[int] = field(default_factory=list)
    """Of the others."""
    stalls_ns: list[int] = field(default_factory=list)

    @property
    def durations_ns(self) -> list[int]:
        """Of all calls; where much of a stall came just before an interrupted call, its rest says nothing."""
        if not self.whole_ns:
            return self.interrupted_ns
        least_ns = min(self.whole_ns) * 0.9
        return self.whole_ns + [duration_ns for duration_ns in self.interrupted_ns if duration_ns >= least_ns]

    def add(self, others: Calls) -> None:
        """Take over calls that were timed later."""
        self.whole_ns += others.whole_ns
        self.interrupted_ns += others.interrupted_ns
        self.stalls_ns += others.stalls_ns

    def without_outliers(self) -> Calls:
        """Return the calls with what some took longer than most as stalls, where nothing else is known of these."""
        if not self.whole_ns:
            return self
        median_ns = sorted(self.whole_ns)[len(self.whole_ns) // 2]
        most_ns = median_ns + max(BLIND_STALL_NS, median_ns // 2)
        return Calls(
            [median_ns if duration_ns > most_ns else duration_ns for duration_ns in self.whole_ns],
            self.interrupted_ns,
            [*self.stalls_ns, *(duration_ns - median_ns for duration_ns in self.whole_ns if duration_ns > most_ns)],
        )


def timed_calls(
    service: Service, delays: RunDelays, size: int, *, pause_s: float, seconds: float, most_s: float, calls: int
) -> Calls:
    """Have the first copy answer batches of one size for so long, and at least so many where that takes no longer than `most_s`.

    Args:
        service: the workers.
        delays: counts how long threads wait for processors.
        size: of the batches.
        pause_s: how long the copy is idle before each call.
        seconds: how long calls are made, pauses included.
        most_s: how long they are made at most where `calls` takes longer; there is always one.
        calls: how many there are at least.

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
