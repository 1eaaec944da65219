"""Quantiles and fences against numpy, and the wording of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.stats import wording
from infer_compare.stats.quantiles import median, nearest_rank, quantile, tukey_counts

floats = st.floats(-1e6, 1e6, allow_nan=False)
samples = st.lists(floats, min_size=1, max_size=60)


@given(data=samples, probability=st.floats(0, 1))
def test_a_quantile_is_the_linear_one(data: list[float], probability: float) -> None:
    """Type 7, numpy's default."""
    assert quantile(data, probability) == pytest.approx(np.quantile(data, probability), rel=1e-12, abs=1e-9)


@given(data=samples)
def test_a_median_is_the_middle(data: list[float]) -> None:
    """As numpy has it."""
    assert median(data) == pytest.approx(np.median(data), rel=1e-12, abs=1e-9)


@given(data=samples, percentile=st.sampled_from([50, 90, 95, 99]))
def test_a_nearest_rank_is_a_value_that_occurred_and_covers_its_share(data: list[float], percentile: int) -> None:
    """At least that share of the values does not exceed it, and no smaller value does the same."""
    found = nearest_rank(data, percentile / 100)
    assert found in data
    assert 100 * sum(value <= found for value in data) >= percentile * len(data)
    assert 100 * sum(value < found for value in data) < percentile * len(data)


@pytest.mark.parametrize(("count", "rank"), [(10, 9), (20, 18), (100, 90), (7, 7), (1, 1)])
def test_a_rank_does_not_jump_by_rounding(count: int, rank: int) -> None:
    """The 90th percentile of ten values is the ninth."""
    assert nearest_rank(range(1, count + 1), 0.9) == rank


def test_outliers_are_counted_by_fence() -> None:
    """One beyond 1.5 interquartile ranges, one beyond 3, on either side."""
    data = [*range(1, 12), -11, 60]
    counts = tukey_counts(data)
    assert (counts.mild, counts.severe) == (1, 1)


@given(data=samples)
def test_constant_shifts_do_not_change_outliers(data: list[float]) -> None:
    """Fences move with the data; whole numbers keep the arithmetic exact."""
    whole = np.round(data)
    assert tukey_counts(whole) == tukey_counts(whole + 1024)


@pytest.mark.parametrize("call", [lambda: median([]), lambda: quantile([1.0], 1.5), lambda: nearest_rank([], 0.5)])
def test_nothing_has_no_quantile(call) -> None:
    """Neither has a probability above 1."""
    with pytest.raises(ValueError, match="quantile needs"):
        call()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (wording.duration(7_654), "7.65 us"),
        (wording.duration(312_000), "0.312 ms"),
        (wording.duration(999_960_000), "1,000 ms"),
        (wording.duration(1.25e9), "1.25 s"),
        (wording.duration(0), "0 us"),
        (wording.rate(12_345.6), "12,346 samples/s"),
        (wording.rate(3.14159), "3.14 samples/s"),
        (wording.ratio(5.314), "5.31"),
        (wording.ratio(53.14), "53.1"),
        (wording.rough_ratio(7.2), "7"),
        (wording.rough_ratio(1.87), "1.9"),
        (wording.percent(0.061), "6 %"),
        (wording.percent(0.001), "under 1 %"),
        (wording.percent(0), "0 %"),
        (wording.count(1, "round"), "1 round"),
        (wording.count(16, "round"), "16 rounds"),
        (wording.listing(["a"]), "a"),
        (wording.listing(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_are_written_for_people(found: str, expected: str) -> None:
    """With units, three digits, and never in scientific notation."""
    assert found == expected
