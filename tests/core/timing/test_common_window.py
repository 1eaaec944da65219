"""What several instances finished while all of them ran."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.timing.window import Stretch, common_window

calls = st.lists(st.integers(1, 10**7), min_size=1, max_size=30).map(tuple)
stretches = st.lists(st.builds(Stretch, st.integers(0, 10**8), calls), min_size=1, max_size=5)


def ends_ns(stretch: Stretch) -> int:
    """The clock at its last stamp."""
    return stretch.started_ns + sum(stretch.durations_ns)


@given(st.builds(Stretch, st.integers(0, 10**8), calls))
def test_one_instance_keeps_everything(stretch: Stretch) -> None:
    """Figures of a contender without others are what they were."""
    window = common_window([stretch])
    assert (window.begins_ns, window.length_ns, window.skew_ns) == (
        stretch.started_ns,
        sum(stretch.durations_ns),
        0,
    )
    assert window.kept == ((0, len(stretch.durations_ns), pytest.approx(len(stretch.durations_ns))),)


@settings(deadline=None, max_examples=50)
@given(stretches)
def test_what_lies_before_within_and_after_the_window_is_everything(given_stretches: list[Stretch]) -> None:
    """Each instance's calls outside of the window, by their shares, and those within add up to those it made."""
    window = common_window(given_stretches)
    if not window.length_ns:
        return
    ends = window.begins_ns + window.length_ns
    for stretch, kept in zip(given_stretches, window.kept, strict=True):
        outside = 0.0
        moments = list(accumulate(stretch.durations_ns, initial=stretch.started_ns))
        for first, last in pairwise(moments):
            before, after = max(0, min(last, window.begins_ns) - first), max(0, last - max(first, ends))
            outside += (before + after) / (last - first)
        assert kept.stamps + outside == pytest.approx(len(stretch.durations_ns))


@settings(deadline=None, max_examples=50)
@given(stretches)
def test_the_window_is_the_time_in_which_all_of_them_ran(given_stretches: list[Stretch]) -> None:
    """From the latest first stamp to the earliest last one."""
    window = common_window(given_stretches)
    starts = [stretch.started_ns for stretch in given_stretches]
    assert window.begins_ns == max(starts)
    assert window.skew_ns == max(starts) - min(starts)
    assert window.length_ns == max(0, min(map(ends_ns, given_stretches)) - max(starts))


@settings(deadline=None, max_examples=50)
@given(stretches)
def test_the_durations_that_are_kept_are_some_and_follow_each_other(given_stretches: list[Stretch]) -> None:
    """A slice is never empty."""
    window = common_window(given_stretches)
    assert len(window.kept) == len(given_stretches)
    for stretch, kept in zip(given_stretches, window.kept, strict=True):
        assert 0 <= kept.first <= kept.end <= len(stretch.durations_ns)
        assert 0 <= kept.stamps <= len(stretch.durations_ns)
        # At most one is kept, or left out, for each half of a call that the window cuts.
        assert not window.length_ns or abs(kept.end - kept.first - kept.stamps) <= 1 or kept.first == 0
    assert any(kept.end > kept.first for kept in window.kept)


@given(calls, st.integers(2, 4))
def test_instances_that_run_in_step_finish_so_many_times_as_much(durations: tuple[int, ...], instances: int) -> None:
    """As each of them does alone."""
    window = common_window([Stretch(7, durations)] * instances)
    assert sum(kept.stamps for kept in window.kept) == pytest.approx(instances * len(durations))


def test_calls_that_the_window_cuts_count_by_their_share() -> None:
    """Three calls of 10 against two of 15 that begin 4 later: the window is 4 to 30."""
    window = common_window([Stretch(0, (10, 10, 10)), Stretch(4, (15, 15))])
    assert (window.begins_ns, window.length_ns, window.skew_ns) == (4, 26, 4)
    assert [kept.stamps for kept in window.kept] == [pytest.approx(2.6), pytest.approx(26 / 15)]
    assert [(kept.first, kept.end) for kept in window.kept] == [(0, 3), (0, 2)]


def test_a_duration_that_lies_mostly_outside_is_left_out_of_the_latencies() -> None:
    """Of the first one's calls, one had ended nearly before the second one began."""
    window = common_window([Stretch(0, (10, 10, 10)), Stretch(8, (10, 10, 10, 10))])
    assert [(kept.first, kept.end) for kept in window.kept] == [(1, 3), (0, 2)]
