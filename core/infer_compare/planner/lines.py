"""Along what a limit is searched for: the batch at each setting, or one of the other axes at batch 1."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.interfaces import OperatingPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.request.axes import Setting

LARGEST_STEP = 32
"""Many models of images take multiples of 32 alone; those of what else was asked for are multiples of that or of less."""


class Line(NamedTuple):
    """Operating points that differ in the size of one axis."""

    setting: Setting
    """The sizes of the other axes."""
    axis: str = ""
    """What differs, at batch 1; empty where it is the batch."""
    step: int = 1
    """Sizes are multiples of it."""
    first: int = 1
    """The first one that is tried."""

    @property
    def noun(self) -> str:
        """What differs, in words."""
        return self.axis or "batch"

    def point(self, size: int) -> OperatingPoint:
        """Return the point with a size."""
        if not self.axis:
            return OperatingPoint(size, self.setting)
        return OperatingPoint(1, tuple(sorted((*self.setting, (self.axis, size)))))

    def size(self, point: OperatingPoint) -> int | None:
        """Return the size of a point; None where it is not one of these."""
        size = dict(point.axes).get(self.axis, 0) if self.axis else point.batch
        return size if size and size % self.step == 0 and self.point(size) == point else None


def lines(settings: Sequence[Setting]) -> tuple[Line, ...]:
    """Return what a limit is searched along: the batch at each setting, then each axis at batch 1, where the others are shortest.

    Models of images often take multiples of some power of two alone: sizes of an axis are multiples of the largest one that
    divides all sizes asked for.

    Args:
        settings: those that are asked for, ascending; one empty one where the batch is the only axis.
    """
    along = []
    for place, (axis, smallest) in enumerate(settings[0]):
        others = (*settings[0][:place], *settings[0][place + 1 :])
        step = gcd(LARGEST_STEP, *(setting[place][1] for setting in settings))
        along.append(Line(others, axis, step, smallest))
    return (*(Line(setting) for setting in settings), *along)
