"""Means of ratios."""

from __future__ import annotations

from math import exp, fsum, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def geometric_mean(ratios: Sequence[float]) -> float:
    """`exp(mean(log x))`: the mean under which a ratio and its inverse cancel (Fleming and Wallace 1986, CACM 29:218).

    Raises:
        ValueError: no ratio, or one that is not above 0.
    """
    if not ratios or not all(value > 0 for value in ratios):
        raise ValueError("a geometric mean needs one ratio or more, all above 0")
    return exp(fsum(log(value) for value in ratios) / len(ratios))
