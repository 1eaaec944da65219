"""The rule for floating outputs: differences are compared, slice by slice, with how far the inputs move the slice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infer_compare.models.extremes import extremes, unlike
from infer_compare.models.finding import Finding
from infer_compare.models.likeness import cosine, row_error
from infer_compare.models.precision import COARSE
from infer_compare.models.slices import pair
from infer_compare.models.worst_slice import FLOOR_CAP, Worst

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.models.finding import Verdict

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

SHOWN = 0.5
"""The share of the slices along an axis, by size, that must prove something."""
LOST_ROW = 0.25
"""Squared ratio: a row counts as lost if it is at most half as far from another row of the reference as from its own."""


def compare_floats(
    reference: Floats,
    candidate: Floats,
    *,
    rtol: float,
    epsilon: float,
    others: Floats | None = None,
    ranks: bool,
    place: Callable[[int, int], tuple[int, int]] = lambda axis, index: (axis, index),
) -> Finding:
    """Compare one floating output.

    Args:
        reference: an array of shape [rows, ...], not empty.
        candidate: an array of the same shape.
        rtol: the largest allowed difference, relative to how far the inputs move a slice.
        epsilon: the relative size of one rounding.
        others: further rows of the reference, if it has only one.
        ranks: whether the largest entry along the last axis is meaningful.
        place: returns the axis and index in the output for an axis and index here.
    """
    import numpy as np

    missing, lost = np.isnan(reference), np.isnan(candidate)
    if missing.any() or lost.any():
        if not np.array_equal(missing, lost):
            return _apart("holds NaN" if not missing.any() else "holds NaN at other places")
        if missing.all():
            return Finding(verdict="inconclusive", reason="is NaN everywhere", used=0.0, hint=True)
        # NaN at the same positions counts as an extreme value, like infinity.
        reference, candidate = (np.where(missing, np.inf, array) for array in (reference, candidate))
    if others is not None:
        others = np.where(np.isnan(others), np.inf, others)
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
    # Scale down the largest values first, to avoid overflow in squares and sums.
    factor = _shrink(reference, candidate, rows, live, alive)
    scaled = reference * factor, candidate * factor, live, rows * factor, alive
    finding = pair(*scaled)
    worst = Worst(finding, rtol, epsilon, coarse=coarse)
    top1, flips = _tops(reference, candidate, live, rtol, coarse=coarse) if ranks else (None, 0)
    axis, index = (None, None) if worst.axis is None else place(worst.axis, worst.index)
    made = {
        "used": min(worst.used, sys.float_info.max),
        "difference": min(float(finding.difference.max()) / factor, sys.float_info.max),
        "scale": finding.scale / factor,
        "axis": axis,
        "index": index,
        "allowed": worst.allowed / factor,
        "variation": worst.variation / factor,
        "shown": max(0.0, worst.shown),
        "extreme": many,
        "top1": top1,
        "cosine": cosine(*scaled[:3]),
        "row_error": row_error(*scaled),
    }

    def verdict(word: Verdict, reason: str = "", **changed: object) -> Finding:
        return Finding(verdict=word, reason=reason, **{**made, **changed})  # type: ignore[arg-type]

    beyond = max(worst.used, 1.0001)
    if worst.used > 1:
        where = "" if axis is None else f" at index {index} of axis {axis}"
        return verdict(
            "differs",
            f"differs by {worst.difference / factor:.2g}{where}, where {made['allowed']:.2g} is allowed "
            f"(inputs move it by {made['variation']:.2g})",
        )
    if coarse and finding.has_rows and others is None and (rows_lost := _lost_row(reference, candidate, live)):
        return verdict(
            "differs",
            f"has a row {rows_lost[0]} that is nearer to row {rows_lost[1]} of the reference than to its own",
            used=beyond,
        )
    if flips:
        return verdict(
            "differs", f"has another largest entry in {flips} places where it is not nearly a tie", used=beyond
        )
    if not finding.has_rows:
        return verdict("inconclusive", "was seen for a single input, which shows no dependence on the inputs")
    if worst.shown < 0:
        return verdict("constant", "is the same for all inputs")
    if worst.blind is not None:
        axis, index = place(worst.blind.axis, worst.blind.first)
        return verdict(
            "inconclusive",
            f"shows nothing in {worst.blind.slices} slices of axis {axis} (the first at index {index}), which are far "
            "smaller than the others",
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
    """Return a power of two by which the largest values are scaled down to keep squares from overflowing; usually 1."""
    import numpy as np

    largest = max(
        float(np.max(np.abs(array), where=mask, initial=0.0))
        for array, mask in ((reference, live), (candidate, live), (rows, alive))
    )
    return 1.0 if largest < 1e150 else 2.0**-600


def _tops(reference: Floats, candidate: Floats, live: Mask, rtol: float, *, coarse: bool) -> tuple[float | None, int]:
    """Return the share of equal largest entries along the last axis, and how many of the others are not near-ties."""
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
