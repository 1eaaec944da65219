"""Outcomes: one table says what follows from each, and no kind is missing from it."""

from __future__ import annotations

from typing import get_args

from infer_compare.results import AnyOutcome, OutOfMemory, Skipped
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS, OutcomeTag, kind_of


def test_every_outcome_of_the_union_has_a_kind() -> None:
    """By the tag that files know it by."""
    tags = [outcome.__struct_config__.tag for outcome in get_args(AnyOutcome)]
    assert tags == list(get_args(OutcomeTag)) == list(OUTCOME_KINDS)


def test_running_out_of_memory_ends_a_curve_and_is_an_answer() -> None:
    """What was not run leaves the rest of the curve to be tried."""
    memory = kind_of(OutOfMemory(reason="cap", evidence="cap", phase="explore"))
    assert (memory.ends_after, memory.is_open) == (1, False)
    assert kind_of(Skipped(reason="")).ends_after == 0
