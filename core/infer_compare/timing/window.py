"""Several instances that were timed at the same time: what each finished while all of them ran."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

MOSTLY = 0.5
"""A duration is one of the window's where at least this share of it lies within."""


class Stretch(NamedTuple):
    """What one instance timed, without a gap."""

    started_ns: int
    """The clock at the first stamp."""
    durations_ns: Sequence[int]


class Kept(NamedTuple):
    """What of one instance lies in the window."""

    first: int
    """The first of its durations that is one of the window's."""
    end: int
    """The first after those."""
    stamps: float
    """Its durations that fit into the window: one that the window cuts counts by its share."""


class Window(NamedTuple):
    """The time in which all instances ran: from the latest first stamp to the earliest last one."""

    begins_ns: int
    length_ns: int
    """0 where they did not run at the same time."""
    skew_ns: int
    """From the earliest first stamp to the latest."""
    kept: tuple[Kept, ...]
    """One for each instance, in their order."""


def common_window(stretches: Sequence[Stretch]) -> Window:
    """Return the window that several instances have in common, and what each of them finished in it.

    One instance alone keeps everything. Where no duration is one of the window's, all are kept: a slice is never empty.

    Args:
        stretches: one for each instance, none of them empty.
    """
    ends = [list(accumulate(stretch.durations_ns, initial=stretch.started_ns)) for stretch in stretches]
    starts = [stretch.started_ns for stretch in stretches]
    begins_ns, ends_ns = max(starts), min(moments[-1] for moments in ends)
    length_ns = max(0, ends_ns - begins_ns)
    kept = tuple(_kept(moments, begins_ns, ends_ns) for moments in ends) if length_ns else ()
    if not any(one.end - one.first for one in kept):
        counted = [one.stamps for one in kept] or [0.0] * len(ends)
        kept = tuple(Kept(0, len(moments) - 1, stamps) for moments, stamps in zip(ends, counted, strict=True))
    return Window(begins_ns, length_ns, begins_ns - min(starts), kept)


def _kept(moments: Sequence[int], begins_ns: int, ends_ns: int) -> Kept:
    """Return what lies between two moments, of durations between consecutive ones."""
    first, end = bisect_right(moments, begins_ns) - 1, bisect_left(moments, ends_ns)
    head, tail = moments[first : first + 2], moments[end - 1 : end + 1]
    if end - first == 1:
        share = (ends_ns - begins_ns) / (head[1] - head[0])
        inside = int(share >= MOSTLY)
        return Kept(first, first + inside, share)
    begun, cut = (head[1] - begins_ns) / (head[1] - head[0]), (ends_ns - tail[0]) / (tail[1] - tail[0])
    return Kept(first + (begun < MOSTLY), end - (cut < MOSTLY), end - first - 2 + begun + cut)
