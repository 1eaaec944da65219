"""Operating points of contenders, by label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint

if TYPE_CHECKING:
    from infer_compare.request.axes import Setting

Points = Mapping[str, Sequence[OperatingPoint]]
"""What each contender runs, by its label."""


def every_point(points: Points) -> tuple[OperatingPoint, ...]:
    """Return the operating points of any contender, ascending."""
    return tuple(sorted({point for own in points.values() for point in own}))


def volume(point: OperatingPoint) -> int:
    """Return the product of all sizes of a point, to which its memory and its time are roughly proportional."""
    return point.batch * math.prod(size for _, size in point.axes)


def labels_at(point: OperatingPoint, points: Points) -> tuple[str, ...]:
    """Return the contenders that run an operating point."""
    return tuple(label for label, own in points.items() if point in own)


def by_setting(points: Iterable[OperatingPoint]) -> tuple[tuple[OperatingPoint, ...], ...]:
    """Return the points of each setting of the other axes, ascending: those of a curve differ in their batch size alone."""
    found: dict[Setting, list[OperatingPoint]] = {}
    for point in sorted(points):
        found.setdefault(point.axes, []).append(point)
    return tuple(map(tuple, found.values()))
