"""A latency bound that is given after the run, and the smallest bound that a point is shown to keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infer_compare.errors import UsageError
from infer_compare.stats.autocorrelation import effective_size, effective_sizes_above
from infer_compare.verdicts import summarise, with_latency_bound

CURVES = {
    "onnx": {1: 1.1, 8: 1.8, 32: 4.2, 64: 7.4},
    "torch": {1: 3.8, 8: 9.4, 32: 28.6, 64: 54.2},
}


@pytest.mark.parametrize("percentile", [90.0, 95.0])
def test_a_bound_given_afterwards_is_answered_as_if_it_had_been_asked_for(synthetic, percentile: float) -> None:
    """The calls are the same, so the answer is."""
    asked = synthetic(CURVES, plan={"latency_bound_ns": 5_000_000, "percentile": percentile}).build()
    afterwards = with_latency_bound(synthetic(CURVES).build(), 5_000_000, percentile)
    assert summarise(asked).answers == summarise(afterwards).answers
    assert summarise(afterwards).answer.bound is not None


def test_a_run_over_a_data_set_has_no_answer_for_a_latency_bound(synthetic) -> None:
    """It has timed no single call."""
    with pytest.raises(UsageError, match=r"single calls.*--scope dataset"):
        with_latency_bound(synthetic(CURVES, plan={"scope": "dataset"}).build(), 5_000_000)


def test_the_smallest_bound_that_is_kept_is_where_a_check_begins_to_hold(synthetic) -> None:
    """A nanosecond less is not shown, and neither is any smaller bound; all larger ones are."""
    run = synthetic(CURVES, jitter=0.2, rounds=6).build()
    (kept,) = [one for one in summarise(run).answer.kept if one.percentile == 95]
    for one in kept.points:
        assert one.bound_ns is not None
        bounds = {round(one.bound_ns * factor): holds for factor, holds in ((0.5, False), (1, True), (1.01, True))}
        bounds |= {one.bound_ns - 1: False, 10 * one.bound_ns: True}
        for bound_ns, holds in bounds.items():
            answer = summarise(with_latency_bound(run, bound_ns, 95.0)).answer.bound
            assert answer is not None
            (check,) = [
                check for check in answer.checks if (check.contender, check.point) == (one.contender, one.point)
            ]
            assert check.holds is holds, bound_ns


def test_a_point_with_too_few_calls_keeps_no_bound(synthetic) -> None:
    """Forty calls show a bound at p90, and none at p95 or p99."""
    kept = summarise(synthetic({"onnx": {1: 1.0}}, restarts=1, rounds=2, calls=10, jitter=0.02).build()).answer.kept
    assert [(one.percentile, one.points[0].bound_ns is None) for one in kept] == [(90, False), (95, True), (99, True)]


def test_a_bound_is_kept_only_where_every_larger_one_is(synthetic) -> None:
    """One slow slice: above 2 ms few independent calls remain, so that the 1.1 ms of the others are not enough."""

    def slow(_label: str, _size: int, restart: int, number: int, position: int) -> float:
        return 9.0 if (restart, number, position) == (2, 1, 0) else 1.0

    (p90, *_) = summarise(synthetic({"onnx": {1: 1.0}}, slowdown=slow).build()).answer.kept
    assert p90.points[0].bound_ns is not None
    assert p90.points[0].bound_ns > 8e6


@example(
    stretches=[
        [2],
        [1, 1, 1, 1, 1],
        [2, 2, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2],
        [2, 2, 2, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2],
        [2, 2, 2, 1, 2, 1, 1, 1, 2, 1, 2, 2, 1, 2],
        [2],
    ],
    levels=[1],
)
@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=30), min_size=1, max_size=6),
    st.lists(st.integers(0, 10), min_size=1, max_size=5),
)
def test_independent_values_above_many_levels_are_those_above_each(
    stretches: list[list[int]], levels: list[int]
) -> None:
    """All levels at once give what each gives alone."""
    series = [np.array(one, dtype=np.float64) for one in stretches]
    found = effective_sizes_above(series, np.array(levels, dtype=np.float64))
    alone = [effective_size([(one > level).astype(np.float64) for one in series]) for level in levels]
    np.testing.assert_allclose(found, alone, rtol=1e-6)
