"""Student's t against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.stats.beta import incomplete_beta
from infer_compare.stats.student import estimate, estimate_difference, t_interval, t_quantile, t_survival

degrees = st.one_of(st.integers(1, 2000).map(float), st.floats(0.5, 5000))
values = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 6))


@settings(deadline=None)
@given(a=st.floats(0.05, 2000), b=st.floats(0.05, 2000), x=st.floats(0, 1))
def test_the_incomplete_beta_function_agrees_with_scipy(a: float, b: float, x: float) -> None:
    """Over all shapes that a t or binomial distribution of a run can need."""
    from scipy import special

    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), abs=1e-10)


@settings(deadline=None)
@given(t=st.floats(-1e4, 1e4), df=degrees)
def test_the_distribution_agrees_with_scipy(t: float, df: float) -> None:
    """To 1e-9, in the middle and in the tails."""
    from scipy import stats

    assert t_survival(t, df) == pytest.approx(stats.t.sf(t, df), abs=1e-9)


@settings(deadline=None)
@given(probability=st.floats(1e-5, 1 - 1e-5), df=degrees)
def test_the_quantile_agrees_with_scipy(probability: float, df: float) -> None:
    """To 1e-9 of its size."""
    from scipy import stats

    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("df", "expected"), [(1, 6.314), (2, 2.920), (3, 2.353)])
def test_the_quantiles_are_those_of_the_printed_tables(df: int, expected: float) -> None:
    """The 90 % two-sided points."""
    assert t_quantile(0.95, df) == pytest.approx(expected, abs=5e-4)


def test_far_tails_stay_finite() -> None:
    """Infinity has no tail beyond it, and a tiny tail has a large finite quantile."""
    from scipy import stats

    assert t_survival(float("inf"), 3) == 0.0
    assert t_survival(float("-inf"), 3) == 1.0
    assert t_survival(1e200, 3) == 0.0
    assert t_quantile(1 - 1e-12, 1) == pytest.approx(stats.t.ppf(1 - 1e-12, 1), rel=1e-9)


@settings(deadline=None)
@given(data=st.lists(values, min_size=2, max_size=30), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_an_interval_agrees_with_scipy(data: list[float], confidence: float) -> None:
    """The ordinary t interval of a mean."""
    from scipy import stats

    found = t_interval(data, confidence)
    error = float(stats.sem(np.array(data)))
    half = error * stats.t.ppf((1 + confidence) / 2, len(data) - 1)
    assert found.mean == pytest.approx(np.mean(data), abs=1e-9)
    assert found.half_width == pytest.approx(half, rel=1e-7, abs=1e-9)
    assert found.low <= found.mean <= found.high
    assert found.df == len(data) - 1


@settings(deadline=None)
@given(
    a=st.lists(values, min_size=2, max_size=12).filter(lambda data: np.std(data) > 1e-3),
    b=st.lists(values, min_size=2, max_size=12).filter(lambda data: np.std(data) > 1e-3),
)
def test_a_difference_of_two_groups_agrees_with_scipy(a: list[float], b: list[float]) -> None:
    """Difference, ends and fractional degrees of freedom."""
    from scipy import stats

    found = estimate_difference(a, b).interval(0.95)
    expected = stats.ttest_ind(a, b, equal_var=False)
    ends = expected.confidence_interval(0.95)
    size = 1 + abs(ends.low) + abs(ends.high)
    assert found.low == pytest.approx(ends.low, abs=1e-8 * size)
    assert found.high == pytest.approx(ends.high, abs=1e-8 * size)
    assert found.df == pytest.approx(expected.df, rel=1e-6)


@settings(deadline=None)
@given(data=st.lists(values, min_size=2, max_size=12).filter(lambda data: np.std(data) > 1e-3))
def test_a_p_value_agrees_with_scipy(data: list[float]) -> None:
    """Of a mean of zero, two-sided."""
    from scipy import stats

    assert estimate(data).p_value() == pytest.approx(stats.ttest_1samp(data, 0.0).pvalue, abs=1e-8)


def test_an_allowance_takes_off_evidence() -> None:
    """A mean no larger than the possible bias shows nothing."""
    found = estimate([0.10, 0.11, 0.12])
    assert found.p_value() < found.p_value(0.05) < 1.0
    assert found.p_value(0.2) == 1.0


def test_values_without_spread_have_an_interval_of_no_width() -> None:
    """Nothing divides by zero."""
    assert t_interval([2.0, 2.0, 2.0]).half_width == 0
    assert estimate_difference([2.0, 2.0], [1.0, 1.0, 1.0]).df == 1
    assert estimate([2.0, 2.0]).p_value() == 0
    assert estimate([0.0, 0.0]).p_value() == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: t_interval([1.0]),
        lambda: estimate_difference([1.0], [1.0, 2.0]),
        lambda: t_quantile(1.0, 3),
        lambda: t_survival(1.0, 0),
        lambda: incomplete_beta(0, 1, 0.5),
        lambda: incomplete_beta(1, 1, 1.5),
    ],
)
def test_what_has_no_answer_is_refused(call) -> None:
    """One value has no spread; a certain event has no quantile."""
    with pytest.raises(ValueError, match=r"\w"):
        call()
