"""A queue with dynamic batching in front of several copies, simulated exactly with one step for each batch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.capacity.values import Batching


class Simulated(NamedTuple):
    """What became of the requests."""

    done: list[float]
    """When each was answered, in seconds, in the order of arrival."""
    sizes: list[int]
    """Of the batches, in the order in which they were taken."""
    busy_s: float
    """Time that all copies computed together."""
    served_s: float
    """Time that requests spent in a batch, over all of them; the rest of their latency they waited."""


def simulate(
    arrivals: Sequence[float], duration: Callable[[int, float], float], batching: Batching, copies: int
) -> Simulated:
    """Return when each request is answered.

    The rule is that of Triton's dynamic batcher: a free copy takes a batch as soon as `max_batch` requests wait, or the oldest has
    waited `max_delay_s`. The copy that has been free for longest takes the batch that begins with request i at
    `max(free, min(a[i] + max_delay_s, a[i + max_batch - 1]))`, with all that have come by then, `max_batch` at most. Neither
    that moment nor the least time at which a copy is free ever goes back, so batches can be made one after the other with no list
    of events.

    Args:
        arrivals: moments in seconds, ascending.
        duration: returns the seconds for a batch of a size on a copy that has been idle for so many seconds.
        batching: the rule.
        copies: how many serve at the same time.
    """
    count = len(arrivals)
    most, delay = batching.max_batch, batching.max_delay_s
    done = [0.0] * count
    sizes: list[int] = []
    free = [arrivals[0] if count else 0.0] * copies
    busy = served = 0.0
    several = copies > 1
    copy = first = 0
    while first < count:
        if several:
            since = min(free)
            copy = free.index(since)
        else:
            since = free[0]
        start = arrivals[first] + delay
        beyond = first + most
        if beyond > count:
            beyond = count
        elif arrivals[beyond - 1] < start:
            start = arrivals[beyond - 1]
        if start < since:  # noqa: PLR1730 - three times faster than max(), in the innermost loop
            start = since
        end = first + 1
        if end < beyond:
            end = bisect_right(arrivals, start, end, beyond)
        size = end - first
        seconds = duration(size, start - since)
        finish = start + seconds
        free[copy] = finish
        busy += seconds
        served += size * seconds
        if size == 1:
            done[first] = finish
        else:
            done[first:end] = [finish] * size
        sizes.append(size)
        first = end
    return Simulated(done, sizes, busy, served)
