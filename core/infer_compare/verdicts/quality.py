"""The reliability of a headline: good, fair or poor, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.verdicts.flags import FLAGS, Flag, flags_of

if TYPE_CHECKING:
    from infer_compare.verdicts.answer import Answer

Grade = Literal["good", "fair", "poor"]
GOOD_HALF_WIDTH = 0.05
"""The largest relative half-width of a good headline."""
FAIR_HALF_WIDTH = 0.15
"""The largest relative half-width of a fair headline."""


class FlaggedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point behind the headline, with the flags that cast doubt on it."""

    name: str
    point: OperatingPoint
    flags: tuple[Flag, ...]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The grade of a headline, with the reasons for it."""

    grade: Grade
    settled: bool
    """Whether verdicts support the headline."""
    half_width: float | None
    """Relative half-width of the throughput or of the ratio to the runner-up, whichever is wider; None if neither is known."""
    flagged: tuple[FlaggedPoint, ...] = ()


def quality(answer: Answer, *, settled: bool) -> Quality:
    """Return the reliability of an answer's headline.

    Args:
        answer: the answer.
        settled: whether verdicts support the headline.
    """
    best = answer.recommended
    widths = [best.figures.spread] if best is not None else []
    widths += [pair.comparison.half_width for pair in answer.headline[:1] if pair.comparison is not None]
    half_width = max((width for width in widths if width is not None), default=None)
    grade: Grade = "poor"
    if settled and half_width is not None and half_width <= FAIR_HALF_WIDTH:
        grade = "good" if half_width <= GOOD_HALF_WIDTH else "fair"
    touched = [
        FlaggedPoint(name=best.name, point=best.point, flags=flags)
        for best in answer.by_contender[:2]
        if (flags := tuple(flag for flag in flags_of(best.figures) if FLAGS[flag].touches_headline))
    ]
    return Quality(grade=grade, settled=settled, half_width=half_width, flagged=tuple(touched))
