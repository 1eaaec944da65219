"""What holds over all settings of the axes other than the batch."""

from __future__ import annotations

from infer_compare.report.schema.part import Axes, Part
from infer_compare.verdicts.mixes import MixAnswer
from infer_compare.verdicts.outcome_kinds import OutcomeTag


class AxisBoundary(Part, frozen=True, kw_only=True):
    """The longest that one axis of the inputs can be with one contender, at batch 1."""

    contender: str
    axis: str
    axes: Axes
    """The sizes of the other axes: their smallest."""
    largest_ran: int | None
    smallest_failed: int | None
    failure: OutcomeTag | None
    """How that one ended."""
    verified: bool
    """Whether fresh workers have said that the largest runs and that the smallest fails."""
    swapped: bool
    """Whether the largest ran only by swapping."""
    cap_bytes: int
    """What one worker's resident memory may be."""
    resident_bytes: int | None
    """Peak resident memory at the largest that ran."""
    sentence: str


class Across(Part, frozen=True, kw_only=True):
    """Where the winner changes, and the answer for a mix of settings."""

    changes: str
    """One sentence."""
    mix: MixAnswer | None = None
    """Where a mix was given, and something was measured in all of its settings."""
    mix_headline: str = ""
    mix_sentences: tuple[str, ...] = ()
    limits: tuple[AxisBoundary, ...] = ()
    """With `--find-limit`: of each contender, along each axis."""
    limits_headline: str = ""
