"""Variances of few restarts that borrow from other points and from a prior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.stats.moderated import Moderation, moderated, two_way_variance

RULE = Moderation(deviation=0.015, df=1.0, rounds=2.0, weight=4.0, odd=6.0)
shares = st.floats(-0.5, 0.5, allow_nan=False)
layouts = st.tuples(st.integers(1, 6), st.integers(2, 6)).flatmap(
    lambda shape: st.lists(st.lists(shares, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0])
)


def rounds(*means: float, spread: float = 0.0) -> list[list[float]]:
    """Two rounds in each restart, that far from its mean."""
    return [[mean - spread, mean + spread] for mean in means]


@settings(max_examples=40)
@given(rows=layouts)
def test_the_pooled_variance_is_the_mean_of_the_points_variances(rows: list[list[float]]) -> None:
    """Whatever they share: that decides the degrees of freedom alone."""
    found = two_way_variance(rows)
    assert found.variance == pytest.approx(np.mean([np.var(row, ddof=1) for row in rows]), rel=1e-9, abs=1e-12)
    assert len(rows[0]) - 1 <= found.df <= len(rows) * (len(rows[0]) - 1)


def test_luck_that_all_points_share_counts_once() -> None:
    """Eight points that move together say no more about restarts than one; eight that do not say eight times as much."""
    row = [0.0, 0.02, -0.01]
    together = two_way_variance([[10 * point + value for value in row] for point in range(8)])
    assert together.df == pytest.approx(2)
    rng = np.random.default_rng(1)
    apart = two_way_variance(rng.normal(0, 0.02, (8, 3)).tolist())
    assert apart.df > 10


def test_points_without_any_spread_have_the_fewest_degrees_of_freedom() -> None:
    """There is nothing to tell what they share."""
    found = two_way_variance([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    assert (found.variance, found.df) == (0, 2)


def test_a_single_point_is_moderated_by_the_expectation_alone() -> None:
    """Two degrees of freedom of its own, one of the expectation."""
    (found,) = moderated([rounds(0.10, 0.11, 0.12)], RULE)
    variance = (0.015**2 + 2 * 0.01**2) / 3
    assert found.estimate.mean == pytest.approx(0.11)
    assert found.estimate.error == pytest.approx(np.sqrt(variance / 3))
    assert found.estimate.df == 3
    assert not found.pooled


def test_restarts_have_the_same_weight_however_many_rounds_they_have() -> None:
    """A restart that was measured longer is one draw from the same luck."""
    (found,) = moderated([[[0.0], [0.3, 0.3, 0.3]]], RULE)
    assert found.estimate.mean == pytest.approx(0.15)


def test_noisy_rounds_raise_what_is_expected_of_restarts() -> None:
    """Restart means that lie close together although their rounds do not, do so by chance."""
    (calm,) = moderated([rounds(0.1, 0.1, 0.1)], RULE)
    (noisy,) = moderated([rounds(0.1, 0.1, 0.1, spread=0.1)], RULE)
    # The variance of a mean of two rounds that are 0.2 apart; it is the least that is believed.
    assert noisy.estimate.error == pytest.approx(np.sqrt(0.2**2 / 2 / 2 / 3))
    assert noisy.floored
    assert not calm.floored
    assert calm.estimate.error == pytest.approx(0.015 / 3)


def test_an_odd_point_stands_alone_and_does_not_spoil_the_others() -> None:
    """It has its own variance and degrees of freedom; the others have those that they have without it."""
    calm = [rounds(0.10, 0.11, 0.105), rounds(0.2, 0.205, 0.21), rounds(0.0, 0.01, 0.0)]
    odd = rounds(0.5, 0.9, 0.1)
    found = moderated([*calm, odd], RULE)
    assert found[3].estimate.error == pytest.approx(0.4 / np.sqrt(3))
    assert (found[3].estimate.df, found[3].pooled) == (2, False)
    assert found[:3] == moderated(calm, RULE)


def test_a_point_that_scatters_more_than_the_rest_is_believed_in_part() -> None:
    """Between the common variance and its own, with a weight of four against its two degrees of freedom."""
    points = [rounds(0.10, 0.11, 0.105), rounds(0.2, 0.205, 0.21), rounds(0.0, 0.04, 0.02)]
    calm, _, more = moderated(points, RULE)
    own = 0.02**2
    common = 3 * calm.estimate.error**2
    weight = min(4.0, calm.estimate.df)
    assert 3 * more.estimate.error**2 == pytest.approx((weight * common + 2 * own) / (weight + 2))
    assert more.estimate.df == weight + 2


@settings(max_examples=40)
@given(rows=layouts, shift=shares)
def test_a_difference_moves_the_mean_and_nothing_else(rows: list[list[float]], shift: float) -> None:
    """Nor does the order of the contenders."""
    points = [[[value] for value in row] for row in rows]
    moved = [[[value + shift] for value in row] for row in rows]
    turned = [[[-value] for value in row] for row in rows]
    for one, other, back in zip(*(moderated(made, RULE) for made in (points, moved, turned)), strict=True):
        assert other.estimate.mean == pytest.approx(one.estimate.mean + shift, abs=1e-12)
        assert other.estimate.error == pytest.approx(one.estimate.error, rel=1e-6, abs=1e-9)
        assert (back.estimate.mean, back.estimate.error) == (-one.estimate.mean, one.estimate.error)
