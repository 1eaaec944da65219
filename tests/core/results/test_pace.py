"""The time for each call that a contender finishes, of one instance and of several."""

from __future__ import annotations

import pytest

from infer_compare.results import Slice
from infer_compare.results.slices import Instances


def pace(instances: Instances | None) -> float:
    """That of a slice of four calls of 2 us."""
    return Slice(
        contender="a",
        position=0,
        series="latency",
        started_ns=0,
        durations_ns=(2000,) * 4,
        discarded=0,
        instances=instances,
    ).pace_ns


def test_calls_of_instances_that_run_together_follow_one_another_sooner() -> None:
    """Two of them finish twice as many."""
    together = Instances(window_ns=4000, calls=(2.0, 2.0), stamps=(2, 2), skew_ns=10)
    assert (pace(None), pace(together)) == (2000, 1000)


@pytest.mark.parametrize(("window_ns", "calls"), [(0, (2.0, 2.0)), (4000, (0.0, 0.0))])
def test_instances_that_never_ran_together_have_the_pace_of_their_calls(
    window_ns: int, calls: tuple[float, float]
) -> None:
    """A file may hold such a slice; there is nothing to divide by."""
    assert pace(Instances(window_ns=window_ns, calls=calls, stamps=(2, 2), skew_ns=10)) == 2000
