"""The reliability of a headline, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.stats.wording import listing, significant

if TYPE_CHECKING:
    from infer_compare.verdicts.quality import Quality


def quality_words(quality: Quality) -> str:
    """Return the grade with its reasons, such as `good (headline ±2.1 %)`."""
    reasons = []
    if not quality.settled:
        reasons.append("the headline is not confirmed")
    if quality.half_width is None:
        reasons.append("no interval is known")
    else:
        reasons.append(f"headline ±{significant(100 * quality.half_width, 2)} %")
    reasons += [f"{point.name} at {point.point}: {listing(point.flags)}" for point in quality.flagged]
    return f"{quality.grade} ({'; '.join(reasons)})"
