"""The difference of two quantities that were measured apart, each by several processes with several values.

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
"""What an interval rests on: the means of groups, or the single values in them."""

FEWEST_GROUPS = 2
"""One group shows nothing of how groups differ."""


class UnpairedDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`mean(a) - mean(b)`, every group of each with the same weight."""

    mean: float
    by_unit: dict[Unit, Estimate]
    """Its error by the means of groups, and by single values as if groups did not differ. The second is a floor: the
    means of two or three groups may lie close together by chance."""

    def unit(self, confidence: float) -> Unit:
        """Return the one with the wider interval, which is the one that counts."""
        return max(self.by_unit, key=lambda unit: self.by_unit[unit].half_width(confidence))

    def interval(self, confidence: float, allowance: float = 0.0) -> Interval:
        """Return the wider t interval around the mean, widened by a possible bias of `allowance` to either side."""
        widest = self.by_unit[self.unit(confidence)]
        half = widest.half_width(confidence) + allowance
        return Interval(mean=self.mean, low=self.mean - half, high=self.mean + half, half_width=half, df=widest.df)

    def p_beyond(self, distance: float) -> float:
        """Return the two-sided p-value of "the difference lies within `distance` of 0": the larger of the two units'.

        At or below 0.05 it says what an interval of 95 % says that lies beyond `distance` to one side.
        """
        centred = [msgspec.structs.replace(estimate, mean=self.mean) for estimate in self.by_unit.values()]
        return max(estimate.p_value(distance) for estimate in centred)


def unpaired_difference(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> UnpairedDifference:
    """Return the difference of the means of two sets of groups that have nothing in common.

    Args:
        a: the values of each group, none of them empty; in the unit of the answer, mostly logarithms.
        b: the same.

    Raises:
        ValueError: fewer than two groups on a side.
    """
    if min(len(a), len(b)) < FEWEST_GROUPS:
        raise ValueError("a difference with an error needs two groups or more on both sides")
    by_groups = estimate_difference(_means(a), _means(b))
    by_values = estimate_difference(_flat(a), _flat(b))
    return UnpairedDifference(mean=by_groups.mean, by_unit={"restarts": by_groups, "slices": by_values})


def mean_of_means(groups: Sequence[Sequence[float]]) -> float:
    """Return the mean in which every group has the same weight.

    Raises:
        ZeroDivisionError: no group, or an empty one.
    """
    means = _means(groups)
    return fsum(means) / len(means)


def _means(groups: Sequence[Sequence[float]]) -> list[float]:
    return [fsum(group) / len(group) for group in groups]


def _flat(groups: Sequence[Sequence[float]]) -> list[float]:
    return [value for group in groups for value in group]
