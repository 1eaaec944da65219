"""The contrast of two candidates: logarithms of throughput ratios from clean rounds, grouped by restart."""

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
"""The basis of an interval's variance: rounds, restart means, or restart means pooled over points of the run."""


@dataclass(frozen=True, kw_only=True)
class Contrast(ABC):
    """The clean rounds of candidates A and B; positive logarithms are in favour of A.

    Attributes:
        allowance: possible effect of accepted contention, in the log domain: threads x mean wait share.
        rejected: share of all slices of both candidates that the gate rejected.
        culprit: the foreign process that took most processor time during a rejected slice; empty without one.
    """

    allowance: float = 0.0
    rejected: float = 0.0
    culprit: str = ""

    @property
    @abstractmethod
    def rounds(self) -> int:
        """Number of clean rounds."""

    @property
    @abstractmethod
    def restarts(self) -> int:
        """Number of restarts with clean rounds."""

    @property
    @abstractmethod
    def fewest(self) -> int:
        """The smallest number of clean rounds of any restart."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean logarithm of the ratio over rounds."""

    @property
    @abstractmethod
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest logarithm of any round."""

    @property
    @abstractmethod
    def most(self) -> int:
        """The largest number of clean rounds of any restart."""

    @abstractmethod
    def first(self, restarts: int) -> Self:
        """Return the contrast of the first restarts alone."""

    @abstractmethod
    def estimates(self) -> dict[Basis, Estimate]:
        """Return the mean with its error, over rounds and over restart means; each needs at least two of them."""

    def half_width(self, confidence: float) -> float | None:
        """Return half of the wider t interval, over rounds or restart means, plus the allowance; None without an interval."""
        widths = [basis_estimate.half_width(confidence) for basis_estimate in self.estimates().values()]
        return max(widths) + self.allowance if widths else None


@dataclass(frozen=True, kw_only=True)
class PairedRounds(Contrast):
    """The contrast of candidates that ran in the same rounds, or the same passes of a restart: shared noise cancels."""

    groups: Groups
    numbers: tuple[int, ...] = ()
    """Numbers of the restarts in the run, ascending; 1, 2 and so on by default."""

    def __post_init__(self) -> None:
        """Fill in the default numbers of restarts."""
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
        """Return the contrast of the first restarts alone."""
        return replace(self, groups=self.groups[:restarts], numbers=self.numbers[:restarts])

    def at(self, numbers: Collection[int]) -> Groups:
        """Return the groups of the restarts with some numbers."""
        return tuple(group for group, number in zip(self.groups, self.numbers, strict=True) if number in numbers)

    def estimates(self) -> dict[Basis, Estimate]:
        """Return Student's t estimates over rounds (df n - 1) and over restart means (df E - 1)."""
        by_basis: dict[Basis, Estimate] = {}
        if self.rounds > 1:
            by_basis["rounds"] = estimate(_flat(self.groups))
        if self.restarts > 1:
            by_basis["restarts"] = estimate(self.restart_means)
        return by_basis


@dataclass(frozen=True, kw_only=True)
class SeparateRounds(Contrast):
    """The contrast of candidates that never ran in the same restarts: their log-throughputs are compared by Welch's t."""

    groups_a: Groups
    groups_b: Groups

    @property
    def rounds(self) -> int:
        """Number of clean rounds of the candidate with fewer."""
        return min(sum(map(len, self.groups_a)), sum(map(len, self.groups_b)))

    @property
    def restarts(self) -> int:
        """Number of restarts of the candidate with fewer."""
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
        """The smallest and the largest logarithm of the ratio between any round of A and any round of B."""
        a, b = _flat(self.groups_a), _flat(self.groups_b)
        return min(a) - max(b), max(a) - min(b)

    def first(self, restarts: int) -> Self:
        """Return the contrast of the first restarts of each alone."""
        return replace(self, groups_a=self.groups_a[:restarts], groups_b=self.groups_b[:restarts])

    def estimates(self) -> dict[Basis, Estimate]:
        """Return Welch's t estimates over rounds and over restart means."""
        by_basis: dict[Basis, Estimate] = {}
        if self.rounds > 1:
            by_basis["rounds"] = estimate_difference(_flat(self.groups_a), _flat(self.groups_b))
        if self.restarts > 1:
            a, b = (tuple(map(_mean, groups)) for groups in (self.groups_a, self.groups_b))
            by_basis["restarts"] = estimate_difference(a, b)
        return by_basis


def _flat(groups: Groups) -> tuple[float, ...]:
    return tuple(value for group in groups for value in group)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
