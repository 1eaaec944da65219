"""The difference of two quantities that were measured separately, each by several processes with several values.

Welch's t over the means of the processes (Welch 1947, Biometrika 34:28), with Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare.stats.student import Estimate, Interval, estimate_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

Unit = Literal["restarts", "slices"]
"""The basis of an interval: the means of groups, or single values."""

FEWEST_GROUPS = 2
"""The fewest groups that show how groups differ."""


class UnpairedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`mean(a) - mean(b)`, in which all groups have the same weight."""

    mean: float
    by_unit: dict[Unit, Estimate]
    """Estimates of the error from the means of groups, and from single values as if groups did not differ. The latter is a lower limit,
    as the means of two or three groups may agree by chance."""

    def unit(self, confidence: float) -> Unit:
        """Return the unit with the wider interval, which is the one that counts."""
        return max(self.by_unit, key=lambda unit: self.by_unit[unit].half_width(confidence))

    def interval(self, confidence: float, allowance: float = 0.0) -> Interval:
        """Return the wider t interval around the mean, widened by a possible bias of `allowance` to either side."""
        widest = self.by_unit[self.unit(confidence)]
        half = widest.half_width(confidence) + allowance
        return Interval(mean=self.mean, low=self.mean - half, high=self.mean + half, half_width=half, df=widest.df)

    def p_beyond(self, distance: float) -> float:
        """Return the two-sided p-value of "the difference is within `distance` of 0": the larger of the two units.

        It is at most 0.05 if the 95 % interval is beyond `distance` on one side.
        """
        centred = [msgspec.structs.replace(estimate, mean=self.mean) for estimate in self.by_unit.values()]
        return max(estimate.p_value(distance) for estimate in centred)


def unpaired_difference(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> UnpairedDifference:
    """Return the difference of the means of two independent sets of groups.

    Args:
        a: the values of each group, none of them empty; usually logarithms.
        b: the same.

    Raises:
        ValueError: a set has fewer than two groups.
    """
    if min(len(a), len(b)) < FEWEST_GROUPS:
        raise ValueError("a difference with an error needs two groups or more on both sides")
    by_groups = estimate_difference(_means(a), _means(b))
    by_values = estimate_difference(_flat(a), _flat(b))
    return UnpairedDifference(mean=by_groups.mean, by_unit={"restarts": by_groups, "slices": by_values})


def mean_of_means(groups: Sequence[Sequence[float]]) -> float:
    """Return the mean in which all groups have the same weight.

    Raises:
        ZeroDivisionError: there is no group, or a group is empty.
    """
    means = _means(groups)
    return fsum(means) / len(means)


def _means(groups: Sequence[Sequence[float]]) -> list[float]:
    return [fsum(group) / len(group) for group in groups]


def _flat(groups: Sequence[Sequence[float]]) -> list[float]:
    return [value for group in groups for value in group]
