"""Restarts, retries, settling, budget and the busy host, with a scripted gate."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from infer_compare.environment.gate import POWER_CHANGED
from infer_compare.phases.busy import FIRST_ROUNDS
from infer_compare.phases.events import Observer
from infer_compare.report.sentences.answers import best_sentence
from infer_compare.verdicts import Verdict
from infer_compare.verdicts.protocol import RETRY_FACTOR
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]


def measured(run):
    """The rounds that rank all sizes, without those that confirm."""
    return [one for one in run.rounds if one.phase == "measure"]


def test_a_round_with_a_rejected_slice_is_not_clean_and_is_made_again(sweep):
    """Until as many clean ones are there as were wanted."""
    calls = count(-2)
    run = sweep(
        contender("a"),
        contender("b"),
        batch_sizes=(1, 2),
        rounds=2,
        gate=lambda *_args, **_kwargs: "other programs" if next(calls) == 3 else None,
    )
    cleanness = Counter(one.clean for one in measured(run))
    assert cleanness == {True: 4, False: 1}
    (rejected,) = [piece for one in run.rounds for piece in one.slices if piece.rejected]
    assert rejected.rejected == "other programs"


def test_retries_end_at_twice_the_rounds_wanted(sweep):
    """One operating point that is always disturbed does not hold up the run."""
    calls = count()
    run = sweep(
        contender("a"),
        batch_sizes=(1,),
        rounds=3,
        restarts=1,
        gate=lambda *_args, **_kwargs: "other programs" if next(calls) >= 4 else None,
    )
    assert sum(one.clean for one in measured(run)) == 2
    assert len(measured(run)) == RETRY_FACTOR * 3


def test_rounds_on_a_core_that_was_slowed_down_are_repeated_and_the_last_tries_count_whatever_the_core_did(sweep):
    """A host that is often shared ends no run, and leaves no size without rounds."""
    run = sweep(
        contender("a"),
        contender("b"),
        batch_sizes=(1, 2),
        rounds=2,
        restarts=2,
        gate=lambda counted, **_kwargs: "slowed down" if counted.slowdown is not None else None,
    )
    made = Counter((one.restart, one.point, one.clean) for one in measured(run))
    assert {number for (_, _, clean), number in made.items() if clean} == {2}
    assert {number for (*_, clean), number in made.items() if not clean} <= {1, 2}
    assert sum(number for (*_, clean), number in made.items() if not clean) >= 6
    assert any(piece.diagnostics.slowdown == 1.0 for one in measured(run) for piece in one.slices)


def test_a_machine_that_is_always_busy_ends_the_run_early_and_says_what_else_could_be_asked(sweep):
    """After a moment and as many rounds again, with what exploring and the rounds saw kept."""
    run = sweep(
        contender("a"),
        contender("b"),
        batch_sizes=(1, 2),
        rounds=4,
        restarts=4,
        threads=2,
        gate=lambda *_args, **_kwargs: "other programs",
    )
    assert run.closing.state == "stopped"
    assert "busy" in run.closing.reason
    assert len(run.rounds) == FIRST_ROUNDS
    assert any("--threads 1" in note.text for note in run.notes)


def test_a_machine_with_one_clean_round_among_the_first_is_not_busy(sweep):
    """The rest is retried."""
    calls = count(-1)
    run = sweep(
        contender("a"),
        batch_sizes=(1, 2),
        rounds=1,
        gate=lambda *_args, **_kwargs: "other programs" if next(calls) not in {0, 1} else None,
    )
    assert run.closing.state == "complete"


def test_a_plain_difference_is_settled_after_two_restarts_and_leaves_the_later_ones(sweep):
    """Three times as slow needs no four restarts."""
    run = sweep(
        contender("quick", fixed_us=200, per_sample_us=0),
        contender("slow", fixed_us=4000, per_sample_us=0),
        batch_sizes=(1,),
        restarts=4,
        rounds=2,
        mode="default",
    )
    (pair,) = summarise(run).pairs
    assert pair.verdict is Verdict.FASTER
    assert pair.settled_after == 2
    assert {one.restart for one in measured(run)} == {1, 2}


def test_what_is_settled_against_all_others_leaves_them_to_each_other(sweep):
    """Later restarts measure the two that are close, and start no worker for the third."""
    run = sweep(
        contender("quick", fixed_us=400, per_sample_us=0),
        contender("near", fixed_us=440, per_sample_us=0),
        contender("slow", fixed_us=4000, per_sample_us=0),
        batch_sizes=(1,),
        restarts=4,
        rounds=2,
        mode="default",
    )
    orders = {
        restart: {label for one in measured(run) if one.restart == restart for label in one.order} for restart in (2, 3)
    }
    assert orders == {2: {"quick", "near", "slow"}, 3: {"quick", "near"}}
    assert {one.contender for one in run.starts if one.restart == 3} == {"quick", "near"}
    verdicts = {frozenset((pair.a.label, pair.b.label)): pair for pair in summarise(run).pairs}
    for label in ("quick", "near"):
        assert verdicts[frozenset((label, "slow"))].settled_after == 2


def test_the_candidates_for_best_are_measured_again_by_fresh_workers(sweep):
    """With the fresh rounds alone as the figures."""
    run = sweep(contender("a"), batch_sizes=(1, 2, 4, 8), restarts=2, rounds=2, mode="default")
    fresh = [one for one in run.rounds if one.phase == "confirm"]
    assert len({one.point for one in fresh}) == 3
    assert {one.restart for one in fresh} == {3}
    (best,) = summarise(run).answer.by_contender
    assert best.confirmed


APART = (contender("a", fixed_us=500, per_sample_us=20), contender("b", fixed_us=675, per_sample_us=27))
"""By 35 %, which two restarts do not settle."""


@pytest.mark.parametrize("mode", ["quick", "default"])
def test_a_run_confirms_in_workers_that_did_nothing_else(sweep, mode):
    """Whatever its last restart still had to settle."""
    run = sweep(*APART, batch_sizes=(1, 8), restarts=3, rounds=2, mode=mode)
    last = max(one.restart for one in run.rounds if one.phase == "measure")
    assert {one.restart for one in run.rounds if one.phase == "confirm"} == {last + 1}
    assert all(best.confirmed for best in summarise(run).answer.by_contender)


def test_automatic_sizes_bring_all_curves_to_one_length_and_refine_around_the_optimum(sweep):
    """So that every size can be compared; the best of a curve that falls again lies between powers of two."""
    run = sweep(
        contender("flat", fixed_us=50, per_sample_us=40),
        contender("rising", fixed_us=100, per_sample_us=25),
        batch_sizes=None,
        mode="default",
        threads=1,
    )
    sizes = {label: {point.point.batch for point in run.points if point.contender == label} for label in run.labels}
    assert sizes["flat"] == sizes["rising"]
    assert any(size & (size - 1) for size in sizes["flat"])


def test_a_slow_model_is_not_refined_in_the_default_mode_and_the_run_says_so(sweep):
    """Nobody who gave no budget waits for minutes without asking for it."""
    slow = [contender(label, fixed_us=30_000, per_sample_us=5_000) for label in "ab"]
    run = sweep(*slow, batch_sizes=None, mode="default", restarts=4, rounds=4)
    assert all(point.point.batch & (point.point.batch - 1) == 0 for point in run.points)
    (note,) = [one.text for one in run.notes if one.topic == "plan" and "beside the best ones" in one.text]
    assert "--budget or --thorough" in note


def test_with_a_latency_bound_sizes_next_to_its_crossing_are_measured(sweep):
    """In a quick run too; the answer names the largest that was shown to hold it."""
    run = sweep(
        contender("a", fixed_us=200, per_sample_us=50),
        batch_sizes=None,
        mode="quick",
        latency_bound=0.0015,
    )
    sizes = {point.point.batch for point in run.points}
    assert any(16 < size < 32 for size in sizes)
    bound = summarise(run).answer.bound
    assert bound is not None
    assert all(check.point.batch <= 26 for check in bound.checks if check.holds)


def test_a_budget_shrinks_the_plan_and_nothing_begins_that_would_end_after_it(sweep):
    """The budget is for everything, exploring included."""
    run = sweep(
        contender("a", fixed_us=20000), contender("b", fixed_us=20000), batch_sizes=(1, 2), restarts=None, rounds=None,
        mode="thorough", budget=8.0,
    )  # fmt: skip
    assert run.closing.state == "complete"
    assert run.closing.elapsed_s < 12.0
    assert run.rounds
    plan = next(note.text for note in run.notes if note.topic == "plan")
    assert "8 restarts" not in plan


def test_the_remaining_time_falls_to_nothing(sweep):
    """It is told after every round."""
    seen: list[float] = []

    class Watcher(Observer):
        def round_done(self, one, *, remaining_s):
            seen.append(remaining_s)

    sweep(contender("a"), batch_sizes=(1, 2), rounds=2, restarts=2, observer=Watcher())
    assert seen[0] > seen[-1]
    assert seen[-1] == pytest.approx(0.0)


def test_with_a_single_size_there_is_nothing_to_confirm(sweep):
    """Fresh rounds correct the choice among sizes, and none was made."""
    run = sweep(contender("a"), contender("b"), batch_sizes=(2,), restarts=2, rounds=1)
    assert not [one for one in run.rounds if one.phase == "confirm"]
    best, *_ = summarise(run).answer.by_contender
    assert best.only_size
    assert "the only size measured" in best_sentence(best)


def test_a_laptop_that_is_unplugged_says_so_and_its_slices_are_made_again(sweep):
    """The note is told once; figures rest on slices that count."""
    slept = count()
    run = sweep(
        contender("a"),
        rounds=2,
        gate=lambda *_args, **_kwargs: POWER_CHANGED if next(slept) == 3 else None,
    )
    told = [note.text for note in run.notes if note.text.startswith(POWER_CHANGED)]
    assert told == [f"{POWER_CHANGED}: what was timed meanwhile is rejected and measured again"]
    assert [piece.rejected for one in run.rounds for piece in one.slices].count(POWER_CHANGED) == 1
    assert run.closing.state == "complete"
