"""Finds the slice of an output with the largest difference relative to the allowed difference."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.models.slices import groups

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.models.slices import Pair, Slices

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

FLOOR_SEEN = 4.0
"""The floor of the allowed difference of a slice: this many times the noise of the pair,"""
FLOOR_EPS = 16.0
"""at least this many roundings,"""
FLOOR_CAP = 0.1
"""and at most this share of the tolerance, each times the largest value of the tensor."""
POWER = 4.0
"""A slice proves something if wrongly paired rows would exceed the allowed difference by this factor."""
BLIND = 0.25
"""Share of similar slices without proof from which a comparison is inconclusive, such as scores beside boxes."""


class Blind(NamedTuple):
    """A group of similar slices along an axis that prove nothing, beside others that do."""

    axis: int
    first: int
    """The index of the first slice."""
    slices: int
    """The number of slices."""


class Worst:
    """The slice with the largest ratio of difference to allowed difference, and what the slices prove."""

    def __init__(self, pair: Pair, rtol: float, epsilon: float, *, coarse: bool) -> None:
        """Go through the axes."""
        self.used, self.difference, self.allowed, self.variation = 0.0, 0.0, 0.0, 0.0
        self.axis: int | None = None
        self.index = 0
        self.shown = 1.0
        """Least share of slices along any axis that prove something; -1 if no slice depends on the inputs."""
        self.blind: Blind | None = None
        self._pair, self._rtol, self._coarse = pair, rtol, coarse
        self._floor = pair.scale * min(max(FLOOR_SEEN * pair.noise, FLOOR_EPS * epsilon), FLOOR_CAP * rtol)
        for number, slices in enumerate(pair.axes):
            self._see(slices, first=number == 0)

    def _see(self, slices: Slices, *, first: bool) -> None:
        import numpy as np

        allowed = self._allowed(slices)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            used = np.where(slices.difference > 0, slices.difference / allowed, 0.0)
        used = np.nan_to_num(used, posinf=sys.float_info.max)
        index = int(used.argmax())
        if first or used[index] > self.used:
            self.used, self.axis, self.index = float(used[index]), slices.axis, index
            self.difference, self.allowed = float(slices.difference[index]), float(allowed[index])
            self.variation = float(slices.variation[index]) if self._pair.has_rows else 0.0
        moving = slices.live & (slices.variation > 0) & (slices.wrong > 0)
        shows = moving & (self._small_errors(slices) if self._coarse else slices.wrong >= POWER * allowed)
        weight = float(slices.size[moving].sum())
        self.shown = min(self.shown, float(slices.size[shows].sum()) / weight if weight > 0 else -1.0)
        if not self._coarse and self.blind is None and slices.axis is not None and shows.any():
            self.blind = _blind(slices, slices.axis, moving, shows)

    def _allowed(self, slices: Slices) -> Floats:
        import numpy as np

        if self._coarse:
            member = groups(slices.size)
            size = np.array(
                [
                    max(slices.size[member == group].max(), slices.variation[member == group].max())
                    for group in range(member.max() + 1)
                ]
            )
            return np.asarray(self._rtol * np.maximum(size[member], 1e-300))
        allowed = np.maximum(self._rtol * slices.variation, self._floor)
        if not self._pair.has_rows:
            return allowed
        # If wrongly paired rows would pass, only differences beyond all rounding count.
        return np.where(
            slices.wrong >= POWER * allowed,
            allowed,
            np.maximum(self._rtol * slices.variation, FLOOR_CAP * self._rtol * self._pair.scale),
        )

    def _small_errors(self, slices: Slices) -> Mask:
        """Return which slices are in a group with errors that are small against the influence of the inputs."""
        import numpy as np

        member = groups(slices.size)
        error, moved = (
            np.array([square[member == group].mean() for group in range(member.max() + 1)])[member]
            for square in (slices.error_square, slices.variation_square)
        )
        return np.asarray(np.sqrt(error) <= min(0.5, 5 * self._rtol) * np.sqrt(moved))


def _blind(slices: Slices, axis: int, moving: Mask, shows: Mask) -> Blind | None:
    """Return a group of slices that prove nothing beside others that do; None if there is none."""
    import numpy as np

    member = groups(slices.size)
    for group in range(member.max() + 1):
        mine = moving & (member == group)
        if mine.any() and not (shows & mine).any() and mine.sum() >= BLIND * moving.sum():
            return Blind(axis, int(np.flatnonzero(mine)[0]), int(mine.sum()))
    return None
