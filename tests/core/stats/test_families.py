"""Holm's adjustment and the binomial rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.stats.binomial import binomial_cdf, bound_holds, n_min
from infer_compare.stats.holm import holm

probabilities = st.lists(st.floats(0, 1), max_size=12)


def test_holm_gives_the_textbook_values() -> None:
    """Holm's own scheme: 4 x .01, then 3 x .005 comes first, and no value falls below an earlier one."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@given(p_values=probabilities)
def test_holm_lies_between_no_adjustment_and_bonferroni(p_values: list[float]) -> None:
    """Never below the value itself, never above m times it, and in the same order."""
    found = holm(p_values)
    for value, adjusted in zip(p_values, found, strict=True):
        assert value <= adjusted <= min(1.0, len(p_values) * value)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [found[index] for index in order] == sorted(found)


def test_a_p_value_outside_its_range_is_refused() -> None:
    """A chance is no larger than 1."""
    with pytest.raises(ValueError, match="p-value"):
        holm([0.5, 1.5])


@settings(deadline=None)
@given(trials=st.integers(0, 5000), share=st.floats(0, 1), probability=st.floats(0, 1))
def test_the_binomial_distribution_agrees_with_scipy(trials: int, share: float, probability: float) -> None:
    """For any number of successes, the impossible ones included."""
    for successes in (-1, round(share * trials), trials + 1):
        from scipy import stats

        expected = stats.binom.cdf(successes, trials, probability)
        assert binomial_cdf(successes, trials, probability) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("percentile", "confidence", "expected"),
    [
        (90, 0.95, [29, 46, 61, 103, 167]),
        (95, 0.95, [59, 93, 124, 208, 336]),
        (99, 0.95, [299, 473, 628, 1049, 1693]),
        (99.9, 0.95, [2995, 4742, 6294, 10511, 16959]),
        (90, 0.99, [44, 64, 81, 127, 197]),
        (95, 0.99, [90, 130, 165, 259, 398]),
        (99, 0.99, [459, 662, 838, 1307, 2010]),
    ],
)
def test_the_fewest_calls_are_those_of_the_table(percentile: float, confidence: float, expected: list[int]) -> None:
    """For 0, 1, 2, 5 and 10 calls above the bound."""
    assert [n_min(percentile, over, confidence) for over in (0, 1, 2, 5, 10)] == expected


@settings(deadline=None)
@given(percentile=st.sampled_from([50.0, 90.0, 95.0, 99.0]), over=st.integers(0, 40))
def test_the_fewest_calls_are_just_enough(percentile: float, over: int) -> None:
    """One call fewer shows nothing; a fraction of a call counts against the bound on either side."""
    fewest = n_min(percentile, over)
    assert bound_holds(fewest, over, percentile)
    assert bound_holds(fewest + 0.9, over, percentile)
    assert not bound_holds(fewest - 0.1, over, percentile)
    assert not bound_holds(fewest, over + 0.1, percentile)


@pytest.mark.parametrize("percentile", [0, 100, -5])
def test_a_percentile_must_leave_something_on_both_sides(percentile: float) -> None:
    """No number of calls shows that all calls keep a bound."""
    with pytest.raises(ValueError, match="percentile"):
        bound_holds(100, 0, percentile)
    with pytest.raises(ValueError, match="percentile"):
        n_min(percentile, 0)
