"""Operating points of contenders, by label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from infer_compare.interfaces import OperatingPoint

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


def by_setting(latencies_ns: Mapping[OperatingPoint, float]) -> tuple[dict[OperatingPoint, float], ...]:
    """Return the points apart by the sizes of their other axes, so that those of each part differ in their batch size alone."""
    parts: dict[tuple[tuple[str, int], ...], dict[OperatingPoint, float]] = {}
    for point, latency in latencies_ns.items():
        parts.setdefault(point.axes, {})[point] = latency
    return tuple(parts.values())
