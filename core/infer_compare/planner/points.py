"""Operating points of contenders, by label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infer_compare.interfaces import OperatingPoint

Points = Mapping[str, Sequence[OperatingPoint]]
"""What each contender runs, by its label."""


def every_point(points: Points) -> tuple[OperatingPoint, ...]:
    """Return the operating points of any contender, ascending."""
    return tuple(sorted({point for own in points.values() for point in own}))


def labels_at(point: OperatingPoint, points: Points) -> tuple[str, ...]:
    """Return the contenders that run an operating point."""
    return tuple(label for label, own in points.items() if point in own)
