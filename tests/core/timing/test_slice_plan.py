"""How many calls a slice makes, for calls of every length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.timing import SliceLimits, plan_slice

MS = 1_000_000
DEFAULTS = SliceLimits()


def test_a_slice_of_ordinary_calls_lasts_sixty_milliseconds_after_three_dropped_calls() -> None:
    """Calls of 1 ms: three dropped, sixty kept, one stamp each."""
    plan = plan_slice(MS, DEFAULTS)
    assert (plan.dropped, plan.stamps, plan.calls_per_stamp) == (3, 60, 1)


def test_eight_calls_are_kept_where_sixty_milliseconds_hold_fewer() -> None:
    """Calls of 20 ms: three would fill the time, eight are kept."""
    assert plan_slice(20 * MS, DEFAULTS).stamps == 8


@pytest.mark.parametrize(("latency_ms", "stamps"), [(250, 8), (300, 7), (667, 3), (1000, 2), (9000, 2)])
def test_where_eight_calls_exceed_two_seconds_as_many_are_kept_as_fill_them(latency_ms: int, stamps: int) -> None:
    """But two at least; none is dropped before them."""
    plan = plan_slice(latency_ms * MS, DEFAULTS)
    assert (plan.dropped, plan.stamps, plan.calls_per_stamp) == (0, stamps, 1)


@pytest.mark.parametrize(("latency_ms", "dropped"), [(1, 3), (3, 3), (4, 3), (5, 2), (9, 2), (10, 1), (29, 1)])
def test_as_many_calls_are_dropped_as_fill_ten_milliseconds_and_three_at_most(latency_ms: int, dropped: int) -> None:
    """What others left in the caches is gone by then; more would be calls that nobody counts."""
    assert plan_slice(latency_ms * MS, DEFAULTS).dropped == dropped
    assert plan_slice(latency_ms * MS, SliceLimits(dropped_calls=0)).dropped == 0


@pytest.mark.parametrize("latency_ms", [30, 60, 9000])
def test_no_call_that_lasts_is_dropped(latency_ms: int) -> None:
    """From 30 ms on, the state of the caches costs a call less than 3 %, and dropping calls would take a share of the run."""
    assert plan_slice(latency_ms * MS, DEFAULTS).dropped == 0


def test_a_slice_of_slow_calls_never_falls_below_the_time_of_a_slice() -> None:
    """An accelerator is timed for a second, however little the mode gives to slow calls."""
    limits = SliceLimits(slice_ns=1_000 * MS, long_ns=200 * MS)
    assert plan_slice(130 * MS, limits).stamps == 8
    assert plan_slice(200 * MS, limits).stamps == 5


def test_two_milliseconds_of_tiny_calls_are_dropped() -> None:
    """Calls of 50 us: forty before the first stamp."""
    assert plan_slice(50_000, DEFAULTS).dropped == 40


def test_calls_below_twenty_microseconds_share_stamps_in_whole_turns_of_the_buffers() -> None:
    """Calls of 7 us with four buffers: sixteen calls a stamp, so that each block holds each buffer four times."""
    plan = plan_slice(7_000, DEFAULTS, buffers=4)
    assert plan.calls_per_stamp == 16
    assert plan.stamps * plan.calls_per_stamp * 7_000 >= 60 * MS
    assert plan_slice(20_000, DEFAULTS, buffers=4).calls_per_stamp == 1


def test_an_accelerator_is_loaded_before_the_first_stamp_for_as_long_as_asked() -> None:
    """Half a second of 10 ms calls goes before, and one second is kept; slow calls are no exception."""
    limits = SliceLimits(slice_ns=1_000 * MS, lead_ns=500 * MS)
    plan = plan_slice(10 * MS, limits)
    assert (plan.dropped, plan.stamps) == (50, 100)
    assert plan_slice(300 * MS, limits).dropped == 2


@given(
    latency_ns=st.integers(0, 10**11),
    buffers=st.integers(1, 9),
    slice_ns=st.integers(1, 2_000 * MS),
    long_ns=st.integers(1, 2_000 * MS),
    blocks=st.booleans(),
)
def test_every_plan_keeps_the_protocols_minima(
    latency_ns: int, buffers: int, slice_ns: int, long_ns: int, blocks: bool
) -> None:
    """Whatever a call takes: enough stamps, enough time, blocks long enough, and a ceiling above the plan."""
    limits = SliceLimits(slice_ns=slice_ns, long_ns=long_ns)
    plan = plan_slice(latency_ns, limits, buffers=buffers, blocks=blocks)
    latency = max(1, latency_ns)
    planned_ns = plan.stamps * plan.calls_per_stamp * latency
    assert plan.ceiling_ns >= planned_ns
    assert planned_ns >= slice_ns
    if latency >= 30 * MS:
        assert plan.dropped == 0
    else:
        assert plan.dropped >= 3 or plan.dropped * latency >= 10 * MS
    if plan.stamps < 8:
        assert 8 * latency > long_ns
        assert planned_ns >= long_ns
        assert plan.stamps >= 2
        assert plan.calls_per_stamp == 1
        return
    if blocks and latency < 20_000:
        assert plan.calls_per_stamp * latency >= 100_000
        assert plan.calls_per_stamp % buffers == 0
    else:
        assert plan.calls_per_stamp == 1
