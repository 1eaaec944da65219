"""Whether a machine kept its speed around a replay."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.capacity.values import Pace

PACES = st.lists(st.floats(0.2, 5.0), min_size=2, max_size=8).map(tuple)


@pytest.mark.parametrize(
    ("measured", "replayed", "steady"),
    [
        ((1.0, 0.99, 1.01), (1.0, 1.02), True),
        # The curve is wrong by as much in every segment: that is the prediction's fault.
        ((1.0, 0.99, 1.01), (1.3, 1.31, 1.29), True),
        ((1.0, 0.8, 1.2), (1.0, 1.0), False),
        ((1.0, 1.0, 1.0), (0.9, 1.2), False),
        ((0.94, 1.0, 1.06), (1.0,), False),
        ((0.96, 1.0, 1.04) * 3, (1.0, 1.05, 0.97, 1.01), True),
    ],
)
def test_a_machine_that_kept_its_speed_leaves_little_open(measured, replayed, steady) -> None:
    """What counts is how far both means may be from each other by chance: more passes and segments make that less."""
    assert Pace(measured=measured, replayed=replayed).steady is steady


@pytest.mark.parametrize(("measured", "replayed"), [((1.0,), (1.0,)), ((1.0, 1.0), ()), ((), ())])
def test_nothing_is_said_from_too_little(measured, replayed) -> None:
    """One figure of each kind, or none of a kind."""
    pace = Pace(measured=measured, replayed=replayed)
    assert math.isinf(pace.uncertainty)
    assert not pace.steady


@given(measured=PACES, replayed=PACES, factor=st.floats(0.5, 2.0))
def test_how_long_the_replay_took_in_all_says_nothing_about_steadiness(measured, replayed, factor) -> None:
    """Only its changes do."""
    pace = Pace(measured=measured, replayed=replayed)
    other = Pace(measured=measured, replayed=tuple(factor * value for value in replayed))
    assert other.uncertainty == pytest.approx(pace.uncertainty, rel=1e-6, abs=1e-9)
    assert other.extremes == pytest.approx(pace.extremes)
    assert pace.extremes[0] <= 1 + 1e-9
    assert pace.extremes[1] >= 1 - 1e-9
