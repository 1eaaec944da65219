"""The timed loop: stamps, turns, early ends and the garbage collector."""

from __future__ import annotations

import contextlib
import gc
import itertools
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infer_compare.timing import MONOTONIC, SliceLimits, collector_off, collector_paused, timed_slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import ManualClock

MS = 1_000_000


@pytest.fixture(autouse=True)
def collector_untouched() -> Iterator[None]:
    """Whatever a test does, the collector is left as it was found."""
    before = (gc.isenabled(), gc.get_freeze_count())
    yield
    assert (gc.isenabled(), gc.get_freeze_count()) == before


def test_durations_are_consecutive_and_the_first_calls_leave_no_stamp(clock: ManualClock) -> None:
    """Calls of 5, 6, 7 ... ms: the first two are discarded, the rest appear one by one."""
    call = clock.calls_lasting(itertools.count(5 * MS, MS))
    piece = timed_slice([call], 5 * MS, clock)
    assert piece.discarded == 2
    assert piece.started_ns == 1_000 + (5 + 6) * MS
    assert piece.durations_ns == tuple(range(7 * MS, 19 * MS, MS))
    assert piece.calls_per_stamp == 1
    assert piece.calls == 12


def test_input_buffers_take_turns(clock: ManualClock) -> None:
    """Four callables are called in order, again and again, by the dropped and by the timed calls."""
    calls = [clock.call(9 * MS, name) for name in "abcd"]
    timed_slice(calls, 9 * MS, clock)
    assert clock.made == [*"ab", *"abcdabcd"]


def test_each_buffer_has_its_own_durations(clock: ManualClock) -> None:
    """Buffers of different cost show in turn, so that rotation is not lost among equal numbers."""
    calls = [clock.call(duration * MS) for duration in (1, 2, 3, 4)]
    piece = timed_slice(calls, 10 * MS, clock)
    assert piece.durations_ns == tuple(duration * MS for duration in (1, 2, 3, 4, 1, 2, 3, 4))


def test_short_calls_share_stamps(clock: ManualClock) -> None:
    """Calls of 5 us: twenty under each stamp, and the slice counts calls, not stamps."""
    piece = timed_slice([clock.call(5_000)] * 4, 5_000, clock)
    assert piece.calls_per_stamp == 20
    assert set(piece.durations_ns) == {100_000}
    assert len(piece.durations_ns) == 600
    assert piece.calls == 12_000
    assert piece.discarded == 400


def test_slow_calls_are_timed_twice(clock: ManualClock) -> None:
    """A call of one second is made twice in all."""
    piece = timed_slice([clock.call(1_000 * MS)], 1_000 * MS, clock)
    assert piece.durations_ns == (1_000 * MS, 1_000 * MS)
    assert len(clock.made) == 2


@pytest.mark.parametrize("latency_ns", [MS, 5_000])
def test_a_slice_that_overruns_tenfold_ends_early_with_the_stamps_it_has(clock: ManualClock, latency_ns: int) -> None:
    """Calls a hundred times slower than planned: the slice ends after ten times its time and keeps every stamp."""
    piece = timed_slice([clock.call(100 * latency_ns)], latency_ns, clock)
    assert piece.durations_ns
    assert set(piece.durations_ns) == {100 * latency_ns * piece.calls_per_stamp}
    assert 600 * MS < sum(piece.durations_ns) <= 600 * MS + piece.durations_ns[0]


def test_the_slice_length_is_a_parameter(clock: ManualClock) -> None:
    """Where other processes cannot be seen, 100 ms instead of 60."""
    piece = timed_slice([clock.call(MS)], MS, clock, SliceLimits(slice_ns=100 * MS))
    assert sum(piece.durations_ns) == 100 * MS


def test_nothing_is_collected_within_a_slice_and_the_collector_returns_afterwards(clock: ManualClock) -> None:
    """Inside the calls the collector is off."""
    seen: set[bool] = set()

    def call() -> None:
        clock.now += 20 * MS
        seen.add(gc.isenabled())

    timed_slice([call], 20 * MS, clock)
    assert seen == {False}
    assert gc.isenabled()


def test_the_collector_returns_when_a_call_raises(clock: ManualClock) -> None:
    """An out-of-memory error inside a slice leaves the process with its collector on."""

    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        timed_slice([fail], MS, clock)
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Pausing restores the former state, not a state that it prefers."""
    gc.disable()
    try:
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_slice_does_not_visit_the_objects_that_a_framework_left_behind(clock: ManualClock) -> None:
    """Counting what is frozen takes 17 ms with PyTorch and empties the caches, so the collector is only switched off and on."""
    asked: set[str] = set()

    def note(_: object, event: str, function: object) -> None:
        if event == "c_call" and getattr(function, "__module__", "") == "gc":
            asked.add(function.__name__)  # type: ignore[attr-defined]

    sys.setprofile(note)
    try:
        timed_slice([clock.call(20 * MS)], 20 * MS, clock)
    finally:
        sys.setprofile(None)
    assert asked == {"isenabled", "disable", "enable"}


def test_a_slice_without_calls_is_refused(clock: ManualClock) -> None:
    """There is nothing to time."""
    with pytest.raises(ValueError, match="at least one call"):
        timed_slice([], MS, clock)


def test_the_real_clock_gives_durations_that_add_up_to_the_slice() -> None:
    """With the machine's own clock, durations are not negative and the slice started between the readings around it."""
    before = MONOTONIC()
    piece = timed_slice([lambda: None] * 4, 200, MONOTONIC, SliceLimits(slice_ns=2 * MS))
    after = MONOTONIC()
    assert min(piece.durations_ns) >= 0
    assert before <= piece.started_ns <= piece.started_ns + sum(piece.durations_ns) <= after


def test_timing_does_not_need_numpy() -> None:
    """The package can be imported where numpy cannot."""
    program = "import sys; sys.modules['numpy'] = None; import infer_compare.timing"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_is_imported_with_the_collector_off_is_never_looked_through_again() -> None:
    """It is frozen, and whatever comes later is collected as ever, after an error too."""
    try:
        with contextlib.suppress(ImportError), collector_off():
            seen = gc.isenabled()
            raise ImportError
        assert (seen, gc.isenabled()) == (False, True)
        frozen = gc.get_freeze_count()
        assert frozen > 0
        with collector_paused():
            assert not gc.isenabled()
        assert (gc.isenabled(), gc.get_freeze_count()) == (True, frozen)
    finally:
        gc.unfreeze()
