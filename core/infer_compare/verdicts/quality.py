"""How far a headline can be relied on: good, fair or poor, and what that rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.verdicts.flags import FLAGS, Flag, flags_of

if TYPE_CHECKING:
    from infer_compare.verdicts.answer import Answer

Grade = Literal["good", "fair", "poor"]
GOOD_HALF_WIDTH = 0.05
"""Of a good headline, at most: relative."""
FAIR_HALF_WIDTH = 0.15


class FlaggedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A point that the headline rests on, with the flags that cast doubt on it."""

    name: str
    point: OperatingPoint
    flags: tuple[Flag, ...]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """A grade, and what it rests on."""

    grade: Grade
    settled: bool
    """Whether verdicts carry the headline."""
    half_width: float | None
    """Relative, of the throughput or of the ratio to the runner-up, whichever is wider; None where neither is known."""
    flagged: tuple[FlaggedPoint, ...] = ()


def quality(answer: Answer, *, settled: bool) -> Quality:
    """Return how far the headline of an answer can be relied on.

    Args:
        answer: what the headline says.
        settled: whether verdicts carry it.
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
