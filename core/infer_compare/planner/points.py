"""Operating points of contenders, by label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infer_compare.interfaces import OperatingPoint

Points = Mapping[str, Sequence[OperatingPoint]]
"""What each contender runs, by its label."""


def every_point(points: Points) -> tuple[OperatingPoint, ...]:
    """The operating points of any contender, ascending."""
    return tuple(sorted({point for found in points.values() for point in found}))


def labels_at(point: OperatingPoint, points: Points) -> tuple[str, ...]:
    """The contenders that run an operating point."""
    return tuple(label for label, found in points.items() if point in found)
