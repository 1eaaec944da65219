"""Which contenders still need restarts, and at which operating points."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.points import every_point
from infer_compare.planner.settling import unsettled
from infer_compare.results import Round, Run, Slice

from .conftest import run_of  # type: ignore[import-not-found]

ONE, TWO = OperatingPoint(1), OperatingPoint(2)
POINTS = {"a": (ONE, TWO), "b": (ONE, TWO)}


def rounds(
    restart: int, point: OperatingPoint, *, clean: bool = True, count: int = 2, **latency_us: float
) -> list[Round]:
    """Rounds of one restart, in which every contender takes its time, give or take a thousandth."""
    found = []
    for index in range(count):
        order = (*latency_us, *reversed(latency_us))
        slices = tuple(
            Slice(
                contender=label,
                position=position,
                started_ns=10**9 * restart + 10**6 * position,
                durations_ns=tuple(
                    round(1000 * latency_us[label] * (1 + 0.001 * (index + position % 2))) for _ in range(12)
                ),
                rejected=None if clean else "a busy machine",
            )
            for position, label in enumerate(order)
        )
        found.append(Round(restart=restart, index=index, point=point, order=order, slices=slices, clean=clean))
    return found


def test_nothing_is_settled_before_the_second_restart() -> None:
    """However large the difference."""
    run = run_of(*rounds(1, ONE, a=100, b=900), *rounds(1, TWO, a=100, b=900))
    assert unsettled(run, POINTS, 0) == POINTS
    assert unsettled(run, POINTS, 1) == POINTS


def test_a_large_difference_is_settled_after_two_restarts_and_a_small_one_is_not() -> None:
    """Each operating point by itself, whichever contender is the faster one."""
    done = [*rounds(1, ONE, a=300, b=100), *rounds(1, TWO, a=100, b=101)]
    run = run_of(*done, *rounds(2, ONE, a=300, b=100), *rounds(2, TWO, a=100, b=101))
    assert unsettled(run, POINTS, 2) == {"a": (TWO,), "b": (TWO,)}


def test_contenders_that_are_the_same_are_settled_after_three_restarts() -> None:
    """Sameness takes longer to show than a large difference."""
    done = [one for restart in (1, 2) for one in rounds(restart, ONE, a=100, b=100)]
    points = dict.fromkeys("ab", (ONE,))
    assert unsettled(run_of(*done), points, 2) == points
    assert unsettled(run_of(*done, *rounds(3, ONE, a=100, b=100)), points, 3) == {}


def test_a_quick_run_of_equal_contenders_goes_on_to_its_third_restart() -> None:
    """Which can show that they are the same; where restarts have a single round it could not, and is not made."""
    points = dict.fromkeys("ab", (ONE,))

    def quick(count: int) -> Run:
        measured = (one for restart in (1, 2) for one in rounds(restart, ONE, count=count, a=100, b=101))
        return run_of(*measured, mode="quick", restarts=3, rounds_per_restart=count)

    assert unsettled(quick(2), points, 2) == points
    assert unsettled(quick(1), points, 2) == {}


def test_a_pair_that_is_not_settled_goes_on_without_the_contenders_that_are() -> None:
    """A contender that is settled against all others has nothing left to show at that point."""
    done = [one for restart in (1, 2) for one in rounds(restart, ONE, a=100, b=900, c=101)]
    assert unsettled(run_of(*done), dict.fromkeys("abc", (ONE,)), 2) == dict.fromkeys("ac", (ONE,))
    assert unsettled(run_of(*done), dict.fromkeys("ab", (ONE,)), 2) == {}


def test_a_contender_that_is_close_to_one_other_stays_where_it_is() -> None:
    """At each operating point with those to which it is close there."""
    done = [
        one
        for restart in (1, 2)
        for one in (*rounds(restart, ONE, a=100, b=900, c=101), *rounds(restart, TWO, a=100, b=101, c=900))
    ]
    left = unsettled(run_of(*done), dict.fromkeys("abc", (ONE, TWO)), 2)
    assert left == {"a": (ONE, TWO), "b": (TWO,), "c": (ONE,)}


def test_rounds_that_were_not_clean_settle_nothing() -> None:
    """There is nothing to compare."""
    done = [one for restart in (1, 2, 3) for one in rounds(restart, ONE, clean=False, a=100, b=900)]
    assert unsettled(run_of(*done), dict.fromkeys("ab", (ONE,)), 3) == dict.fromkeys("ab", (ONE,))


def test_a_point_of_one_contender_has_nothing_to_settle() -> None:
    """Two restarts tell its figures."""
    points = {"a": (ONE, TWO), "b": (ONE,)}
    assert unsettled(run_of(), points, 1) == points
    assert unsettled(run_of(), points, 2) == {"a": (ONE,), "b": (ONE,)}


def test_points_are_told_in_ascending_order() -> None:
    """Whatever their order in the curves."""
    points = {"a": (TWO, ONE), "b": (OperatingPoint(16), TWO)}
    assert unsettled(run_of(), points, 0) == {"a": (ONE, TWO), "b": (TWO, OperatingPoint(16))}
    assert every_point(points) == (ONE, TWO, OperatingPoint(16))
    assert unsettled(run_of(), {}, 0) == {}
