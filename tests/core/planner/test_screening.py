"""Which points are left out where there are too many."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.duration import Expectation
from infer_compare.planner.screening import screened, takes_too_long
from infer_compare.planner.trials import ROUGH

from .conftest import run_of  # type: ignore[import-not-found]

BATCHES = (1, 2, 4, 8, 16)
LENGTHS = (16, 64, 128)
POINTS = [OperatingPoint(batch, (("seq", length),)) for length in LENGTHS for batch in BATCHES]
NOISE = st.floats(1 / ROUGH, ROUGH)


def best(latencies, length, bound=float("inf")):
    """The batch size with the highest throughput of those that keep a bound."""
    kept = {point: ns for point, ns in latencies.items() if point.axes == (("seq", length),) and ns <= bound}
    return max(kept, key=lambda point: point.batch / kept[point], default=None)


@st.composite
def contenders(draw):
    """What calls of two contenders take, and what trial calls show of it."""
    true = {label: {point: draw(st.floats(1e5, 1e9)) for point in POINTS} for label in "ab"}
    return true, {label: {point: ns * draw(NOISE) for point, ns in own.items()} for label, own in true.items()}


@settings(max_examples=15)
@given(pair=contenders())
def test_the_best_size_of_a_setting_is_never_left_out(pair):
    """As long as no trial call is off by more than they are known to be."""
    true, seen = pair
    kept = screened(seen).kept
    for label, own in true.items():
        for length in LENGTHS:
            assert best(own, length) in kept[label]


@settings(max_examples=15)
@given(pair=contenders(), bound_ns=st.integers(10**5, 10**9))
def test_the_best_size_that_keeps_a_bound_is_not_left_out_either(pair, bound_ns):
    """Nor the best one without the bound, which the report names as well."""
    true, seen = pair
    kept = screened(seen, bound_ns=bound_ns).kept
    for label, own in true.items():
        for length in LENGTHS:
            assert best(own, length) in kept[label]
            assert best(own, length, bound_ns) in {None, *kept[label]}


@settings(max_examples=15)
@given(pair=contenders())
def test_every_point_is_measured_or_predicted_and_the_same_for_all_contenders(pair):
    """A cell has a winner among all of them, or none."""
    screening = screened(pair[1])
    assert screening.kept["a"] == screening.kept["b"]
    for label in "ab":
        left_out = {point for name, point in screening.predicted if name == label}
        assert left_out | set(screening.kept[label]) == set(POINTS)
        assert not left_out & set(screening.kept[label])
    assert all(ns > 0 for ns in screening.predicted.values())


def test_sizes_far_below_the_plateau_are_left_out():
    """A call of 10 ms and 0.1 ms a sample: batch 16 makes 1,379 samples a second, batch 1 makes 99."""
    own = {point: 1e7 + 1e5 * point.batch for point in POINTS}
    assert {point.batch for point in screened({"a": own}).kept["a"]} == {16}


def test_a_trial_call_that_was_disturbed_does_not_leave_its_size_out():
    """The cost of the others says that it can be faster."""
    own = {point: 1e6 + 1e5 * point.batch * point.axes[0][1] for point in POINTS}
    disturbed = OperatingPoint(16, (("seq", 64),))
    slow = {**own, disturbed: 4 * own[disturbed]}
    assert disturbed in screened({"a": slow}).kept["a"]


def expecting(ns_per_token):
    """What calls of two contenders take."""
    latency = {(label, point): ns_per_token * point.batch * point.axes[0][1] for label in "ab" for point in POINTS}
    return Expectation(start_s={"a": 2.0, "b": 2.0}, latency_ns=latency, first_call_ns=latency)


def test_nothing_is_left_out_where_there_is_time_or_somebody_says_how_much():
    """Nor where the batch is the only axis."""
    both = dict.fromkeys("ab", POINTS)
    asked = {"mode": "quick", "restarts": 3, "axis": ("seq=16,64,128",)}
    long = run_of(**asked).header
    assert takes_too_long(expecting(10**7), both, long)
    assert not takes_too_long(expecting(10**4), both, long)
    assert not takes_too_long(expecting(10**7), both, run_of(**asked, budget=60.0).header)
    assert not takes_too_long(replace(expecting(10**7), passes=True), both, long)
    assert not takes_too_long(expecting(10**7), both, run_of(mode="quick", restarts=3).header)
