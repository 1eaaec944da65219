"""The order of slices: batch sizes ascend in a worker, and contenders at one size take turns in a seeded random order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from infer_compare.planner.points import every_point, volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.points import Points

Item = TypeVar("Item")


def ascending(points: Points) -> tuple[OperatingPoint, ...]:
    """Return the operating points in the order in which one set of workers runs them.

    A process keeps what its largest batch made it take: allocators hold on to memory, arenas and workspaces have grown.
    A size that follows a larger one can be a third faster than in a process that runs this size alone, as a deployment
    does. Smaller sizes leave less behind; what they do leave, only a process for each size would show.

    Args:
        points: what each contender runs.
    """
    return tuple(sorted(every_point(points), key=lambda point: (volume(point), point)))


class Order:
    """Draws every random order of a run from one seed."""

    def __init__(self, seed: int) -> None:
        """`seed` as the plan has it."""
        self._random = random.Random(seed)

    def shuffled(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return the items in random order, such as workers to start."""
        return tuple(self._random.sample(list(items), len(items)))

    def round(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return a random permutation and its reverse (ABBA or BAAB for two), whose average cancels a steady drift."""
        forth = self.shuffled(labels)
        return (*forth, *reversed(forth))
