"""Stretches of a replay in which nothing else took the processors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import ServingCurve
    from infer_compare.serving.delays import RunDelays, Waited

WINDOW_NS = 300_000_000
"""Over which it is judged whether something else took the processors."""
DISTURBED = 0.01
"""Share of a window in which the service may wait for a processor, beyond twice what it did when its curve was measured."""
MOST_DISTURBED = 0.05
"""However much it waited then."""


class Windows:
    """Stretches of a replay, and how long the service waited for processors in each."""

    def __init__(self, delays: RunDelays) -> None:
        """Begins none yet."""
        self._delays = delays
        self._next_ns = 0
        self._marks: list[tuple[int, Waited]] = []

    def tick(self, now_ns: int) -> None:
        """Begin another window where the last one has been long enough."""
        if now_ns >= self._next_ns:
            self.end(now_ns)
            self._next_ns = now_ns + WINDOW_NS

    def end(self, now_ns: int) -> None:
        """End the last window."""
        self._marks.append((now_ns, self._delays.read()))

    def clean(self, curve: ServingCurve) -> Sequence[tuple[int, int]]:
        """Return the windows, joined where they touch, in which nothing took more of the processors than when a curve was
        measured; none where the kernel does not count waiting times.
        """
        if not self._delays.known:
            return ()
        allowed = min(MOST_DISTURBED, DISTURBED + 2 * curve.stalls_per_s * curve.stall_s)
        clean: list[tuple[int, int]] = []
        for (begin_ns, before), (end_ns, after) in pairwise(self._marks):
            if after.since(before).waited_ns > allowed * (end_ns - begin_ns):
                continue
            if clean and clean[-1][1] == begin_ns:
                clean[-1] = (clean[-1][0], end_ns)
            else:
                clean.append((begin_ns, end_ns))
        return clean
