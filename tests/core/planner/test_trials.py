"""Who leaves a race, and that it is never the fastest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.trials import Bounds, gives_up, outpaced
from infer_compare.verdicts.measurements import Candidate

POINT = OperatingPoint(1)
RATES = st.floats(0.001, 1e9)
HONEST = st.lists(st.tuples(RATES, st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=12)
"""True throughputs, and how far the bounds lie from them below and above."""


def bounds_of(honest: list[tuple[float, float, float]]) -> dict[Candidate, Bounds]:
    """Bounds that hold the true throughputs."""
    return {
        Candidate(str(number), POINT): Bounds(rate / below, rate * above)
        for number, (rate, below, above) in enumerate(honest)
    }


@given(HONEST)
def test_the_fastest_is_never_dropped_by_honest_bounds(honest) -> None:
    """However wide they are."""
    fastest = max(range(len(honest)), key=lambda number: honest[number][0])
    assert Candidate(str(fastest), POINT) not in outpaced(bounds_of(honest))


@given(HONEST)
def test_whoever_is_slower_at_best_than_another_at_worst_is_dropped(honest) -> None:
    """And nobody else."""
    bounds = bounds_of(honest)
    behind = outpaced(bounds)
    for candidate, own in bounds.items():
        assert (candidate in behind) == any(own.high < other.low for other in bounds.values())


@given(HONEST, st.integers(0, 11))
def test_only_those_that_may_lead_drop_others(honest, leader) -> None:
    """A contender whose outputs were not compared yet drops nobody."""
    bounds = bounds_of(honest)
    leading = {Candidate(str(leader), POINT)}
    allowed = {candidate for candidate in bounds if candidate in leading}
    behind = outpaced(bounds, leading)
    assert all(any(bounds[other].low > bounds[one].high for other in allowed) for one in behind)


@given(st.floats(1.0, 1e6), st.floats(0.01, 1e6), st.integers(1, 4))
def test_a_curve_is_given_up_only_where_no_size_reaches_the_floor(fixed, each, instances) -> None:
    """Latency is a fixed cost and one a sample: throughput rises toward a plateau."""
    latencies = {OperatingPoint(2**power): fixed + each * 2**power for power in range(4)}
    plateau = instances * 1e9 / each
    reached = max(instances * point.batch * 1e9 / latency for point, latency in latencies.items())
    assert not gives_up(latencies, instances, floor=reached * 0.99)
    if gives_up(latencies, instances, floor=plateau):
        assert reached < plateau


def test_two_sizes_are_too_few_to_give_up() -> None:
    """The first ones say nothing of the plateau."""
    latencies = {OperatingPoint(1): 1e9, OperatingPoint(2): 1e9}
    assert not gives_up(latencies, 1, floor=1e9)
    assert gives_up({**latencies, OperatingPoint(4): 4e9}, 1, floor=1e9)
