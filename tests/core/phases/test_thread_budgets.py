"""What is timed keeps its thread budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from infer_compare.environment.threads import usable_cores
from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.verdicts.summary import summarise

from .conftest import contender  # type: ignore[import-not-found]

BACKENDS = Path(__file__).with_name("budget_backends.py")


def test_nothing_is_enqueued_ahead_on_the_processor_whatever_a_backend_declares(sweep):
    """Every call is waited for, and takes what the work takes although `run` returns at once."""
    run = sweep(f"{BACKENDS}:AheadOnTheHost:label=ahead,fixed_us=3000,per_sample_us=0,host_us=100", batch_sizes=(1,))
    assert {piece.series for one in run.rounds for piece in one.slices} == {"latency"}
    assert not any(start.asynchronous for start in run.starts)
    (found,) = summarise(run).figures
    assert found.latency_min_ns >= 3_000_000
    assert not found.pipelined


@pytest.mark.alone
@pytest.mark.skipif(usable_cores() < 2, reason="needs a core beyond the budget")
def test_a_backend_that_computes_on_a_second_core_is_not_ranked_and_not_retried(real_sweep):
    """Its rounds are clean: the machine is not to blame. What it used is said."""
    options = "fixed_us=10,per_sample_us=0"
    run = real_sweep(
        f"{BACKENDS}:SecondCore:label=greedy,{options}",
        contender("modest", fixed_us=10, per_sample_us=0),
        batch_sizes=(1,),
    )
    assert len(run.rounds) == 1
    pieces = {label: [one for one in run.rounds[0].slices if one.contender == label] for label in ("greedy", "modest")}
    if any(one.diagnostics.foreign_ns > 0.3 * one.diagnostics.wall_ns for one in pieces["greedy"]):
        pytest.skip("other programs took the second core")
    points = {point.contender: point for point in run.points}
    assert points["modest"].excess_cores is None
    assert points["greedy"].excess_cores > 1.5
    (excluded,) = summarise(run).excluded
    assert excluded.contender == "greedy"
    assert "cores at a budget of 1 thread" in obstacle_words(excluded.obstacle)
