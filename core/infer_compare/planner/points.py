"""Operating points of contenders, by label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint

if TYPE_CHECKING:
    from infer_compare.request.axes import Setting

Points = Mapping[str, Sequence[OperatingPoint]]
"""The operating points of each contender, by its label."""


def every_point(points: Points) -> tuple[OperatingPoint, ...]:
    """Return the operating points of all contenders, each once, ascending."""
    return tuple(sorted({point for sizes in points.values() for point in sizes}))


def volume(point: OperatingPoint) -> int:
    """Return the product of all sizes of a point, to which its memory and its time are roughly proportional."""
    return point.batch * math.prod(size for _, size in point.axes)


def labels_at(point: OperatingPoint, points: Points) -> tuple[str, ...]:
    """Return the contenders that run an operating point."""
    return tuple(label for label, sizes in points.items() if point in sizes)


def by_setting(points: Iterable[OperatingPoint]) -> tuple[tuple[OperatingPoint, ...], ...]:
    """Group points by the setting of the axes other than the batch; the points of a group ascend in batch size."""
    groups: dict[Setting, list[OperatingPoint]] = {}
    for point in sorted(points):
        groups.setdefault(point.axes, []).append(point)
    return tuple(map(tuple, groups.values()))
