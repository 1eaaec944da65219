"""The batcher: the rule of the simulation, kept by a clock and by copies that answer when they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.capacity.simulation import simulate
from infer_compare.capacity.values import Batching
from infer_compare.serving.batcher import Answer, Batch, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000_000
GAPS = st.lists(st.integers(0, 3000), min_size=1, max_size=60)


class Scripted:
    """Copies that take as long as is said for each size, by a clock that is set forward while they are waited for."""

    def __init__(self, duration_ns: Sequence[int], lost: Sequence[int] = ()) -> None:
        self.now_ns = 0
        self.handed: list[tuple[int, int]] = []
        self._duration_ns = duration_ns
        self._lost = lost
        self._due: dict[int, tuple[int, bool]] = {}

    def clock(self) -> int:
        return self.now_ns

    def hand_over(self, copy: int, first: int, count: int) -> None:
        assert copy not in self._due
        self._due[copy] = (self.now_ns + self._duration_ns[count], len(self.handed) in self._lost)
        self.handed.append((first, count))

    def wait(self, until_ns: int | None) -> Sequence[Answer]:
        moment = min((due for due, _ in self._due.values()), default=None)
        if moment is None or (until_ns is not None and until_ns < moment):
            assert until_ns is not None
            self.now_ns = until_ns
            return ()
        self.now_ns = moment
        ready = [copy for copy, (due, _) in self._due.items() if due == moment]
        return [Answer(copy, moment, lost=self._due.pop(copy)[1]) for copy in ready]


def moments(gaps: Sequence[int]) -> list[int]:
    """Arrivals with these gaps between them."""
    return [sum(gaps[: place + 1]) for place in range(len(gaps))]


def answered(batches: Sequence[Batch]) -> dict[int, int]:
    """When each request was answered."""
    return {
        batch.first + place: batch.answered_ns for batch in batches for place in range(batch.size) if not batch.lost
    }


@given(
    gaps=GAPS, most=st.integers(1, 5), delay_ns=st.integers(0, 4000), copies=st.integers(1, 3), each=st.integers(1, 900)
)
def test_requests_are_answered_when_the_simulation_says(
    gaps: list[int], most: int, delay_ns: int, copies: int, each: int
) -> None:
    """For any arrivals, batching and number of copies: the rule is the same."""
    durations = [200 + each * size for size in range(most + 1)]
    workers = Scripted(durations)
    arrivals = moments(gaps)
    served = serve(arrivals, Batching(max_batch=most, max_delay_s=delay_ns / SECOND), copies, workers, workers.clock)
    # The simulation takes any unit of time.
    expected = simulate(
        arrivals, lambda size, _idle: durations[size], Batching(max_batch=most, max_delay_s=delay_ns), copies
    )
    times = answered(served.batches)
    assert [times[place] for place in range(len(arrivals))] == expected.done
    assert [count for _, count in workers.handed] == expected.sizes
    assert not any(served.late_ns)


@given(gaps=GAPS, lost=st.sets(st.integers(0, 20)), copies=st.integers(1, 3))
def test_every_request_is_answered_or_counted_as_lost(gaps: list[int], lost: set[int], copies: int) -> None:
    """Once each, in the order in which they came, whatever copies die."""
    workers = Scripted([500] * 5, sorted(lost))
    served = serve(moments(gaps), Batching(max_batch=4, max_delay_s=1e-6), copies, workers, workers.clock)
    handed = [place for first, count in workers.handed for place in range(first, first + count)]
    assert handed == list(range(len(gaps)))
    assert sorted(place for batch in served.batches for place in range(batch.first, batch.first + batch.size)) == list(
        range(len(gaps))
    )
    assert sum(batch.lost for batch in served.batches) == len([at for at in lost if at < len(workers.handed)])


def test_slow_answers_delay_no_arrival() -> None:
    """A hundred requests come within a millisecond to a copy that takes a second: their latencies count from there."""
    arrivals = list(range(0, 1_000_000, 10_000))
    workers = Scripted([SECOND] * 2)
    served = serve(arrivals, Batching(max_batch=1, max_delay_s=0.0), 1, workers, workers.clock)
    times = answered(served.batches)
    latencies = [times[place] - arrival for place, arrival in enumerate(arrivals)]
    assert latencies == [SECOND * (place + 1) - 10_000 * place for place in range(100)]


def test_a_launch_that_comes_late_is_seen() -> None:
    """Where whoever sleeps until a moment of the schedule wakes up after it."""

    class Sleepy(Scripted):
        def wait(self, until_ns: int | None) -> Sequence[Answer]:
            answers = super().wait(until_ns)
            self.now_ns += 0 if answers else 70
            return answers

    workers = Sleepy([100] * 2)
    served = serve([1000, 5000], Batching(max_batch=1, max_delay_s=0.0), 1, workers, workers.clock)
    assert served.late_ns == [70, 70]
