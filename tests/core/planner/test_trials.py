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


def line(fixed: float, each: float, powers: int = 4) -> dict[OperatingPoint, float]:
    """Latencies in nanoseconds of a fixed cost and one a sample."""
    return {OperatingPoint(2**power): fixed + each * 2**power for power in range(powers)}


def lead_of(latencies: dict[OperatingPoint, float]) -> dict[OperatingPoint, Bounds]:
    """What a contender with these latencies is known to reach."""
    rates = {point: point.batch * 1e9 / latency for point, latency in latencies.items()}
    return {point: Bounds(rate / 1.3, rate * 1.3) for point, rate in rates.items()}


@given(st.floats(1.0, 1e6), st.floats(0.01, 1e6), st.floats(1.0, 1e6), st.floats(0.01, 1e6))
def test_whoever_is_faster_at_large_sizes_is_not_given_up_at_small_ones(fixed, each, other_fixed, other_each) -> None:
    """Latency is a fixed cost and one a sample: however dear a call is, the samples decide."""
    lead = lead_of(line(other_fixed, other_each, powers=13))
    if gives_up(line(fixed, each), 1, lead):
        assert each > other_each


@given(st.floats(1.0, 1e6), st.floats(0.01, 1e6), st.floats(0.5, 2.0))
def test_whoever_is_about_as_fast_at_the_same_sizes_is_not_given_up(fixed, each, ratio) -> None:
    """The throughput that another one reaches at a thousand samples is no reason to stop at four."""
    latencies = line(fixed, each)
    faster = {point: latency / ratio for point, latency in line(fixed, each, powers=13).items()}
    assert not gives_up(latencies, 1, lead_of(faster))


def test_whoever_is_far_behind_for_each_sample_is_given_up() -> None:
    """At the third size; two say nothing of the slope."""
    lead = lead_of(line(1e5, 1e3, powers=10))
    assert not gives_up(line(1e6, 1e5, powers=2), 1, lead)
    assert gives_up(line(1e6, 1e5, powers=3), 1, lead)


def test_short_calls_are_tried_at_larger_sizes_whatever_they_seem_to_promise() -> None:
    """An int8 model that looked hopeless at four samples was the fastest at two thousand."""
    int8 = dict(zip(line(0, 0, powers=3), (6_244.0, 6_227.0, 8_543.0), strict=True))
    lead = lead_of(line(3_800.0, 68.0, powers=13))
    assert not gives_up(int8, 1, lead)
    assert gives_up({point: 1000 * latency for point, latency in int8.items()}, 1, lead)


def test_a_size_that_is_no_slower_than_the_one_before_says_nothing_of_larger_ones() -> None:
    """All of it is the cost of a call, or noise."""
    lead = lead_of(line(1e3, 10.0, powers=10))
    assert not gives_up(line(1e6, 0.0), 1, lead)
