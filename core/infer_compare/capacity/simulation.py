"""An exact simulation of a queue with dynamic batching in front of several copies, in one step per batch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.capacity.values import Batching


class Simulated(NamedTuple):
    """When requests were answered, and in which batches."""

    done: list[float]
    """When each was answered, in seconds, in the order of arrival."""
    sizes: list[int]
    """Sizes of the batches, in the order in which they were taken."""
    busy_s: float
    """Computing time, summed over the copies."""
    served_s: float
    """Time spent in a batch, summed over the requests; the rest of their latency is waiting."""


def simulate(
    arrivals: Sequence[float], duration: Callable[[int, float], float], batching: Batching, copies: int
) -> Simulated:
    """Return when each request is answered.

    The rule is that of Triton's dynamic batcher: a free copy takes a batch as soon as `max_batch` requests wait, or the oldest has
    waited `max_delay_s`. The batch that begins with request i starts on the copy that has been free for longest, at
    `max(free, min(a[i] + max_delay_s, a[i + max_batch - 1]))`, with the requests that have arrived by then, at most `max_batch`.
    From batch to batch neither that time nor the earliest time at which a copy is free decreases, so no list of events is needed.

    Args:
        arrivals: arrival times in seconds, ascending.
        duration: returns the seconds that a batch takes, given its size and for how many seconds its copy was idle.
        batching: the largest batch and the longest delay.
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
