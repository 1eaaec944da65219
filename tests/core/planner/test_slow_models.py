"""How long runs without a budget make people wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.duration import Expectation
from infer_compare.planner.slow_models import (
    MEASURING_S,
    affordable,
    has_time_for,
    may_be_shortened,
    restarts_and_rounds,
    shortest,
)

from .conftest import run_of  # type: ignore[import-not-found]

SIZES = (1, 2, 4, 8)
DEFAULT = run_of(rounds_per_restart=4).header
QUICK = run_of(mode="quick", restarts=3).header


def expecting(ns_per_sample: int) -> Expectation:
    """Two contenders, whose latency is so much a sample."""
    points = [(label, OperatingPoint(size)) for label in "ab" for size in SIZES]
    latency = {(label, point): ns_per_sample * point.batch for label, point in points}
    return Expectation(start_s={"a": 2.0, "b": 2.0}, latency_ns=latency, first_call_ns=latency)


def points(*sizes: int) -> list[OperatingPoint]:
    """Operating points of batch sizes."""
    return list(map(OperatingPoint, sizes))


def curves(ns_per_sample: int) -> dict[str, dict[OperatingPoint, float]]:
    """What exploring knows of the same."""
    return {label: {point: float(ns_per_sample * point.batch) for point in points(*SIZES)} for label in "ab"}


POINTS = {label: points(*SIZES) for label in "ab"}


@pytest.mark.parametrize("changes", [{"budget": 60.0}, {"restarts": 8}, {"mode": "thorough", "restarts": 8}], ids=str)
def test_whoever_says_how_long_a_run_may_take_gets_it(changes):
    """A budget, restarts and --thorough are answers to the question."""
    header = run_of(**{"rounds_per_restart": 4, **changes}).header
    assert may_be_shortened(DEFAULT)
    assert may_be_shortened(QUICK)
    assert not may_be_shortened(header)
    assert has_time_for(points(3, 6), expecting(10**9), curves(10**9), header)


def test_a_fast_model_has_every_round_and_the_sizes_beside_its_best_one():
    """A millisecond a sample."""
    assert restarts_and_rounds(expecting(10**6), POINTS, DEFAULT.options) == (4, 4)
    assert has_time_for(points(3, 6), expecting(10**6), curves(10**6), DEFAULT)


def test_a_slow_model_has_fewer_rounds_and_no_sizes_beside_its_best_one():
    """A tenth of a second a sample."""
    assert restarts_and_rounds(expecting(10**8), POINTS, DEFAULT.options) == (3, 2)
    assert not has_time_for(points(3, 6), expecting(10**8), curves(10**8), DEFAULT)


def test_a_quick_run_of_a_slow_model_has_one_round_in_each_of_its_restarts():
    """Fresh processes are worth more than further rounds."""
    assert restarts_and_rounds(expecting(10**6), POINTS, QUICK.options) == (3, 2)
    assert restarts_and_rounds(expecting(10**8), POINTS, QUICK.options) == (3, 1)


def test_a_search_for_the_limit_leaves_less_time_for_measuring():
    """It comes before, and takes a minute for each contender of a slow model."""
    both = run_of(rounds_per_restart=4, find_limit=True).header
    assert has_time_for(points(3, 6), expecting(3 * 10**6), curves(3 * 10**6), DEFAULT)
    assert not has_time_for(points(3, 6), expecting(3 * 10**6), curves(3 * 10**6), both)


def test_sizes_beyond_what_a_contender_can_run_cost_it_nothing():
    """They are not tried."""
    plain = has_time_for((), expecting(5 * 10**6), curves(5 * 10**6), DEFAULT)
    assert plain
    assert has_time_for(points(16, 32), expecting(5 * 10**6), curves(5 * 10**6), DEFAULT)


@given(ns_per_sample=st.integers(10**4, 10**9), further=st.sets(st.sampled_from(points(3, 5, 6, 7))))
def test_a_slower_model_never_has_time_for_more(ns_per_sample, further):
    """Nor are more sizes affordable where fewer are not."""
    now = has_time_for(further, expecting(ns_per_sample), curves(ns_per_sample), DEFAULT)
    slower = has_time_for(further, expecting(2 * ns_per_sample), curves(2 * ns_per_sample), DEFAULT)
    fewer = has_time_for((), expecting(ns_per_sample), curves(ns_per_sample), DEFAULT)
    assert slower <= now <= fewer


@given(ns_per_sample=st.integers(10**4, 10**9), options=st.sampled_from([DEFAULT.options, QUICK.options]))
def test_a_plan_that_is_longer_than_the_shortest_one_stays_within_what_people_wait_for(ns_per_sample, options):
    """The shortest is made however long it takes."""
    expectation = expecting(ns_per_sample)
    restarts, rounds = restarts_and_rounds(expectation, POINTS, options)
    if (restarts, rounds) != shortest(options):
        assert restarts * expectation.restart_s(POINTS, rounds) <= MEASURING_S[options.mode]


def several(ns_per_token, header) -> Expectation:
    """Whether a run over three lengths has time to confirm."""
    own = [OperatingPoint(size, (("seq", length),)) for size in SIZES for length in (16, 64, 128)]
    latency = {(label, point): ns_per_token * point.batch * point.axes[0][1] for label in "ab" for point in own}
    expectation = Expectation(start_s={"a": 2.0, "b": 2.0}, latency_ns=latency, first_call_ns=latency)
    return affordable(expectation, dict.fromkeys("ab", own), header)


LENGTHS = run_of(mode="quick", restarts=3, axis=("seq=16,64,128",)).header


def test_a_quick_run_over_several_settings_confirms_their_best_sizes_where_there_is_time():
    """Each setting has sizes of its own to confirm, in fresh workers."""
    assert several(10**3, LENGTHS).confirms
    assert not several(10**6, LENGTHS).confirms
    assert several(10**6, LENGTHS).confirm_s(POINTS, "quick") == 0


@pytest.mark.parametrize(
    "changes", [{"budget": 60.0}, {"mode": "default", "restarts": 4, "rounds_per_restart": 4}], ids=str
)
def test_whoever_gives_the_time_has_them_confirmed(changes):
    """By a budget, or by leaving out --quick."""
    header = run_of(**{"mode": "quick", "restarts": 3, "axis": ("seq=16,64,128",), **changes}).header
    assert several(10**6, header).confirms


def test_what_has_one_setting_is_confirmed_however_long_that_takes():
    """As ever."""
    assert affordable(expecting(10**9), POINTS, QUICK).confirms
