"""What holds over all settings of the axes other than the batch."""

from __future__ import annotations

from infer_compare.report.schema.part import Part
from infer_compare.verdicts.mixes import MixAnswer


class Across(Part, frozen=True, kw_only=True):
    """Where the winner changes, and the answer for a mix of settings."""

    changes: str
    """One sentence."""
    mix: MixAnswer | None = None
    """Where a mix was given, and something was measured in all of its settings."""
    mix_headline: str = ""
    mix_sentences: tuple[str, ...] = ()
