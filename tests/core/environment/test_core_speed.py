"""Whether a core was slowed down from outside the machine, by a fixed computation."""

from __future__ import annotations

import time
from itertools import accumulate, cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.environment.core_speed import PATIENCE_NS, CoreSpeed, await_usual, computation_ns

US = 1_000


def judged(*times_us: float, label: str = "a", speed: CoreSpeed | None = None) -> list[float | None]:
    """The slowdowns of consecutive slices of a contender."""
    speed = speed or CoreSpeed(1.3)
    return [speed.slowdown(label, round(one * US)) for one in times_us]


def test_the_fastest_of_three_computations_counts() -> None:
    """An interrupt during one of them does not look like a slow core."""
    moments = accumulate(islice(cycle([200, 5, 900, 5, 210, 5]), 6), initial=0)
    assert computation_ns(lambda: next(moments)) == 200


def test_the_computation_takes_time_on_the_real_clock() -> None:
    """But so little that a slice of 60 ms does not notice it."""
    assert 1 <= computation_ns(time.perf_counter_ns) < 20_000_000


def test_nothing_is_said_before_it_is_known_what_is_usual() -> None:
    """After three times, which may be those of another contender."""
    assert judged(100, 110, 150) == [None, None, 1.5]
    speed = CoreSpeed(1.3)
    speed.see("b", 100 * US)
    speed.see("b", 104 * US)
    assert judged(140, speed=speed) == [1.4]


def test_a_slice_on_a_core_that_is_shared_stands_out() -> None:
    """Another virtual machine on the same physical core takes a third of its speed for a while."""
    told = judged(*[100, 104, 102, 101] * 3, 145, 150, 103)
    assert told[-3] == pytest.approx(1.45, abs=0.01)
    assert told[-2] == pytest.approx(1.5, abs=0.01)
    assert told[-1] == pytest.approx(1.03, abs=0.01)


def test_where_most_slices_are_slowed_down_repeating_them_would_not_help() -> None:
    """Then none is called slowed down."""
    told = judged(*[100, 150, 150] * 8)
    assert told[-3:] == [None, None, None]


def test_a_clock_that_falls_for_good_becomes_the_usual_one() -> None:
    """Such as that of a laptop after some seconds of work."""
    told = judged(*[100] * 30, *[140] * 100)
    assert told[30] == pytest.approx(1.4)
    assert set(told[-30:]) == {1.0}


def test_each_contender_is_held_against_itself() -> None:
    """Idle threads of a framework that spin on the neighbouring core are its own doing."""
    speed = CoreSpeed(1.3)
    judged(*[100] * 8, speed=speed)
    assert judged(*[160] * 8, label="b", speed=speed)[-1] == 1.0


@given(st.lists(st.integers(1, 10**9), max_size=200))
def test_what_is_told_is_never_below_what_is_usual_by_much(times_ns: list[int]) -> None:
    """At least a tenth of the slices is at or below the usual time; whatever is told is positive."""
    speed = CoreSpeed(1.3)
    told = [speed.slowdown("a", one) for one in times_ns]
    assert all(one is None or one > 0 for one in told)
    assert told[:2] == [None] * len(told[:2])


class Core:
    """A core that is shared until a moment of its clock."""

    def __init__(self, shared_until_ns: int) -> None:
        self.now_ns = 0
        self.shared_until_ns = shared_until_ns

    def computation(self) -> int:
        return 150 if self.now_ns < self.shared_until_ns else 100

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)

    def waited_ns(self) -> tuple[int, int]:
        """How long a slice waits, and the last time of the computation."""
        core_ns = await_usual(self.computation, 130, lambda: self.now_ns, self.sleep)
        return self.now_ns, core_ns


def test_a_slice_waits_until_its_core_is_as_fast_as_usual() -> None:
    """In steps, so that the core is idle meanwhile."""
    waited_ns, core_ns = Core(shared_until_ns=200_000_000).waited_ns()
    assert core_ns == 100
    assert 200_000_000 <= waited_ns <= 220_000_000
    assert Core(shared_until_ns=0).waited_ns() == (0, 100)


def test_a_slice_does_not_wait_for_long() -> None:
    """Then it is timed, and rejected."""
    waited_ns, core_ns = Core(shared_until_ns=10**12).waited_ns()
    assert core_ns == 150
    assert waited_ns == pytest.approx(PATIENCE_NS, abs=20_000_000)


def test_the_limit_follows_what_is_usual_and_there_is_none_before_or_where_waiting_would_not_help() -> None:
    """The same rule by which slices are judged."""
    speed = CoreSpeed(1.3)
    assert speed.limit_ns("a") is None
    judged(*[100] * 8, speed=speed)
    assert speed.limit_ns("a") == 130 * US
    judged(*[150] * 20, speed=speed)
    assert speed.limit_ns("a") is None
