"""How long a quick run over several settings takes, by the clock of workers that take as long as they are told."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from .conftest import contender  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.results import Run

WANTED_S = 150.0
OTHERWISE_S = 45.0
"""Reading and converting a model, and starting three frameworks four times on two cores."""


@pytest.mark.slow
def test_nine_cells_of_three_contenders_take_less_than_two_and_a_half_minutes(
    sweep: Callable[..., Run], tokens: str
) -> None:
    """With calls as long as those of a small BERT, of up to 0.6 s, every cell is ranked by three restarts."""
    run = sweep(
        contender("torch", fixed_us=5000, per_sample_us=0, per_element_us=250),
        contender("onnx", fixed_us=2000, per_sample_us=0, per_element_us=190),
        contender("tensorflow", fixed_us=8000, per_sample_us=0, per_element_us=300),
        model=tokens,
        axis=("seq=16,64,128",),
        batch_sizes=(1, 4, 16),
        mode="quick",
        restarts=None,
        rounds=None,
    )

    assert run.closing is not None
    assert run.closing.elapsed_s < WANTED_S - OTHERWISE_S
    restarts = defaultdict(set)
    for done in run.rounds:
        for label in done.order:
            restarts[label, done.point].add(done.restart)
    assert len(restarts) == 27
    assert all(len(numbers) >= 3 for numbers in restarts.values())
    assert any("measuring the best sizes of all 3 settings again" in note.text for note in run.notes)


def test_a_quick_run_of_fast_calls_confirms_the_best_sizes_of_each_setting(
    sweep: Callable[..., Run], tokens: str
) -> None:
    """There is time for it."""
    run = sweep(
        contender("one", fixed_us=1000), model=tokens, axis=("seq=4,8",), batch_sizes=(1, 2), mode="quick", restarts=3
    )

    assert {done.point.axes for done in run.rounds if done.phase == "confirm"} == {(("seq", 4),), (("seq", 8),)}
