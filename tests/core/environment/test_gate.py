"""Which slices are rejected, and how the cause is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.environment.gate import apart, rejection, without_slowdown
from infer_compare.results import ForeignProcess
from infer_compare.results.slices import Instances

from .conftest import MS, QUIET, slice_with  # type: ignore[import-not-found]


def test_a_quiet_slice_counts() -> None:
    """With and without schedstat."""
    assert rejection(QUIET, threads=2, schedstat=True) is None
    assert rejection(QUIET, threads=2, schedstat=False) is None


def test_a_busy_program_is_named_with_its_share() -> None:
    """The sentence says who, how much, and what it did to the worker."""
    busy = slice_with(
        own_cpu_ns=61 * MS,
        run_delay_ns=59 * MS,
        foreign_ns=59 * MS,
        top=ForeignProcess(123, "python", 0.98),
    )
    assert rejection(busy, threads=2, schedstat=True) == (
        "other programs: python (pid 123) took 98 % of a core, and the worker waited 49 % of the time it could have run"
    )


def test_a_crowd_is_told_by_its_sum() -> None:
    """Where no single program did it, none is accused."""
    crowd = slice_with(
        own_cpu_ns=60 * MS, run_delay_ns=60 * MS, foreign_ns=60 * MS, top=ForeignProcess(9, "one-of-many", 0.2)
    )
    assert (rejection(crowd, threads=2, schedstat=True) or "").startswith("other programs took 100 % of a core,")


def test_threads_that_wait_for_each_other_are_not_refused() -> None:
    """TensorFlow's four threads on two cores wait 15 % of their time with nobody else there."""
    own_doing = slice_with(own_cpu_ns=80 * MS, run_delay_ns=14 * MS, foreign_ns=0, active_threads=4)
    assert rejection(own_doing, threads=2, schedstat=True) is None


def test_instances_that_wait_for_each_other_are_not_refused() -> None:
    """Four threads of two instances on two cores wait half of their time for each other, with nobody else there."""
    own_doing = slice_with(own_cpu_ns=120 * MS, run_delay_ns=120 * MS, foreign_ns=4 * MS, active_threads=4)
    assert rejection(own_doing, threads=4, schedstat=True) is None
    assert rejection(own_doing, threads=4, schedstat=False) is None


@pytest.mark.parametrize(
    ("skew_ms", "call_ms", "window_ms", "refused"),
    [
        (4, 0, 60, False),
        (6, 0, 60, True),
        (14, 10, 60, False),
        (16, 10, 60, True),
        (19, 0, 1000, False),
        (21, 0, 1000, True),
    ],
)
def test_instances_that_begin_far_apart_are_refused(
    skew_ms: int, call_ms: int, window_ms: int, *, refused: bool
) -> None:
    """Within a call and 5 ms, or 2 % of the time in which they run together, they count."""
    ran = Instances(window_ns=window_ms * MS, calls=(9.0, 9.0), stamps=(9, 9), skew_ns=skew_ms * MS)
    assert (apart(ran, call_ms * MS) is not None) == refused


def test_instances_that_never_ran_at_the_same_time_are_refused() -> None:
    """With how far apart they began."""
    ran = Instances(window_ns=0, calls=(0.0, 0.0), stamps=(9, 9), skew_ns=70 * MS)
    assert apart(ran, 80 * MS) == "the instances began 70.0 ms apart, and did not run at the same time"


def test_others_that_left_room_are_not_a_reason() -> None:
    """One thread on two cores, a busy loop on the other core: nobody waited."""
    beside = slice_with(own_cpu_ns=60 * MS, run_delay_ns=0, foreign_ns=60 * MS)
    assert rejection(beside, threads=1, schedstat=True) is None
    assert rejection(beside, threads=1, schedstat=False) is None


def test_without_schedstat_more_demand_than_cores_is_a_reason() -> None:
    """Two threads and a busy loop want three cores of two."""
    beside = slice_with(foreign_ns=58 * MS, run_delay_ns=None, top=ForeignProcess(5, "make", 0.97))
    assert rejection(beside, threads=2, schedstat=False) == (
        "other programs: make (pid 5) took 97 % of a core, and with the worker's 2 threads that is more than 2 cores"
    )


def test_more_threads_than_cores_are_the_contenders_own_affair() -> None:
    """Oversubscription is flagged elsewhere, not refused."""
    assert rejection(slice_with(run_delay_ns=None), threads=8, schedstat=False) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"major_faults": 1}, "pages were read from disk (1 major fault)"),
        ({"major_faults": 3}, "pages were read from disk (3 major faults)"),
        ({"throttled": 2}, "the control group's quota stopped the worker (2 times)"),
        ({"steal_share": 0.06}, "the hypervisor took 6 % of the machine"),
    ],
)
def test_other_causes_are_told_with_their_figures(changes: dict[str, object], words: str) -> None:
    """Whether or not waiting times are known."""
    assert rejection(slice_with(**changes), threads=2, schedstat=True) == words
    assert rejection(slice_with(**changes), threads=2, schedstat=False) == words


def test_little_steal_passes() -> None:
    """Up to 5 %."""
    assert rejection(slice_with(steal_share=0.05), threads=2, schedstat=True) is None


def test_waiting_counts_as_caused_by_others_where_others_cannot_be_measured() -> None:
    """It fails closed."""
    unknown = slice_with(own_cpu_ns=80 * MS, run_delay_ns=20 * MS, foreign_ns=None)
    assert "cannot be seen" in (rejection(unknown, threads=2, schedstat=True) or "")


def test_where_nothing_can_be_told_nothing_is_refused_for_contention() -> None:
    """macOS: the report says that there is no gate."""
    unknown = slice_with(run_delay_ns=None, foreign_ns=None, steal_share=None, throttled=None, active_threads=None)
    assert rejection(unknown, threads=2, schedstat=False) is None
    assert rejection(unknown, threads=2, schedstat=True) is None


@given(
    run_delay_ms=st.integers(0, 200),
    foreign_ms=st.integers(0, 200),
    own_ms=st.integers(0, 200),
    latency_hint=st.integers(1, 10**9),
)
def test_the_decision_is_the_wait_share_and_never_the_latency(
    run_delay_ms: int, foreign_ms: int, own_ms: int, latency_hint: int
) -> None:
    """The same counters over any wall time give the same decision."""
    counted = slice_with(
        wall_ns=latency_hint, run_delay_ns=run_delay_ms * MS, foreign_ns=foreign_ms * MS, own_cpu_ns=own_ms * MS
    )
    share = counted.wait_share
    assert share is not None
    assert (rejection(counted, threads=2, schedstat=True) is not None) == (share > 0.10)


@pytest.mark.parametrize("schedstat", [True, False])
def test_a_core_that_was_slowed_down_from_outside_is_a_reason(schedstat: bool) -> None:
    """No counter of the machine shows it, and no other program did it."""
    assert rejection(slice_with(slowdown=1.19), threads=1, schedstat=schedstat) is None
    assert rejection(slice_with(slowdown=1.44), threads=1, schedstat=schedstat) == (
        "a fixed computation took 1.44 times as long as usual: the core was shared, or its clock fell"
    )
    assert rejection(without_slowdown(slice_with(slowdown=1.44)), threads=1, schedstat=schedstat) is None
