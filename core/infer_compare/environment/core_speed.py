"""How fast the core is on which a slice runs, by a fixed computation right before and after it.

A virtual core may share a physical one with a program of another machine, which takes a third of its speed for as long as that runs
and which neither `steal` nor any other counter shows. So may heat lower the clock at once.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = range(12_000)
"""Adding these takes 0.1 to 0.2 ms, without memory to speak of."""
PATIENCE_NS = 500_000_000
"""How long a slice waits for its core to become as fast as usual: others share it for a second or two."""
PAUSE_S = 0.02
TRIES = 3
"""Of which the fastest counts: an interrupt does not last as long."""
KEPT = 64
"""The most slices of a contender by which a core is judged: where its clock falls for good, the usual time follows."""
OWN = 8
"""With fewer slices a contender is held against those of all."""
FEWEST = 3
"""The fewest times that show what is usual."""
USUAL = 0.1
"""The share of times below the usual one."""
HOPELESS = 0.5
"""If a larger share of many slices was slowed down, waiting and repeating help little, and none is judged."""
MANY = 16


def computation_ns(clock: Callable[[], int]) -> int:
    """Return how long the computation takes on the core of the calling thread, in nanoseconds.

    Args:
        clock: returns nanoseconds.
    """
    fastest = None
    for _ in range(TRIES):
        began = clock()
        sum(NUMBERS)
        taken = clock() - began
        fastest = taken if fastest is None else min(fastest, taken)
    return fastest or 1


def await_usual(
    time_ns: Callable[[], int], limit_ns: int, clock: Callable[[], int], sleep: Callable[[float], None]
) -> int:
    """Wait until the computation takes no longer than `limit_ns`, or for half a second; return its last time in nanoseconds.

    Args:
        time_ns: times the computation.
        limit_ns: as `CoreSpeed.limit_ns` returns it.
        clock: returns nanoseconds.
        sleep: waits for some seconds.
    """
    until = clock() + PATIENCE_NS
    core_ns = time_ns()
    while core_ns > limit_ns and clock() < until:
        sleep(PAUSE_S)
        core_ns = time_ns()
    return core_ns


class CoreSpeed:
    """Holds each slice against the earlier ones of its contender, since a framework's idle threads may slow the computation, too."""

    def __init__(self, excess: float) -> None:
        """Has seen nothing yet.

        Args:
            excess: multiple of the usual time above which a slice counts as slowed down.
        """
        self._excess = excess
        self._seen: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=KEPT))

    def see(self, label: str, core_ns: int) -> None:
        """Note what `computation_ns` returned while a contender was tried."""
        self._seen[label].append(core_ns)

    def limit_ns(self, label: str) -> int | None:
        """Return the time of the computation above which the core of a contender is slowed down; None if it is not judged."""
        usual_ns = self._usual_ns(label)
        return None if usual_ns is None else round(self._excess * usual_ns)

    def slowdown(self, label: str, core_ns: int) -> float | None:
        """Return the time of the computation as a multiple of the usual one; None if it is not judged.

        Args:
            label: of the contender.
            core_ns: what `computation_ns` returned, the longer of before and after the slice.
        """
        self.see(label, core_ns)
        usual_ns = self._usual_ns(label)
        return None if usual_ns is None else core_ns / usual_ns

    def _usual_ns(self, label: str) -> int | None:
        """Return the usual time; None if it is not known yet, or times are often longer."""
        own = self._seen[label]
        known = own if len(own) >= OWN else [taken for seen in self._seen.values() for taken in seen]
        if len(known) < FEWEST:
            return None
        usual_ns = sorted(known)[int(USUAL * (len(known) - 1))]
        often = len(known) >= MANY and sum(taken > self._excess * usual_ns for taken in known) > HOPELESS * len(known)
        return None if often else usual_ns
