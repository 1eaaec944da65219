"""The order of slices: a worker runs batch sizes in ascending order, and contenders take turns in a seeded random order."""

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

    A process keeps the memory, arenas and workspaces that its largest batch made it allocate. After a larger size, a size
    can be a third faster than in a process that runs this size alone, as a deployment does. Smaller sizes leave less behind;
    only a process per size would avoid that too.

    Args:
        points: the operating points of each contender.
    """
    return tuple(sorted(every_point(points), key=lambda point: (volume(point), point)))


class Order:
    """Draws every random order of a run from one seed."""

    def __init__(self, seed: int) -> None:
        """Takes the seed of the run."""
        self._random = random.Random(seed)

    def shuffled(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return the items in random order, such as workers to start."""
        return tuple(self._random.sample(list(items), len(items)))

    def round(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return a random permutation and its reverse (ABBA or BAAB for two), whose average cancels a steady drift."""
        forth = self.shuffled(labels)
        return (*forth, *reversed(forth))
