"""The common window of several instances that were timed at the same time, and the calls of each within it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

MOSTLY = 0.5
"""A duration belongs to the window if at least this share of it is within."""


class Stretch(NamedTuple):
    """The consecutive durations of one instance."""

    started_ns: int
    """The clock at the first stamp."""
    durations_ns: Sequence[int]


class Kept(NamedTuple):
    """The durations of one instance within the window."""

    first: int
    """Index of the first duration that belongs to the window."""
    end: int
    """Index after the last of them."""
    stamps: float
    """Number of durations within the window; those at its ends count by the share that is within."""


class Window(NamedTuple):
    """The time in which all instances ran: from the latest first stamp to the earliest last stamp."""

    begins_ns: int
    length_ns: int
    """0 if they did not run at the same time."""
    skew_ns: int
    """From the earliest first stamp to the latest first stamp."""
    kept: tuple[Kept, ...]
    """One for each instance, in their order."""


def common_window(stretches: Sequence[Stretch]) -> Window:
    """Return the common window of several instances, and the durations of each within it.

    A single instance keeps everything. If no duration belongs to the window, all are kept, so a slice is never empty.

    Args:
        stretches: one for each instance, none of them empty.
    """
    ends = [list(accumulate(stretch.durations_ns, initial=stretch.started_ns)) for stretch in stretches]
    starts = [stretch.started_ns for stretch in stretches]
    begins_ns, ends_ns = max(starts), min(moments[-1] for moments in ends)
    length_ns = max(0, ends_ns - begins_ns)
    kept = tuple(_kept(moments, begins_ns, ends_ns) for moments in ends) if length_ns else ()
    if not any(span.end - span.first for span in kept):
        counted = [span.stamps for span in kept] or [0.0] * len(ends)
        kept = tuple(Kept(0, len(moments) - 1, stamps) for moments, stamps in zip(ends, counted, strict=True))
    return Window(begins_ns, length_ns, begins_ns - min(starts), kept)


def _kept(moments: Sequence[int], begins_ns: int, ends_ns: int) -> Kept:
    """Return the durations between consecutive stamps that are within a window."""
    first, end = bisect_right(moments, begins_ns) - 1, bisect_left(moments, ends_ns)
    head, tail = moments[first : first + 2], moments[end - 1 : end + 1]
    if end - first == 1:
        share = (ends_ns - begins_ns) / (head[1] - head[0])
        inside = int(share >= MOSTLY)
        return Kept(first, first + inside, share)
    begun, cut = (head[1] - begins_ns) / (head[1] - head[0]), (ends_ns - tail[0]) / (tail[1] - tail[0])
    return Kept(first + (begun < MOSTLY), end - (cut < MOSTLY), end - first - 2 + begun + cut)
