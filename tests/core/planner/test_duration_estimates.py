"""How long measuring takes, as far as exploring can tell."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.duration import BUDGET_PLANS, SLOW_S, Expectation, plan_for_budget
from infer_compare.results import Died, Measured, Probe, Start

from .conftest import run_of  # type: ignore[import-not-found]

LATENCY = st.integers(0, 10**11)
ONE, TWO = OperatingPoint(1), OperatingPoint(2)


def expecting(latency_ns: int, first_ns: int = 0, start_s: float = 1.0) -> Expectation:
    """One contender, `a`, with the same latency at batch sizes 1 and 2."""
    points = [("a", ONE), ("a", TWO)]
    return Expectation(
        start_s={"a": start_s},
        latency_ns=dict.fromkeys(points, latency_ns),
        first_call_ns=dict.fromkeys(points, first_ns),
    )


def test_figures_come_from_what_exploring_saw() -> None:
    """Starting from the starts; latencies from the sizes that ran."""
    measured = Measured(prepare_ns=30, first_call_ns=70, latency_ns=5_000_000)
    died = Died(exit_code=-9, signal="SIGKILL", phase="explore")
    run = run_of(
        Start(
            contender="a", restart=0, pid=1, framework_version="1", provenance="native", device="cpu", effective={},
            spawn_ns=10**9, import_ns=2 * 10**9, load_ns=3 * 10**9, to_device_ns=4 * 10**9,
        ),
        Probe(phase="explore", contender="a", point=ONE, outcome=measured),
        Probe(phase="explore", contender="a", point=TWO, outcome=died),
    )  # fmt: skip
    expectation = Expectation.of(run)
    assert expectation.latency_ns == {("a", ONE): 5_000_000}
    assert expectation.first_call_ns == {("a", ONE): 100}
    assert expectation.start_s["a"] == pytest.approx(10.1)


@settings(deadline=None)
@given(latency_ns=LATENCY, first_ns=LATENCY, rounds=st.integers(1, 8))
def test_every_part_takes_time(latency_ns: int, first_ns: int, rounds: int) -> None:
    """And no less than the calls that it makes."""
    expectation = expecting(latency_ns, first_ns)
    # A call below 30 ms is made three times at least, a longer one twice, as none is dropped.
    calls_s = (3 if latency_ns < 30_000_000 else 2) * latency_ns / 1e9
    assert expectation.slice_s("a", ONE) > calls_s
    assert expectation.warm_up_s("a", ONE) > first_ns / 1e9
    assert expectation.round_s(["a"], ONE) > 2 * calls_s
    points = {"a": (ONE, TWO)}
    assert expectation.restart_s(points, rounds) > 4 * rounds * calls_s + 1
    assert expectation.confirm_s(points, "quick") > 4 * 2 * calls_s + 1
    assert expectation.confirm_s(points, "default") > 4 * 4 * calls_s + 1


@settings(deadline=None)
@given(latency_ns=LATENCY, longer=LATENCY)
def test_a_slower_contender_never_takes_less_time_to_warm_up(latency_ns: int, longer: int) -> None:
    """Where both are warmed up in windows, or neither; nor one whose first call takes longer."""
    fast, slow = sorted((latency_ns, latency_ns + longer))
    if (fast > SLOW_S * 1e9) == (slow > SLOW_S * 1e9):
        assert expecting(fast).warm_up_s("a", ONE) <= expecting(slow).warm_up_s("a", ONE)
    assert expecting(1000, fast).warm_up_s("a", ONE) <= expecting(1000, slow).warm_up_s("a", ONE)


@settings(deadline=None)
@given(latency_ns=st.integers(0, 60_000_000), longer=st.integers(0, 10**7))
def test_a_slower_contender_never_takes_less_time_for_an_ordinary_slice(latency_ns: int, longer: int) -> None:
    """Where eight calls fit into the time that slices of slow ones have."""
    fast, slow = latency_ns, min(latency_ns + longer, 62_500_000)
    assert expecting(fast).slice_s("a", ONE) <= expecting(slow).slice_s("a", ONE)


def test_a_very_slow_contender_makes_two_calls_a_slice() -> None:
    """Eight would take the run's time."""
    assert expecting(10**10).slice_s("a", ONE) == pytest.approx(20, abs=0.1)
    assert expecting(10**8).slice_s("a", ONE) == pytest.approx(0.5, abs=0.05)
    assert expecting(5 * 10**7).slice_s("a", ONE) == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "expected_s"),
    [({"mode": "quick"}, 0.3), ({"mode": "thorough"}, 0.8), ({"mode": "quick", "latency_bound": 1.0}, 0.8)],
    ids=["quick", "thorough", "bounded"],
)
def test_slices_of_slow_calls_are_shorter_in_a_quick_run_without_a_latency_bound(
    changes: dict[str, object], expected_s: float
) -> None:
    """A bound is shown by many calls."""
    known = replace(Expectation.of(run_of(**changes)), latency_ns={("a", ONE): 10**8})
    assert known.slice_s("a", ONE) == pytest.approx(expected_s, abs=0.05)


@settings(deadline=None)
@given(latency_ns=LATENCY, rounds=st.integers(1, 8))
def test_more_rounds_and_more_points_take_longer(latency_ns: int, rounds: int) -> None:
    """A contender that runs nothing is not started."""
    expectation, points = expecting(latency_ns), {"a": (ONE, TWO)}
    one = {"a": (ONE,)}
    assert expectation.restart_s(one, rounds) < expectation.restart_s(one, rounds + 1)
    assert expectation.restart_s(one, rounds) < expectation.restart_s(points, rounds)
    assert expectation.confirm_s(points, "quick") < expectation.confirm_s(points, "default")
    assert expectation.restart_s({"a": ()}, rounds) == expectation.restart_s({}, rounds) == 0


def test_confirming_is_expected_of_the_three_largest_sizes() -> None:
    """However many there are."""
    points = tuple(map(OperatingPoint, (1, 2, 4, 8, 16)))
    latencies = {("a", point): 10**9 * point.batch for point in points}
    expectation = Expectation(start_s={}, latency_ns=latencies, first_call_ns={})
    three = expectation.confirm_s({"a": points[-3:]}, "default")
    assert expectation.confirm_s({"a": points}, "default") == three
    assert expectation.confirm_s({"a": points[:3]}, "default") < three


COSTS = st.lists(st.floats(0.01, 1000), min_size=3, max_size=3).map(
    lambda steps: {1: steps[0], 2: steps[0] + steps[1], 4: steps[0] + steps[1] + steps[2]}
)


@settings(deadline=None)
@given(cost=COSTS, confirm_s=st.floats(0, 100), left_s=st.floats(-10, 10_000))
def test_the_best_plan_that_fits_is_taken(cost: dict[int, float], confirm_s: float, left_s: float) -> None:
    """And the smallest where none does."""
    chosen = plan_for_budget(cost, confirm_s, left_s)
    fitting = [plan for plan in BUDGET_PLANS if plan[0] * cost[plan[1]] + confirm_s <= left_s]
    assert chosen == (fitting[0] if fitting else BUDGET_PLANS[-1])


@settings(deadline=None)
@given(cost=COSTS, left_s=st.floats(0, 10_000), more_s=st.floats(0, 10_000))
def test_more_time_never_means_a_lesser_plan(cost: dict[int, float], left_s: float, more_s: float) -> None:
    """Plans are listed from the best to the least."""
    less, more = plan_for_budget(cost, 0.0, left_s), plan_for_budget(cost, 0.0, left_s + more_s)
    assert BUDGET_PLANS.index(more) <= BUDGET_PLANS.index(less)


def test_plans_are_listed_from_the_best_to_the_least() -> None:
    """No later one has more restarts, nor as many with more rounds."""
    assert list(BUDGET_PLANS) == sorted(BUDGET_PLANS, reverse=True)
    assert min(restarts for restarts, _ in BUDGET_PLANS) >= 2


def test_an_expectation_survives_a_run_without_probes() -> None:
    """Nothing is known, and nothing is claimed."""
    expectation = Expectation.of(msgspec.structs.replace(run_of(), probes=()))
    assert expectation.latency_ns == {}
    assert expectation.slice_s("a", ONE) > 0
