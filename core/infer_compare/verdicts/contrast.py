"""Two candidates against each other: logarithms of throughput ratios from clean rounds, by restart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Literal, Self

from infer_compare.stats.student import Estimate, estimate, estimate_difference

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Groups = tuple[tuple[float, ...], ...]
"""Values of rounds, by restart; no group is empty."""

Basis = Literal["rounds", "restarts", "pooled restarts"]
"""What the variance behind an interval comes from: rounds, restart means, or restart means pooled over points of the run."""


@dataclass(frozen=True, kw_only=True)
class Contrast(ABC):
    """What the clean rounds say about A against B; positive logarithms are in favour of A.

    Attributes:
        allowance: what accepted contention may have cost, in the log domain: threads x mean wait share.
        rejected: share of all slices of both candidates that the gate rejected.
        culprit: the foreign process that took most during a refused slice, or nothing.
    """

    allowance: float = 0.0
    rejected: float = 0.0
    culprit: str = ""

    @property
    @abstractmethod
    def rounds(self) -> int:
        """Clean rounds."""

    @property
    @abstractmethod
    def restarts(self) -> int:
        """Restarts with clean rounds."""

    @property
    @abstractmethod
    def fewest(self) -> int:
        """Clean rounds of the restart that has fewest."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean logarithm of the ratio over rounds."""

    @property
    @abstractmethod
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest logarithm that any round shows."""

    @property
    @abstractmethod
    def most(self) -> int:
        """Clean rounds of the restart that has most."""

    @abstractmethod
    def first(self, restarts: int) -> Self:
        """The same after that many restarts."""

    @abstractmethod
    def estimates(self) -> dict[Basis, Estimate]:
        """The mean with its error over rounds and over restart means, as far as there are two of them."""

    def half_width(self, confidence: float) -> float | None:
        """Half of the wider t interval, over rounds or over restart means, plus the allowance; None without any."""
        widths = [one.half_width(confidence) for one in self.estimates().values()]
        return max(widths) + self.allowance if widths else None


@dataclass(frozen=True, kw_only=True)
class PairedRounds(Contrast):
    """Both candidates ran in the same rounds, or in the same passes of a restart: noise that they share cancels."""

    groups: Groups
    numbers: tuple[int, ...] = ()
    """Of the restarts in the run, ascending; 1, 2 and so on where nothing is given."""

    def __post_init__(self) -> None:
        """Numbers restarts that have no number."""
        if not self.numbers:
            object.__setattr__(self, "numbers", tuple(range(1, len(self.groups) + 1)))

    @property
    def rounds(self) -> int:
        """Clean rounds."""
        return sum(map(len, self.groups))

    @property
    def restarts(self) -> int:
        """Restarts with clean rounds."""
        return len(self.groups)

    @property
    def fewest(self) -> int:
        """Clean rounds of the restart that has fewest."""
        return min(map(len, self.groups))

    @property
    def most(self) -> int:
        """Clean rounds of the restart that has most."""
        return max(map(len, self.groups))

    @property
    def mean(self) -> float:
        """Mean logarithm of the ratio over rounds."""
        return _mean(_flat(self.groups))

    @property
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest logarithm that any round shows."""
        values = _flat(self.groups)
        return min(values), max(values)

    @property
    def restart_means(self) -> tuple[float, ...]:
        """The mean logarithm of each restart."""
        return tuple(map(_mean, self.groups))

    def first(self, restarts: int) -> Self:
        """The same after that many restarts."""
        return replace(self, groups=self.groups[:restarts], numbers=self.numbers[:restarts])

    def at(self, numbers: Collection[int]) -> Groups:
        """The groups of those restarts alone."""
        return tuple(group for group, number in zip(self.groups, self.numbers, strict=True) if number in numbers)

    def estimates(self) -> dict[Basis, Estimate]:
        """Student's t over rounds (df n - 1) and over restart means (df E - 1)."""
        found: dict[Basis, Estimate] = {}
        if self.rounds > 1:
            found["rounds"] = estimate(_flat(self.groups))
        if self.restarts > 1:
            found["restarts"] = estimate(self.restart_means)
        return found


@dataclass(frozen=True, kw_only=True)
class SeparateRounds(Contrast):
    """The candidates never ran side by side: their own log-throughputs, compared by Welch's t."""

    groups_a: Groups
    groups_b: Groups

    @property
    def rounds(self) -> int:
        """Clean rounds of the candidate that has fewer."""
        return min(sum(map(len, self.groups_a)), sum(map(len, self.groups_b)))

    @property
    def restarts(self) -> int:
        """Restarts of the candidate that has fewer."""
        return min(len(self.groups_a), len(self.groups_b))

    @property
    def fewest(self) -> int:
        """Clean rounds of the restart that has fewest."""
        return min(map(len, (*self.groups_a, *self.groups_b)))

    @property
    def most(self) -> int:
        """Clean rounds of the restart that has most."""
        return max(map(len, (*self.groups_a, *self.groups_b)))

    @property
    def mean(self) -> float:
        """Difference of the mean log-throughputs over rounds."""
        return _mean(_flat(self.groups_a)) - _mean(_flat(self.groups_b))

    @property
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest ratio of any round of one to any round of the other."""
        a, b = _flat(self.groups_a), _flat(self.groups_b)
        return min(a) - max(b), max(a) - min(b)

    def first(self, restarts: int) -> Self:
        """The same after that many restarts of each."""
        return replace(self, groups_a=self.groups_a[:restarts], groups_b=self.groups_b[:restarts])

    def estimates(self) -> dict[Basis, Estimate]:
        """Welch's t over rounds and over restart means."""
        found: dict[Basis, Estimate] = {}
        if self.rounds > 1:
            found["rounds"] = estimate_difference(_flat(self.groups_a), _flat(self.groups_b))
        if self.restarts > 1:
            a, b = (tuple(map(_mean, groups)) for groups in (self.groups_a, self.groups_b))
            found["restarts"] = estimate_difference(a, b)
        return found


def _flat(groups: Groups) -> tuple[float, ...]:
    return tuple(value for group in groups for value in group)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
