"""Autocorrelation, drift and modes of series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.stats.autocorrelation import effective_size
from infer_compare.stats.drift import relative_drift, theil_sen_slope
from infer_compare.stats.modes import two_modes


def autoregressive(count: int, phi: float, seed: int) -> np.ndarray:
    """A stationary series whose neighbours correlate with `phi`."""
    rng = np.random.default_rng(seed)
    series = np.empty(count)
    series[0] = rng.normal() / np.sqrt(1 - phi**2)
    for index, shock in enumerate(rng.normal(size=count - 1), start=1):
        series[index] = phi * series[index - 1] + shock
    return series


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.9])
def test_correlated_calls_are_worth_fewer(phi: float) -> None:
    """An autoregressive series of n is worth n (1 - phi) / (1 + phi) independent values."""
    found = effective_size([autoregressive(20_000, phi, seed=3)])
    assert found / 20_000 == pytest.approx((1 - phi) / (1 + phi), rel=0.15)


def test_independent_calls_are_worth_themselves() -> None:
    """Chance correlations below 0.05 are left out."""
    assert effective_size([np.random.default_rng(0).normal(size=5000)]) == 5000


def test_levels_that_differ_between_stretches_count_or_not_as_asked() -> None:
    """Centred over all, ten stretches at their own levels are worth about ten values; each by itself, all of them."""
    rng = np.random.default_rng(5)
    stretches = [rng.normal(level, 0.01, 50) for level in rng.normal(0, 1, 10)]
    assert effective_size(stretches) < 20
    assert effective_size(stretches, centre="stretch") > 250


def test_a_series_that_does_not_vary_has_nothing_to_correlate() -> None:
    """And nothing at all is worth nothing."""
    assert effective_size([[7.0] * 40]) == 40
    assert effective_size([[0.1] * 40, []]) == 40
    assert effective_size([]) == 0
    assert effective_size([[]]) == 0


@given(stretches=st.lists(st.lists(st.floats(1, 1e3), max_size=20), max_size=5))
def test_the_effective_size_lies_between_one_and_the_size(stretches: list[list[float]]) -> None:
    """For any series."""
    total = sum(map(len, stretches))
    assert min(1, total) <= effective_size(stretches) <= total


@given(
    points=st.lists(
        st.tuples(st.integers(0, 1000), st.floats(-1e3, 1e3)), min_size=2, max_size=25, unique_by=lambda point: point[0]
    )
)
def test_the_slope_agrees_with_scipy(points: list[tuple[int, float]]) -> None:
    """For points at different times."""
    times, values = zip(*points, strict=True)
    from scipy import stats

    expected = stats.theilslopes(values, times).slope
    assert theil_sen_slope(times, values) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_steady_rise_is_told_whatever_the_clock() -> None:
    """Ten per cent over the duration, on a clock that counts nanoseconds since boot, with one wild slice."""
    times = 10**18 + np.arange(20) * 60_000_000
    values = 100 * 1.10 ** (np.arange(20) / 19)
    values[7] *= 30
    assert relative_drift(times, values) == pytest.approx(0.10, abs=0.01)


def test_noise_without_trend_does_not_drift() -> None:
    """Two per cent of noise stays far from five per cent of drift."""
    values = 100 * np.exp(np.random.default_rng(2).normal(0, 0.02, 40))
    assert abs(relative_drift(np.arange(40), values)) < 0.03


@pytest.mark.parametrize(
    ("times", "values"), [([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [1.0, 0.0])]
)
def test_a_drift_needs_two_times_and_values_above_zero(times: list[float], values: list[float]) -> None:
    """All else is refused."""
    with pytest.raises(ValueError, match=r"slope|drift"):
        relative_drift(times, values)


def test_two_groups_of_slices_are_told_apart() -> None:
    """Three in ten slices lacked the helper thread."""
    rng = np.random.default_rng(4)
    values = [*(185 * np.exp(rng.normal(0, 0.01, 14))), *(310 * np.exp(rng.normal(0, 0.01, 6)))]
    found = two_modes(values)
    assert found is not None
    assert found.low == pytest.approx(185, rel=0.02)
    assert found.high == pytest.approx(310, rel=0.02)
    assert found.share_high == pytest.approx(0.3)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [100.0],
        [100.0, 200.0],
        [100.0] * 20,
        list(np.linspace(100, 200, 20)),
        [*([100.0] * 18), 200.0, 201.0],
        [*([100.0] * 10), *([104.0] * 10)],
    ],
    ids=["none", "one", "two", "equal", "even", "few outliers", "small gap"],
)
def test_one_group_of_slices_is_left_alone(values: list[float]) -> None:
    """Even spreads, few outliers and gaps under 5 % are no second mode."""
    assert two_modes(values) is None


def test_modes_are_of_latencies() -> None:
    """A value that is not above 0 is refused."""
    with pytest.raises(ValueError, match="above 0"):
        two_modes([0.0, 1.0])
