"""Passes over a data set, by a clock that a test turns."""

from __future__ import annotations

from infer_compare.timing import SliceLimits
from infer_compare.timing.passes import one_pass, timed_passes


class Clock:
    """Tells the time that parts of a pass have taken."""

    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now

    def spend(self, microseconds: int) -> None:
        self.now += 1_000 * microseconds


def make_pass(clock, batches=3):
    """A pass whose loader takes 5 a batch and 7 at its end, staging 11, running 13 and fetching 17."""

    def load():
        for index in range(batches):
            clock.spend(5)
            yield index
        clock.spend(7)

    return lambda: one_pass(
        load, lambda _: clock.spend(11), lambda _: clock.spend(13), lambda _: clock.spend(17), clock
    )


def test_every_nanosecond_of_a_pass_belongs_to_one_part() -> None:
    """The loader's own end is in loading."""
    clock = Clock()
    times = make_pass(clock)()
    assert (times.load, times.stage, times.run, times.fetch) == (22_000, 33_000, 39_000, 51_000)
    assert times.total == times.load + times.stage + times.run + times.fetch


def test_a_slice_is_of_whole_passes_and_says_how_many_samples_each_has() -> None:
    """As many as its time allows, and at least one."""
    clock = Clock()
    limits = SliceLimits(slice_ns=1_000_000, minimum_calls=1, dropped_calls=0)
    found = timed_passes(make_pass(clock), 96, 145_000, clock, limits)
    assert found.samples == 96
    assert found.durations_ns == (145_000,) * 7
    assert found.phases.run_ns == (39_000,) * 7
    assert found.started_ns == 1_000


def test_a_pass_longer_than_a_slice_is_made_once() -> None:
    """Nobody waits for eight of them."""
    clock = Clock()
    limits = SliceLimits(slice_ns=10_000, minimum_calls=1, dropped_calls=0)
    assert len(timed_passes(make_pass(clock), 96, 145_000, clock, limits).durations_ns) == 1


def test_an_empty_data_set_makes_an_empty_pass() -> None:
    """Only the loader's end takes time."""
    times = make_pass(Clock(), batches=0)()
    assert (times.total, times.load, times.run) == (7_000, 7_000, 0)
