"""The search for the memory boundary, under a real cap in real processes."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.phases.contender_exploration import peaks
from infer_compare.report import document
from infer_compare.results import Died, LimitReached, Measured, Memory, OutOfMemory, Run

from .conftest import contender  # type: ignore[import-not-found]

MIB = 1024 * 1024
CAP = 300 * MIB


def test_the_boundary_is_found_under_the_cap_and_confirmed(real_sweep) -> None:
    """Each sample really touches a megabyte, so that some 200 of them fit beside the interpreter."""
    run = real_sweep(contender("a", bytes_per_sample=MIB), batch_sizes=(1, 2, 4), find_limit=True, max_memory=CAP)

    (limit,) = run.limits
    assert limit.verified
    assert 100 < limit.largest_fitting < limit.smallest_failing < 300
    assert limit.smallest_failing - limit.largest_fitting <= max(1, limit.largest_fitting // 64)
    assert isinstance(limit.failure, OutOfMemory)
    assert limit.failure.evidence == "cap"
    assert not limit.swapped


def test_every_probe_of_the_search_is_stored(sweep) -> None:
    """With whether its worker was fresh; the two sizes of the boundary were tried in fresh ones."""
    run = sweep(contender("a", oom_above=21), batch_sizes=(1, 2), find_limit=True)

    probes = [one for one in run.probes if one.phase == "limit"]
    (limit,) = run.limits
    fresh = {one.point.batch: one.outcome for one in probes if one.fresh}
    assert limit.probes == len(probes)
    assert (limit.largest_fitting, limit.smallest_failing) == (21, 22)
    assert isinstance(fresh[21], Measured)
    assert isinstance(fresh[22], OutOfMemory)


def test_the_search_measures_nothing_and_costs_no_point(sweep) -> None:
    """Sizes of the search are no points of the run, and all points are measured after it."""
    run = sweep(contender("a", oom_above=9), contender("b", oom_above=9), find_limit=True)

    assert run.closing.state == "complete"
    assert {point.point.batch for point in run.points} == {1, 2}
    assert all(point.measured for point in run.points)


def test_each_contender_has_its_own_boundary(sweep) -> None:
    """One after the other; neither knows of the other's."""
    run = sweep(contender("a", oom_above=5), contender("b", limit_above=12), find_limit=True)

    found = {one.contender: one for one in run.limits}
    assert (found["a"].largest_fitting, found["b"].largest_fitting) == (5, 12)
    assert isinstance(found["b"].failure, LimitReached)


def test_a_crash_away_from_the_cap_is_told_as_a_crash(sweep) -> None:
    """It bounds the batch size, and is no matter of memory."""
    run = sweep(contender("a", die_in="run", at_batch=8), batch_sizes=(1,), find_limit=True)

    (limit,) = run.limits
    assert limit.smallest_failing == 8
    assert isinstance(limit.failure, Died)


def test_not_even_one_sample_may_fit(real_sweep) -> None:
    """Then that is the result."""
    run = real_sweep(contender("a", bytes_per_sample=2 * CAP), batch_sizes=(1,), find_limit=True, max_memory=CAP)
    (limit,) = run.limits
    assert limit.largest_fitting is None
    assert limit.smallest_failing == 1
    assert limit.verified


def test_the_report_tells_the_boundary_the_failure_and_that_it_was_confirmed(sweep) -> None:
    """In one sentence for each contender; a search that would take too long ends without one."""
    run = sweep(contender("a", oom_above=21), contender("b", per_sample_us=20_000), batch_sizes=(1,), find_limit=True)
    made = {curve.contender: curve.boundary for curve in document(run).curves}

    assert made["a"].searched
    assert made["a"].verified
    assert "batch 21 fits" in made["a"].sentence
    assert "batch 22 ran out of memory" in made["a"].sentence
    assert "both confirmed by fresh workers" in made["a"].sentence
    assert "at least batch" in made["b"].sentence
    assert "would take about" in made["b"].sentence


def test_contenders_whose_limits_are_high_are_still_measured_together(sweep) -> None:
    """What the search took says nothing of the sizes that are measured, which may fit side by side."""
    run = sweep(contender("a", oom_above=9), find_limit=True)
    resident = peaks(run)["a"]
    (largest,) = (one for one in run.probes if one.phase == "limit" and one.point.batch == 9 and one.fresh)
    swollen = msgspec.structs.replace(
        largest, outcome=msgspec.structs.replace(largest.outcome, memory=Memory(resident=10 * resident))
    )
    assert peaks(Run.fold([run.header, *run.probes, swollen])) == {"a": resident}


@pytest.mark.parametrize("asked", [False, True])
def test_no_search_is_made_unless_it_is_asked_for(sweep, asked) -> None:
    """It takes its time."""
    run = sweep(contender("a", oom_above=3), batch_sizes=(1,), find_limit=asked)

    assert bool(run.limits) is asked


def test_with_the_backstop_a_giant_request_fails_where_it_is_made(real_sweep) -> None:
    """The kernel refuses it, the framework raises, and no watchdog has to kill anything."""
    contenders = (contender("a", bytes_per_sample=MIB),)
    run = real_sweep(*contenders, batch_sizes=(1, 4000), max_memory=CAP, backstop=True)
    outcomes = {point.point.batch: point.outcome for point in run.points}

    assert isinstance(outcomes[1], Measured)
    assert isinstance(outcomes[4000], OutOfMemory)
    assert outcomes[4000].evidence == "raised"
    assert run.header.options.backstop
