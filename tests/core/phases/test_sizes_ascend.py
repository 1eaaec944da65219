"""Sizes are measured as a deployment runs them: before any larger one, and those that are confirmed in processes of their own."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path

import pytest

from infer_compare.verdicts.summary import summarise

from .retaining_backend import ALONE_MS  # type: ignore[import-not-found]

RETAINING = f"{Path(__file__).with_name('retaining_backend.py')}:Retaining:label=retaining"
SIZES = tuple(ALONE_MS)


def test_no_size_is_measured_after_a_larger_one_in_the_same_workers(sweep):
    """Rejected rounds are made again before the next size."""
    calls = count(-1)
    run = sweep(
        RETAINING,
        batch_sizes=SIZES,
        restarts=1,
        rounds=2,
        gate=lambda *_args, **_kwargs: "other programs" if next(calls) % 5 == 4 else None,
    )

    assert not all(one.clean for one in run.rounds)
    assert {one.point.batch for one in run.rounds} == set(SIZES)
    assert all(before.point <= after.point for before, after in pairwise(run.rounds))


@pytest.mark.parametrize("mode", ["quick", "default"])
def test_the_recommended_size_has_the_figure_of_a_process_that_runs_it_alone(sweep, mode):
    """Although any other size before it makes it twice as fast; other programs can only make a call slower."""
    run = sweep(RETAINING, batch_sizes=SIZES, restarts=3, rounds=1, mode=mode)

    (best,) = summarise(run).answer.by_contender
    assert best.confirmed
    assert best.figures.latency_p50_ns > 0.9 * 1e6 * ALONE_MS[best.point.batch]
    fresh = [one for one in run.rounds if one.phase == "confirm"]
    assert {one.restart for one in fresh} == {4}
    assert len({one.point for one in fresh}) == sum(start.restart == 4 for start in run.starts) > 1
