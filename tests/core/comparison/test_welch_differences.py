"""Differences of what was measured apart: SciPy's Welch as the reference, and how often chance makes a verdict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infer_compare.stats.holm import holm
from infer_compare.stats.welch import unpaired_difference
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.unpaired.ratio import Contrast, Sample, contrast

values = st.floats(-5, 5).map(lambda value: round(value, 4))
restarts = st.lists(st.lists(values, min_size=1, max_size=6), min_size=2, max_size=8)
TRIALS = 2000


def _means(groups):
    return [float(np.mean(group)) for group in groups]


def _by_scipy(a, b):
    assume(np.std(a) > 1e-3)
    assume(np.std(b) > 1e-3)
    from scipy import stats

    return stats.ttest_ind(a, b, equal_var=False)


@settings(deadline=None)
@given(a=restarts, b=restarts)
def test_the_interval_over_restart_means_is_the_one_of_scipy(a, b):
    """Mean, ends and fractional degrees of freedom, whatever the number of restarts on either side."""
    expected = _by_scipy(_means(a), _means(b))
    found = unpaired_difference(a, b)
    ends = expected.confidence_interval(0.95)
    size = 1 + abs(ends.low) + abs(ends.high)
    by_means = found.by_unit["restarts"].interval(0.95)
    assert found.mean == pytest.approx(np.mean(_means(a)) - np.mean(_means(b)), abs=1e-9)
    assert by_means.low == pytest.approx(ends.low, abs=1e-8 * size)
    assert by_means.high == pytest.approx(ends.high, abs=1e-8 * size)
    assert by_means.df == pytest.approx(expected.df, rel=1e-6)


@settings(deadline=None)
@given(a=restarts, b=restarts, allowance=st.floats(0, 0.5))
def test_the_interval_is_never_narrower_than_the_one_of_scipy(a, b, allowance):
    """Slices can widen it where restarts lie close together by chance, and an allowance always does."""
    expected = _by_scipy(_means(a), _means(b))
    ends = expected.confidence_interval(0.95)
    found = unpaired_difference(a, b).interval(0.95, allowance)
    slack = 1e-8 * (1 + abs(ends.low) + abs(ends.high))
    assert found.low <= ends.low - allowance + slack
    assert found.high >= ends.high + allowance - slack


@settings(deadline=None)
@given(
    a=st.lists(values, min_size=2, max_size=8),
    b=st.lists(values, min_size=2, max_size=8),
    distance=st.floats(0, 2),
)
def test_a_p_value_beyond_a_distance_agrees_with_scipy(a, b, distance):
    """It is the two-sided one of the t test whose hypothesis is the nearer end of the distance."""
    found = unpaired_difference([[one] for one in a], [[one] for one in b])
    assume(abs(found.mean) > distance)
    nearer = np.sign(found.mean) * distance
    expected = _by_scipy([one - nearer for one in a], b)
    assert found.p_beyond(distance) == pytest.approx(expected.pvalue, abs=1e-7)


@settings(deadline=None)
@given(a=restarts, b=restarts, distance=st.floats(0, 2), allowance=st.floats(0, 0.2))
def test_the_p_value_and_the_interval_say_the_same(a, b, distance, allowance):
    """At 5 %, one lies beyond a distance where the other does."""
    _by_scipy(_means(a), _means(b))
    found = unpaired_difference(a, b)
    ends = found.interval(0.95, allowance)
    p_value = found.p_beyond(distance + allowance)
    assume(abs(p_value - 0.05) > 1e-6)
    assert (p_value < 0.05) == (ends.low > distance or ends.high < -distance)


@settings(deadline=None)
@given(a=restarts, b=restarts)
def test_turning_the_two_round_turns_the_interval_round(a, b):
    """In logarithms, a ratio and its inverse say the same."""
    there, back = unpaired_difference(a, b).interval(0.95), unpaired_difference(b, a).interval(0.95)
    assert there.low == pytest.approx(-back.high, abs=1e-9)
    assert there.high == pytest.approx(-back.low, abs=1e-9)


@pytest.mark.parametrize(("a", "b"), [([[1.0]], [[1.0], [2.0]]), ([[1.0], [2.0]], [[1.0, 2.0, 3.0]]), ([], [])])
def test_a_single_restart_has_no_interval(a, b):
    """However many slices it has."""
    with pytest.raises(ValueError, match="two groups"):
        unpaired_difference(a, b)
    samples = [Sample(restarts=tuple(map(tuple, groups))) for groups in (a, b)]
    found = contrast(*samples)
    assert found.difference is None
    assert found.verdict(0.03) is Verdict.INCONCLUSIVE
    assert found.p_regression(0.05) == found.p_beyond_margin(0.03) == 1.0


def test_values_without_any_spread_have_an_interval_of_no_width():
    """Nothing divides by zero."""
    found = unpaired_difference([[2.0], [2.0]], [[1.0, 1.0], [1.0]])
    assert found.interval(0.95).half_width == 0
    assert found.p_beyond(0.5) == 0
    assert found.p_beyond(1.5) == 1


def _twins(rng: np.random.Generator, count: int, factor: float = 1.0) -> Contrast:
    """The same contender in two runs of one machine: processes differ by 1 %, slices by half of that."""

    def one(loss: float) -> Sample:
        luck = rng.normal(0, 0.01, (count, 1))
        noise = luck + rng.normal(0, 0.005, (count, 4)) + np.log(loss)
        return Sample(restarts=tuple(map(tuple, noise.tolist())))

    return contrast(one(1.0), one(factor))


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_runs_of_the_same_thing_differ_no_more_often_than_the_confidence_says(count):
    """An interval of 95 % may leave 1 out in one of twenty; three standard errors are allowed for the simulation."""
    rng = np.random.default_rng(1)
    beyond = sum(_twins(rng, count).p_beyond_margin(0.0) <= 0.05 for _ in range(TRIALS))
    assert beyond / TRIALS <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_runs_of_the_same_thing_get_false_verdicts_far_less_often_still():
    """The margin of 3 % stands between a difference and a verdict."""
    rng = np.random.default_rng(2)
    false = sum(_twins(rng, 3).p_beyond_margin(0.03) <= 0.05 for _ in range(TRIALS))
    assert false / TRIALS <= 0.005


def test_a_guard_over_several_contenders_fails_wrongly_no_more_often_than_one():
    """A loss of exactly the limit, in four contenders at once: Holm keeps the share of any false alarm below 5 %."""
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(TRIALS // 2):
        family = [_twins(rng, 3, 0.95).p_regression(0.05) for _ in range(4)]
        alarms += min(holm(family)) <= 0.05
    assert alarms / (TRIALS // 2) <= 0.05


def test_a_real_loss_is_found_in_most_runs():
    """15 % with four restarts, held against a limit of 5 %."""
    rng = np.random.default_rng(4)
    found = sum(_twins(rng, 4, 0.85).p_regression(0.05) <= 0.05 for _ in range(200))
    assert found >= 190
