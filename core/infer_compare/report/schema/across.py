"""The answer over all settings of the axes other than the batch."""

from __future__ import annotations

from infer_compare.report.schema.part import Axes, Part
from infer_compare.verdicts.mixes import MixAnswer
from infer_compare.verdicts.outcome_kinds import OutcomeTag


class AxisBoundary(Part, frozen=True, kw_only=True):
    """The largest size of one axis of the inputs that fits with one contender, at batch 1."""

    contender: str
    axis: str
    axes: Axes
    """The sizes of the other axes, each its smallest."""
    largest_ran: int | None
    smallest_failed: int | None
    failure: OutcomeTag | None
    """How the smallest failing size failed."""
    verified: bool
    """Whether fresh workers confirmed that the largest size runs and the smallest failing size fails."""
    swapped: bool
    """Whether the largest size ran only by swapping."""
    cap_bytes: int
    """The limit for one worker's resident memory."""
    resident_bytes: int | None
    """Peak resident memory at the largest size that ran."""
    sentence: str


class Across(Part, frozen=True, kw_only=True):
    """Where the winner changes, and the answer for a mix of settings."""

    changes: str
    """One sentence."""
    mix: MixAnswer | None = None
    """The answer for the mix, if one was given and some contender was measured in all of its settings."""
    mix_headline: str = ""
    mix_sentences: tuple[str, ...] = ()
    limits: tuple[AxisBoundary, ...] = ()
    """With `--find-limit`, the boundary of each contender along each axis."""
    limits_headline: str = ""
