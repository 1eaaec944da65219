"""The lines along which a memory limit is searched for: the batch at each setting, or another axis at batch 1."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.interfaces import OperatingPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.request.axes import Setting

LARGEST_STEP = 32
"""The largest step between sizes of an axis: many image models accept only multiples of 32."""


class Line(NamedTuple):
    """Operating points that differ in the size of one axis."""

    setting: Setting
    """The sizes of the other axes."""
    axis: str = ""
    """The axis that varies, at batch 1; empty if the batch varies."""
    step: int = 1
    """Sizes are multiples of it."""
    first: int = 1
    """The first size that is tried."""

    @property
    def noun(self) -> str:
        """The name of the axis that varies."""
        return self.axis or "batch"

    def point(self, size: int) -> OperatingPoint:
        """Return the point of the line with a size."""
        if not self.axis:
            return OperatingPoint(size, self.setting)
        return OperatingPoint(1, tuple(sorted((*self.setting, (self.axis, size)))))

    def size(self, point: OperatingPoint) -> int | None:
        """Return the size of a point; None if the point is not on the line."""
        size = dict(point.axes).get(self.axis, 0) if self.axis else point.batch
        return size if size and size % self.step == 0 and self.point(size) == point else None


def lines(settings: Sequence[Setting]) -> tuple[Line, ...]:
    """Return the lines of a search: the batch at each setting, then each other axis at batch 1 with the remaining axes shortest.

    Image models often accept only multiples of a power of two. The sizes of an axis are therefore multiples of the largest
    power of two, up to 32, that divides all requested sizes.

    Args:
        settings: the requested settings, ascending; a single empty setting if the batch is the only axis.
    """
    along = []
    for place, (axis, smallest) in enumerate(settings[0]):
        others = (*settings[0][:place], *settings[0][place + 1 :])
        step = gcd(LARGEST_STEP, *(setting[place][1] for setting in settings))
        along.append(Line(others, axis, step, smallest))
    return (*(Line(setting) for setting in settings), *along)
