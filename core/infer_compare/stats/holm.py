"""Holm's adjustment of p-values for a family of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the adjusted p-values, in the order given (Holm 1979, Scand. J. Statist. 6:65).

    The i-th smallest of m is multiplied by m - i + 1, made no smaller than the one before it, and capped at 1.
    Rejecting those at or below alpha keeps the chance of any false rejection in the family at or below alpha.

    Raises:
        ValueError: a value is outside [0, 1].
    """
    if not all(0 <= value <= 1 for value in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)
