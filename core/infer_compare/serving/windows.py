"""Parts of a replay that other programs did not disturb."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import ServingCurve
    from infer_compare.serving.delays import RunDelays, Waited

WINDOW_NS = 300_000_000
"""Length of the windows, each of which is either clean or disturbed."""
DISTURBED = 0.01
"""The share of a clean window that the service may wait for a processor, in addition to twice its share while the curve was measured."""
MOST_DISTURBED = 0.05
"""The largest such share in any case."""


class Windows:
    """The windows of a replay, with the time that the service waited for processors in each."""

    def __init__(self, delays: RunDelays) -> None:
        """Starts without windows.

        Args:
            delays: reads waiting times.
        """
        self._delays = delays
        self._next_ns = 0
        self._marks: list[tuple[int, Waited]] = []

    def tick(self, now_ns: int) -> None:
        """Begin another window if the current one is long enough."""
        if now_ns >= self._next_ns:
            self.end(now_ns)
            self._next_ns = now_ns + WINDOW_NS

    def end(self, now_ns: int) -> None:
        """End the current window."""
        self._marks.append((now_ns, self._delays.read()))

    def clean(self, curve: ServingCurve) -> Sequence[tuple[int, int]]:
        """Return the clean windows, with adjacent ones joined; none if the kernel does not count waiting times.

        Args:
            curve: says how long the service waited while it was measured.
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
