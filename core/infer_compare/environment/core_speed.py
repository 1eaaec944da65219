"""The speed of the core on which a slice runs, from a fixed computation right before and after it.

A virtual core may share a physical one with another virtual machine. While that computes, the core loses a third of its speed, and
neither `steal` nor any other counter shows it. Heat can lower the clock just as suddenly.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = range(12_000)
"""Adding these takes 0.1 to 0.2 ms, and hardly touches memory."""
PATIENCE_NS = 500_000_000
"""How long a slice waits for its core to become as fast as usual: others share it for a second or two."""
PAUSE_S = 0.02
TRIES = 3
"""The fastest of these counts, as an interrupt does not last that long."""
KEPT = 64
"""The most recent slices of a contender, which define the usual time: if the clock falls for good, the usual time follows."""
OWN = 8
"""With fewer slices of its own, a contender is compared with the slices of all."""
FEWEST = 3
"""The fewest times that determine the usual one."""
USUAL = 0.1
"""The share of times below the usual one."""
HOPELESS = 0.5
"""If a larger share of slices was slowed down, none is judged: waiting and repeating would help little."""
MANY = 16
"""The fewest slices for that rule."""


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
    time_ns: Callable[[], int], limit_ns: int | None, clock: Callable[[], int], sleep: Callable[[float], None]
) -> int:
    """Wait until the computation takes no longer than `limit_ns`, or for half a second; return its last time in nanoseconds.

    Args:
        time_ns: times the computation.
        limit_ns: as `CoreSpeed.limit_ns` returns it; None to wait for nothing.
        clock: returns nanoseconds.
        sleep: waits for some seconds.
    """
    until = clock() + PATIENCE_NS
    core_ns = time_ns()
    while limit_ns is not None and core_ns > limit_ns and clock() < until:
        sleep(PAUSE_S)
        core_ns = time_ns()
    return core_ns


class CoreSpeed:
    """Compares each slice with earlier ones of its contender, as idle threads of a framework may slow the computation down, too."""

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
