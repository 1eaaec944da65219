"""The innermost loops: run a call, read the clock, store the reading.

Each loop writes consecutive readings into a preallocated list, one more than there are durations, so there is no gap between durations.
The loops use local names only. The next input buffer comes from `itertools.cycle`, which costs no more than calling the same callable
again (`benchmarks/timing_floor.py` prints the cost: less than 0.15 us per stamp).
"""

from __future__ import annotations

from itertools import cycle, islice, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.timing.clock import Call, Clock


def run_calls(calls: Sequence[Call], count: int) -> None:
    """Make `count` calls, taking turns among `calls`, with no clock read."""
    for call in islice(cycle(calls), count):
        call()


def stamp_calls(calls: Sequence[Call], count: int, clock: Clock, ceiling_ns: int) -> list[int]:
    """Make `count` calls, taking turns among `calls`, with the clock read before the first and after each.

    Stops after the first call that ends more than `ceiling_ns` after the start.

    Returns:
        The readings in nanoseconds: `count + 1`, or fewer (at least two) if it stopped early.
    """
    stamps = [0] * (count + 1)
    index = 0
    stamps[0] = now = clock()
    last = now + ceiling_ns
    # As fast as a plain `for` over a range with one callable, since zip reuses its tuple.
    for index, call in zip(range(1, count + 1), cycle(calls), strict=False):
        call()
        stamps[index] = now = clock()
        if now > last:
            break
    del stamps[index + 1 :]
    return stamps


def stamp_blocks(calls: Sequence[Call], calls_per_stamp: int, count: int, clock: Clock, ceiling_ns: int) -> list[int]:
    """Make `count` blocks of calls as in `stamp_calls`, with `calls_per_stamp` calls between two readings.

    Every block makes the calls in the same order, so blocks are comparable.
    """
    block = tuple(islice(cycle(calls), calls_per_stamp))
    stamps = [0] * (count + 1)
    index = 0
    stamps[0] = now = clock()
    last = now + ceiling_ns
    for index in range(1, count + 1):
        for call in block:
            call()
        stamps[index] = now = clock()
        if now > last:
            break
    del stamps[index + 1 :]
    return stamps


def durations(stamps: Sequence[int]) -> tuple[int, ...]:
    """Return the differences of consecutive readings."""
    return tuple(after - before for before, after in pairwise(stamps))
