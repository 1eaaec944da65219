"""When a contender counts as warm."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare.timing import BRIEF, WarmUpLimits, warm_up

if TYPE_CHECKING:
    from conftest import ManualClock

MS = 1_000_000
S = 1_000 * MS


def test_the_first_call_is_recorded_apart(clock: ManualClock) -> None:
    """A compilation of two seconds shows in the first call and not in the latency."""
    result = warm_up([clock.calls_lasting(itertools.chain([2 * S], itertools.repeat(10 * MS)))], clock)
    assert result.first_call_ns == 2 * S
    assert result.latency_ns == 10 * MS
    assert result.steady
    assert result.calls == len(clock.made)
    assert result.total_ns == clock.now - 1_000


def test_steady_calls_are_warm_after_a_hundred_milliseconds(clock: ManualClock) -> None:
    """Calls of 1 ms agree from the start; the time decides, and no window beyond it is run."""
    result = warm_up([clock.call(MS)], clock)
    assert result.steady
    assert 100 * MS <= result.total_ns - result.first_call_ns <= 125 * MS


def test_calls_that_still_get_faster_are_run_until_two_windows_agree(clock: ManualClock) -> None:
    """Twenty slow calls after a change of batch size do not end up in the latency."""
    falling = itertools.chain([19 * MS] * 20, itertools.repeat(10 * MS))
    result = warm_up([clock.calls_lasting(falling)], clock, WarmUpLimits(minimum_ns=0, window_calls=15))
    assert result.steady
    assert result.latency_ns == 10 * MS
    assert result.calls > 21


def test_calls_that_never_settle_are_given_up_at_the_cap(clock: ManualClock) -> None:
    """Latency that keeps growing by a tenth or more from window to window is flagged after ten seconds, not followed for ever."""
    growing = (int(MS * 1.03**index) for index in itertools.count())
    result = warm_up([clock.calls_lasting(growing)], clock)
    assert not result.steady
    assert result.total_ns - result.first_call_ns <= 11 * S


def test_calls_that_are_as_fast_at_once_as_later_are_settled(clock: ManualClock) -> None:
    """The first two calls may take longer; of slow calls that agree there is nothing else to see."""
    lasting = itertools.chain([90 * MS, 4 * MS], itertools.repeat(MS))
    assert warm_up([clock.calls_lasting(lasting)], clock).settled
    assert warm_up([clock.call(2 * S)], clock).settled


@pytest.mark.parametrize("slower", [1.03, 1.5])
def test_calls_that_get_faster_within_the_first_hundred_milliseconds_are_not_settled(
    clock: ManualClock, slower: float
) -> None:
    """By 3 % two windows agree all the while; what is gained by warming up longer is seen nevertheless."""
    lasting = itertools.chain([int(MS * slower)] * 50, itertools.repeat(MS))
    result = warm_up([clock.calls_lasting(lasting)], clock)
    assert result.steady
    assert not result.settled


def test_calls_that_never_settle_are_not_settled(clock: ManualClock) -> None:
    """Whatever the first window was."""
    growing = (int(S * 1.5**index) for index in itertools.count())
    assert not warm_up([clock.calls_lasting(growing)], clock).settled


def test_a_brief_warm_up_ends_with_two_windows_that_agree(clock: ManualClock) -> None:
    """Calls of 1 ms take 42 ms in place of 102; calls of 20 ms are three."""
    result = warm_up([clock.call(MS)], clock, BRIEF)
    assert result.steady
    assert result.total_ns <= 45 * MS
    assert warm_up([clock.call(20 * MS)], clock, BRIEF).calls == 3


def test_a_brief_warm_up_goes_on_while_windows_do_not_agree(clock: ManualClock) -> None:
    """A process that takes longer than others did is waited for."""
    lasting = itertools.chain([2 * MS] * 15, itertools.repeat(MS))
    result = warm_up([clock.calls_lasting(lasting)], clock, BRIEF)
    assert (result.steady, result.settled, result.latency_ns) == (True, False, MS)


def test_two_slow_calls_that_agree_suffice(clock: ManualClock) -> None:
    """Above 20 ms a call, windows would take too long: two consecutive calls are compared."""
    result = warm_up([clock.calls_lasting(iter([9 * S, 2 * S, 2 * S]))], clock)
    assert result.steady
    assert (result.calls, result.latency_ns, result.first_call_ns) == (3, 2 * S, 9 * S)


def test_a_slow_call_that_takes_no_longer_than_warm_ones_are_known_to_suffices(clock: ManualClock) -> None:
    """After the first one; where it takes longer, the usual comparison decides."""
    known = WarmUpLimits(known_ns=2 * S)
    assert warm_up([clock.calls_lasting(iter([2 * S, 2 * S]))], clock, known).calls == 2
    slower = warm_up([clock.calls_lasting(iter([9 * S, 3 * S, 2 * S]))], clock, known)
    assert (slower.steady, slower.calls, slower.latency_ns) == (True, 3, 2 * S)
    never = warm_up([clock.calls_lasting(iter([9 * S, 3 * S, 3 * S]))], clock, known)
    assert (never.steady, never.calls, never.latency_ns) == (True, 3, 3 * S)


def test_a_window_that_takes_no_longer_than_warm_calls_are_known_to_suffices(clock: ManualClock) -> None:
    """Calls of 2 ms are warm after one window, though windows swing by more than the tolerance."""
    swinging = itertools.cycle([2 * MS] * 10 + [3 * MS] * 10)
    result = warm_up([clock.calls_lasting(swinging)], clock, WarmUpLimits(known_ns=2 * MS))
    assert (result.steady, result.latency_ns) == (True, 2 * MS)
    assert result.total_ns - result.first_call_ns <= 30 * MS


def test_a_window_that_takes_almost_as_long_as_warm_calls_are_known_to_is_not_the_end(clock: ManualClock) -> None:
    """Where calls take 4 % longer, 100 ms are waited for, in which they may become faster."""
    result = warm_up([clock.calls_lasting(itertools.repeat(2_080_000))], clock, WarmUpLimits(known_ns=2 * MS))
    assert result.steady
    assert result.total_ns - result.first_call_ns >= 100 * MS


def test_slow_calls_that_agree_at_once_are_made_for_a_hundred_milliseconds(clock: ManualClock) -> None:
    """Calls of 25 ms: four after the first."""
    assert warm_up([clock.call(25 * MS)], clock).calls == 5


def test_slow_calls_that_disagree_are_given_up_after_five(clock: ManualClock) -> None:
    """Each call half as long again as the one before."""
    result = warm_up([clock.calls_lasting(int(S * 1.5**index) for index in itertools.count())], clock)
    assert not result.steady
    assert result.calls == 1 + 5


def test_slow_calls_that_become_fast_are_then_compared_in_windows(clock: ManualClock) -> None:
    """A second call that still compiles does not decide what follows."""
    lasting = itertools.chain([9 * S, 3 * S], itertools.repeat(MS))
    result = warm_up([clock.calls_lasting(lasting)], clock)
    assert result.steady
    assert result.latency_ns == MS
    assert result.calls > 10


def test_calls_around_twenty_milliseconds_find_their_steady_state(clock: ManualClock) -> None:
    """Latency that swings about the border between the two ways of comparing is not given up."""
    swinging = itertools.cycle([20 * MS + 500_000, 20 * MS - 500_000])
    result = warm_up([clock.calls_lasting(swinging)], clock)
    assert result.steady


def test_very_short_calls_are_compared_by_blocks(clock: ManualClock) -> None:
    """Calls of 2 us: the clock is read far more rarely than a call is made."""
    reads = 0

    def counting_clock() -> int:
        nonlocal reads
        reads += 1
        return clock.now

    result = warm_up([clock.call(2_000)] * 4, counting_clock)
    assert result.steady
    assert result.latency_ns == 2_000
    assert result.calls >= 50_000
    assert reads * 40 < result.calls


def test_every_input_buffer_is_warmed(clock: ManualClock) -> None:
    """Buffers take turns, so that none meets the first slice cold."""
    warm_up([clock.call(MS, name) for name in "abcd"], clock)
    counts = [clock.made.count(name) for name in "abcd"]
    assert min(counts) > 10


def test_calls_shorter_than_the_clock_can_tell_end_too() -> None:
    """A clock that moves once in a hundred readings finds calls of zero nanoseconds, and warming up still ends."""
    readings = itertools.count()
    result = warm_up([lambda: None], lambda: next(readings) // 100 * 50 * MS)
    assert result.calls > 3


def test_warming_up_nothing_is_refused(clock: ManualClock) -> None:
    """There is nothing to warm."""
    with pytest.raises(ValueError, match="at least one call"):
        warm_up([], clock)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(latency_ns=st.integers(500_000, 3 * S), jitter=st.lists(st.floats(0.99, 1.01), min_size=1, max_size=20))
def test_calls_within_two_per_cent_are_always_found_steady(
    clock: ManualClock, latency_ns: int, jitter: list[float]
) -> None:
    """Small jitter at any latency is steady, with a latency inside the jitter."""
    lasting = (int(latency_ns * factor) for factor in itertools.cycle(jitter))
    result = warm_up([clock.calls_lasting(lasting)], clock)
    assert result.steady
    assert latency_ns * 0.98 <= result.latency_ns <= latency_ns * 1.02
