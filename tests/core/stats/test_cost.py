"""What a call costs over batch size and length."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.stats.cost import Cost, fit_cost

PLACES = [(batch, length) for batch in (1, 4, 16) for length in (16, 64, 128, 512)]
COSTS = st.builds(Cost, *(st.floats(0, most) for most in (1e7, 1e6, 1e5, 1e3)))


def exact(cost: Cost) -> dict[tuple[int, int], float]:
    """What calls take."""
    return {place: cost.latency_ns(*place) for place in PLACES}


@settings(max_examples=30)
@given(cost=COSTS.filter(lambda cost: min(exact(cost).values()) > 1e3))
def test_what_costs_so_is_predicted_within_a_fraction(cost: Cost) -> None:
    """Where the quadratic part is small, it may be taken for a linear one."""
    found = fit_cost(exact(cost))
    assert found is not None
    squared = [math.log(found.latency_ns(*place) / wanted) ** 2 for place, wanted in exact(cost).items()]
    assert math.sqrt(sum(squared) / len(squared)) < 0.2


def test_each_part_is_found() -> None:
    """Fixed, by the sample and by the token."""
    found = fit_cost(exact(Cost(5e6, 2e5, 1e4, 0.0)))
    assert found == pytest.approx(Cost(5e6, 2e5, 1e4, 0.0), rel=1e-6, abs=1e-3)


def test_a_quadratic_part_is_taken_where_the_lengths_ask_for_it() -> None:
    """As attention has it; two lengths cannot tell."""
    cost = Cost(1e6, 0.0, 1e3, 1e2)
    found = fit_cost(exact(cost))
    assert found is not None
    assert found.per_square_ns == pytest.approx(1e2, rel=0.01)
    two = fit_cost({place: latency for place, latency in exact(cost).items() if place[1] < 100})
    assert two is not None
    assert two.per_square_ns == 0


@settings(max_examples=30)
@given(
    latencies=st.dictionaries(
        st.tuples(st.integers(1, 4096), st.integers(1, 10**6)), st.floats(1, 1e12), min_size=1, max_size=12
    )
)
def test_no_part_is_negative_whatever_was_measured(latencies: dict[tuple[int, int], float]) -> None:
    """A longer call never costs less."""
    found = fit_cost(latencies)
    assert found is not None
    assert all(part >= 0 and math.isfinite(part) for part in found)
    assert found.latency_ns(2, 10) <= found.latency_ns(4, 20)


def test_without_latencies_there_is_no_cost() -> None:
    """Nothing to fit."""
    assert fit_cost({}) is None
