"""The number of rounds that a set of workers has made, and how many are missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infer_compare.planner.points import every_point, labels_at

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.planner.duration import Expectation
    from infer_compare.planner.points import Points
    from infer_compare.results import Round


@dataclass(slots=True)
class RoundCount:
    """The rounds of one phase in one set of workers, by operating point."""

    phase: Literal["measure", "confirm"]
    points: Points
    """The operating points of each contender in this phase."""
    wanted: int
    """Clean rounds that each operating point needs."""
    tries: int
    """The most rounds that are made at each operating point."""
    made: Counter[OperatingPoint] = field(default_factory=Counter)
    clean: Counter[OperatingPoint] = field(default_factory=Counter)

    def lacks(self, point: OperatingPoint) -> bool:
        """Return whether a point belongs to this phase, needs another round, and has tries left."""
        return bool(labels_at(point, self.points)) and self._missing(point) > 0

    def count(self, point: OperatingPoint, done: Round | None) -> None:
        """Count a round; None, if no contender is left at the point, completes it."""
        self.made[point] += 1
        if done is None:
            self.clean[point] = self.wanted
        elif done.clean:
            self.clean[point] += 1

    def spares(self, point: OperatingPoint) -> bool:
        """Return whether a point has more tries left than rounds missing; its next round can then be rejected without loss."""
        return self.tries - self.made[point] > self._missing(point)

    @property
    def most(self) -> int:
        """The most rounds that may be made over all operating points."""
        return self.tries * len(every_point(self.points))

    def remaining_s(self, expectation: Expectation) -> float:
        """Return how many seconds the missing rounds are expected to take."""
        return sum(
            self._missing(point) * expectation.round_s(labels_at(point, self.points), point)
            for point in every_point(self.points)
        )

    def _missing(self, point: OperatingPoint) -> int:
        return min(max(0, self.wanted - self.clean[point]), self.tries - self.made[point])
