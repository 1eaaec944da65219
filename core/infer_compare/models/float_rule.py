"""The rule for one floating output: differences are held, slice by slice, against what the inputs do to the slice."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from infer_compare.models.extremes import extremes, unlike
from infer_compare.models.precision import COARSE
from infer_compare.models.slices import groups, pair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.models.slices import Pair, Slices

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

FLOOR_SEEN = 4.0
"""The floor of a slice: so many times the noise that this pair shows,"""
FLOOR_EPS = 16.0
"""at least so many roundings,"""
FLOOR_CAP = 0.1
"""and at most this share of the tolerance, each times the largest value of the tensor."""
POWER = 4.0
"""A slice shows something where wrongly paired rows would miss what is allowed by this factor."""
SHOWN = 0.5
"""The share of the slices along an axis, by their size, that must show something."""
BLIND = 0.25
"""From this share on, slices of one size that show nothing make a comparison inconclusive: scores beside boxes."""
LOST_ROW = 0.25
"""Squared: a row at half the distance from another row of the reference than from its own is lost."""

Verdict = Literal["agrees", "differs", "inconclusive", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What comparing one output gave."""

    verdict: Verdict
    """`constant`: alike, and the same for all inputs, which shows nothing."""
    reason: str = ""
    """How it differs or why it shows nothing, as the end of a sentence that the output begins."""
    used: float = 0.0
    """The worst difference over what is allowed there."""
    difference: float = 0.0
    """The largest one."""
    scale: float = 0.0
    """The largest value of the reference, extreme values apart."""
    axis: int | None = None
    """Of the worst slice; None where the tensor is one slice."""
    index: int | None = None
    allowed: float | None = None
    variation: float | None = None
    shown: float | None = None
    """Share of the slices, by size, that show something."""
    extreme: int = 0
    """Number of extreme values, which were compared apart."""
    top1: float | None = None
    hint: bool = False
    """Whether other inputs or weights would show more."""


def compare_floats(
    reference: Floats, candidate: Floats, *, rtol: float, epsilon: float, others: Floats | None = None, ranks: bool
) -> Finding:
    """Return what comparing one output gave.

    Args:
        reference: of shape [rows, ...], not empty.
        candidate: of the same shape.
        rtol: the largest difference allowed, relative to how far the inputs move a slice.
        epsilon: the relative size of one rounding.
        others: further rows of the reference, where it has only one.
        ranks: whether the largest entry along the last axis means something.
    """
    import numpy as np

    missing, lost = np.isnan(reference), np.isnan(candidate)
    if missing.any() or lost.any():
        if np.array_equal(missing, lost):
            return Finding(verdict="inconclusive", reason="holds NaN", used=0.0)
        return _apart("holds NaN" if not missing.any() else "holds NaN at other places")
    coarse = rtol >= COARSE
    extreme = extremes(reference)
    many = int(extreme.sum())
    if words := unlike(reference, candidate, extreme, rtol=rtol, coarse=coarse):
        return _apart(words, extreme=many)
    live = ~extreme
    if not live.any():
        return Finding(verdict="constant", reason="holds nothing but extreme values", extreme=many)
    rows = reference if others is None else others
    alive = live if others is None else ~extremes(others)
    # Largest first, so that nothing overflows in squares and sums.
    factor = _shrink(reference, candidate, rows, live, alive)
    found = pair(reference * factor, candidate * factor, live, rows * factor, alive)
    worst = _Worst(found, rtol, epsilon, coarse=coarse)
    top1, flips = _tops(reference, candidate, live, rtol, coarse=coarse) if ranks else (None, 0)
    made = {
        "used": min(worst.used, sys.float_info.max),
        "difference": min(float(found.difference.max()) / factor, sys.float_info.max),
        "scale": found.scale / factor,
        "axis": worst.axis,
        "index": worst.index if worst.axis is not None else None,
        "allowed": worst.allowed / factor,
        "variation": worst.variation / factor,
        "shown": max(0.0, worst.shown),
        "extreme": many,
        "top1": top1,
    }

    def verdict(word: Verdict, reason: str = "", **changed: object) -> Finding:
        return Finding(verdict=word, reason=reason, **{**made, **changed})  # type: ignore[arg-type]

    beyond = max(worst.used, 1.0001)
    if worst.used > 1:
        where = "" if worst.axis is None else f" at index {worst.index} of axis {worst.axis}"
        return verdict(
            "differs",
            f"differs by {worst.difference / factor:.2g}{where}, where {made['allowed']:.2g} is allowed "
            f"(inputs move it by {made['variation']:.2g})",
        )
    if coarse and found.has_rows and others is None and (rows_lost := _lost_row(reference, candidate, live)):
        return verdict(
            "differs",
            f"has a row {rows_lost[0]} that is nearer to row {rows_lost[1]} of the reference than to its own",
            used=beyond,
        )
    if flips:
        return verdict(
            "differs", f"has another largest entry in {flips} places where it is not nearly a tie", used=beyond
        )
    if not found.has_rows:
        return verdict("inconclusive", "was seen for a single input, which shows no dependence on the inputs")
    if worst.shown < 0:
        return verdict("constant", "is the same for all inputs")
    if worst.blind is not None:
        axis, index, count = worst.blind
        return verdict(
            "inconclusive",
            f"shows nothing in {count} slices of axis {axis} (the first at index {index}), which are far smaller than "
            "the others",
            hint=True,
        )
    if worst.shown < SHOWN:
        return verdict(
            "inconclusive", f"hardly depends on the inputs in {1 - worst.shown:.0%} of its slices, by size", hint=True
        )
    return verdict("agrees")


def _apart(reason: str, *, extreme: int = 0) -> Finding:
    return Finding(verdict="differs", reason=reason, used=sys.float_info.max, extreme=extreme)


def _shrink(reference: Floats, candidate: Floats, rows: Floats, live: Mask, alive: Mask) -> float:
    """Return a power of two by which the largest values are scaled down, so that squares do not overflow; usually 1."""
    import numpy as np

    largest = max(
        float(np.max(np.abs(array), where=mask, initial=0.0))
        for array, mask in ((reference, live), (candidate, live), (rows, alive))
    )
    return 1.0 if largest < 1e150 else 2.0**-600


class _Worst:
    """The slice where a difference is largest against what is allowed, and what the slices show."""

    def __init__(self, found: Pair, rtol: float, epsilon: float, *, coarse: bool) -> None:
        """Go through the axes."""
        self.used, self.difference, self.allowed, self.variation = 0.0, 0.0, 0.0, 0.0
        self.axis: int | None = None
        self.index = 0
        self.shown = 1.0
        """Least share along any axis; -1 where no slice depends on the inputs."""
        self.blind: tuple[int | None, int, int] | None = None
        self._pair, self._rtol, self._coarse = found, rtol, coarse
        self._floor = found.scale * min(max(FLOOR_SEEN * found.noise, FLOOR_EPS * epsilon), FLOOR_CAP * rtol)
        for number, slices in enumerate(found.axes):
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
        if not self._coarse and shows.any():
            self._look_for_blind(slices, moving, shows)

    def _allowed(self, slices: Slices) -> Floats:
        import numpy as np

        if self._coarse:
            member = groups(slices.size)
            size = np.array(
                [
                    max(slices.size[member == one].max(), slices.variation[member == one].max())
                    for one in range(member.max() + 1)
                ]
            )
            return np.asarray(self._rtol * np.maximum(size[member], 1e-300))
        allowed = np.maximum(self._rtol * slices.variation, self._floor)
        if not self._pair.has_rows:
            return allowed
        # Where wrongly paired rows would pass, only what is beyond all rounding is a difference.
        return np.where(
            slices.wrong >= POWER * allowed,
            allowed,
            np.maximum(self._rtol * slices.variation, FLOOR_CAP * self._rtol * self._pair.scale),
        )

    def _small_errors(self, slices: Slices) -> Mask:
        """Return where the errors of a group are small against what the inputs do to it: low precision."""
        import numpy as np

        member = groups(slices.size)
        error, moved = (
            np.array([square[member == one].mean() for one in range(member.max() + 1)])[member]
            for square in (slices.error_square, slices.variation_square)
        )
        return np.asarray(np.sqrt(error) <= min(0.5, 5 * self._rtol) * np.sqrt(moved))

    def _look_for_blind(self, slices: Slices, moving: Mask, shows: Mask) -> None:
        """Find a group of slices that shows nothing beside others that do."""
        import numpy as np

        member = groups(slices.size)
        for one in range(member.max() + 1):
            mine = moving & (member == one)
            if self.blind is None and mine.any() and not (shows & mine).any() and mine.sum() >= BLIND * moving.sum():
                self.blind = (slices.axis, int(np.flatnonzero(mine)[0]), int(mine.sum()))


def _tops(reference: Floats, candidate: Floats, live: Mask, rtol: float, *, coarse: bool) -> tuple[float | None, int]:
    """Return the share of equal largest entries along the last axis, and how many others are no near-ties."""
    import numpy as np

    if reference.ndim < 2 or reference.shape[-1] < 2:
        return None, 0
    left, right = (np.where(live, array, -np.inf) for array in (reference, candidate))
    mine, its = left.argmax(axis=-1)[..., None], right.argmax(axis=-1)[..., None]
    share = float((mine == its).mean())
    if share == 1:
        return 1.0, 0
    best, other = np.take_along_axis(left, mine, -1), np.take_along_axis(left, its, -1)
    finite = np.isfinite(best) & np.isfinite(other)
    gap = np.subtract(best, other, where=finite, out=np.zeros_like(best))
    scale = float(np.max(np.abs(reference), where=live, initial=0.0))
    return share, int((gap > 2 * (rtol if coarse else FLOOR_CAP * rtol) * scale).sum())


def _lost_row(reference: Floats, candidate: Floats, live: Mask) -> tuple[int, int] | None:
    """Return a row of the candidate that is much nearer to another row of the reference than to its own."""
    import numpy as np

    one, other = (np.where(live, array, 0.0).reshape(len(array), -1) for array in (reference, candidate))
    far = np.maximum((other * other).sum(1)[:, None] + (one * one).sum(1)[None] - 2 * other @ one.T, 0.0)
    own = np.diag(far).copy()
    np.fill_diagonal(far, np.inf)
    nearest = far.argmin(axis=1)
    distance = far[np.arange(len(one)), nearest]
    row = int(np.argmax(own / np.maximum(distance, 1e-300)))
    apart = float(np.square(one[row] - one[nearest[row]]).sum())
    if distance[row] < LOST_ROW * own[row] and own[row] > LOST_ROW * apart:
        return row, int(nearest[row])
    return None
