"""The order of slices: seeded, so that a run can be repeated, and stored with every round."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")


class Order:
    """Draws every random order of a run from one seed."""

    def __init__(self, seed: int) -> None:
        """`seed` as the plan has it."""
        self._random = random.Random(seed)

    def shuffled(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """The items in random order: workers to start, operating points of a pass."""
        return tuple(self._random.sample(list(items), len(items)))

    def round(self, labels: Sequence[str]) -> tuple[str, ...]:
        """A random permutation and its reverse (ABBA or BAAB for two), so that a steady drift cancels."""
        forth = self.shuffled(labels)
        return (*forth, *reversed(forth))
