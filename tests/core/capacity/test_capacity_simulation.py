"""The simulation of a queue with dynamic batching does what a plain one does, event by event."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.capacity.replications import Effort, replicate
from infer_compare.capacity.service_times import service_of
from infer_compare.capacity.simulation import simulate
from infer_compare.capacity.values import Batching, Configuration, Load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

gaps = st.lists(st.sampled_from([0.0, 0.0, 0.125, 0.5, 1.0, 3.0, 10.0]) | st.floats(0, 5), min_size=1, max_size=60)


def by_events(
    arrivals: Sequence[float], duration: Callable[[int, float], float], batching: Batching, copies: int
) -> tuple[list[float], list[int]]:
    """When each request is answered and how large batches are, from a list of events: arrivals, delays that end, and answers."""
    events: list[tuple[float, int, int]] = []
    for request, moment in enumerate(arrivals):
        heappush(events, (moment, 0, request))
    done = [inf] * len(arrivals)
    sizes: list[int] = []
    waiting: deque[int] = deque()
    free = [(arrivals[0], copy) for copy in range(copies)]
    while events:
        now = events[0][0]
        while events and events[0][0] == now:
            _, kind, which = heappop(events)
            if kind == 0:
                waiting.append(which)
                heappush(events, (arrivals[which] + batching.max_delay_s, 1, which))
            elif kind == 2:
                free.append((now, which))
        while free and waiting:
            late = now >= arrivals[waiting[0]] + batching.max_delay_s
            if not late and len(waiting) < batching.max_batch:
                break
            since, copy = min(free)
            free.remove((since, copy))
            batch = [waiting.popleft() for _ in range(min(batching.max_batch, len(waiting)))]
            finish = now + duration(len(batch), now - since)
            for request in batch:
                done[request] = finish
            sizes.append(len(batch))
            heappush(events, (finish, 2, copy))
    return done, sizes


def drawn(lengths: Sequence[float], each: float) -> Callable[[int, float], float]:
    """Durations that depend on the batch, on how long the copy was idle, and on the number of the batch."""
    numbers = iter(range(10**6))
    return lambda size, idle: lengths[next(numbers) % len(lengths)] + each * size + 0.25 * min(idle, 1.0)


@given(
    gaps,
    st.lists(st.floats(0.01, 4), min_size=1, max_size=7),
    st.floats(0, 1),
    st.integers(1, 6),
    st.sampled_from([0.0, 0.1, 0.5, 2.0, 20.0]),
    st.integers(1, 4),
)
def test_requests_are_answered_when_a_plain_simulation_answers_them(
    times: list[float], lengths: list[float], each: float, max_batch: int, delay: float, copies: int
) -> None:
    """The same draws give the same completion times; every request is served once, in order, in batches within the limit."""
    arrivals = [sum(times[: index + 1]) for index in range(len(times))]
    batching = Batching(max_batch=max_batch, max_delay_s=delay)
    simulated = simulate(arrivals, drawn(lengths, each), batching, copies)
    done, sizes = by_events(arrivals, drawn(lengths, each), batching, copies)
    assert simulated.done == done
    assert simulated.sizes == sizes
    assert sum(sizes) == len(arrivals)
    assert max(sizes) <= max_batch
    shortest = min(lengths) + each
    assert all(end >= begin + shortest - 1e-9 for begin, end in zip(arrivals, simulated.done, strict=True))
    assert simulated.busy_s <= simulated.served_s + 1e-9
    if copies == 1:
        assert simulated.done == sorted(simulated.done)


@settings(max_examples=25)
@given(st.floats(0.1, 0.9), st.floats(1.05, 3), st.integers(1, 4), st.integers(1, 3))
def test_more_load_takes_longer(share: float, more: float, max_batch: int, copies: int) -> None:
    """With the same draws a higher rate has no shorter mean latency, but for what fuller batches save."""
    service = service_of("x", copies, {size: [0.9 + 0.1 * size, 1.1 + 0.1 * size] for size in (1, 2, 4)})
    configuration = Configuration(contender="x", batching=Batching(max_batch=max_batch, max_delay_s=0.0), copies=copies)
    rate = share * service.saturation(max_batch, copies)
    effort = Effort(replications=2, requests=200)
    slower, faster = (
        replicate(service, configuration, Load(), own, [50.0], effort).mean_s.mean for own in (rate, more * rate)
    )
    assert faster >= 0.98 * slower


def test_no_batch_beyond_the_largest_measured_size_is_served() -> None:
    """Nothing is known of it."""
    service = service_of("x", 1, {1: [1.0], 4: [2.0]})
    with pytest.raises(ValueError, match="batch 5 is larger than the largest measured one, 4"):
        service.mean_s(5)


def test_sizes_between_measured_ones_lie_on_the_line_with_the_spread_of_their_neighbours() -> None:
    """A quarter of the calls of both neighbours is twice as long as the others: so it is in between."""
    service = service_of("x", 1, {size: [2.0 + size] * 3 + [2 * (2.0 + size)] for size in (2, 4, 8, 16)})
    middle = service.mean_s(6)
    assert middle == pytest.approx(1.25 * 8.0, rel=0.01)
    assert service.percentile_s(6, 99) == pytest.approx(16.0, rel=0.01)
    assert service.percentile_s(6, 50) == pytest.approx(8.0, rel=0.01)


def test_smaller_batches_than_the_smallest_measured_one_last_as_long() -> None:
    """A service would have to pad them."""
    assert service_of("x", 1, {4: [2.0], 8: [3.0]}).mean_s(1) == pytest.approx(2.0)
