"""How far a headline can be relied on, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.wording import listing, significant

if TYPE_CHECKING:
    from infer_compare.verdicts.quality import Quality


def quality_words(quality: Quality) -> str:
    """Return such as `good (headline ±2.1 %)`, with the reason that matters most."""
    reasons = []
    if not quality.settled:
        reasons.append("the headline is not confirmed")
    if quality.half_width is None:
        reasons.append("no interval is known")
    else:
        reasons.append(f"headline ±{significant(100 * quality.half_width, 2)} %")
    reasons += [f"{one.name} at {one.point}: {listing(one.flags)}" for one in quality.flagged]
    return f"{quality.grade} ({'; '.join(reasons)})"
