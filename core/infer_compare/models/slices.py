"""What two outputs are slice by slice: along every axis but that of the rows, how far they are apart, how large they
are, and how far the inputs move them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

USUAL = 0.01
"""Slices of at least this share of the largest value tell the noise of a pair."""
GROUP_GAP = 30.0
"""Sorted by size, slices are of another group where the next one is this many times larger."""


class Slices(NamedTuple):
    """The slices along one axis; every array has one entry per index."""

    axis: int | None
    """None for the whole tensor as one slice."""
    difference: Floats
    """Largest difference."""
    size: Floats
    """Largest absolute value of the reference."""
    variation: Floats
    """Largest distance of the reference from its mean over the rows."""
    wrong: Floats
    """Largest difference of any two rows: the error that wrongly paired rows would make."""
    live: Mask
    """Whether there is any value that is not extreme."""
    error_square: Floats
    """Mean square of the differences."""
    variation_square: Floats
    """Mean square of the distances from the mean over the rows."""


class Pair(NamedTuple):
    """Two outputs with everything that the rule asks of them."""

    difference: Floats
    """Absolute, of shape [rows, ...]; 0 where the reference is extreme."""
    scale: float
    """Largest absolute value of the reference."""
    has_rows: bool
    """Whether there are rows to see what the inputs do."""
    noise: float
    """The usual difference, relative to `scale`."""
    axes: tuple[Slices, ...]


def pair(reference: Floats, candidate: Floats, live: Mask, rows: Floats, alive: Mask) -> Pair:
    """Return the slices of two outputs.

    Args:
        reference: of shape [rows, ...].
        candidate: of the same shape.
        live: where the reference is not extreme.
        rows: rows that show what the inputs do: the reference itself, or others of its shape.
        alive: where these are not extreme.
    """
    import numpy as np

    difference = np.zeros_like(reference)
    np.subtract(reference, candidate, out=difference, where=live)
    np.abs(difference, out=difference)
    size = np.abs(reference, where=live, out=np.zeros_like(reference))
    scale = float(size.max())
    has_rows = len(rows) > 1
    counted = np.maximum(alive.sum(axis=0), 1)
    mean = np.sum(rows, axis=0, where=alive) / counted
    variation = np.abs(rows - mean, where=alive, out=np.zeros_like(rows)) if has_rows else size
    if has_rows:
        top = np.max(rows, axis=0, where=alive, initial=-np.inf)
        low = np.min(rows, axis=0, where=alive, initial=np.inf)
        wrong = np.where(alive.any(axis=0), top - low, 0.0)
    else:
        wrong = np.zeros(reference.shape[1:])
    # Rows are folded first: what is left is as large as one row.
    folded = (
        difference.max(axis=0),
        size.max(axis=0),
        variation.max(axis=0),
        wrong,
        live.any(axis=0),
        np.square(difference).sum(axis=0),
        live.sum(axis=0),
        np.square(variation).sum(axis=0),
        alive.sum(axis=0) if has_rows else live.sum(axis=0),
    )
    axes: list[int | None] = [axis for axis in range(1, reference.ndim) if reference.shape[axis] > 1]
    slices = tuple(_along(axis, folded) for axis in axes or [None])
    return Pair(difference, scale, has_rows, _noise(slices, difference, scale), slices)


def _along(axis: int | None, folded: tuple[Any, ...]) -> Slices:
    import numpy as np

    others = None if axis is None else tuple(k for k in range(folded[0].ndim) if k != axis - 1)

    def fold(array: Any, how: Any) -> Any:  # noqa: ANN401 - arrays of floats and of booleans
        return np.atleast_1d(how(array, axis=others))

    difference, size, variation, wrong, live, error, errors, moved, moves = folded
    return Slices(
        axis=axis,
        difference=fold(difference, np.max),
        size=fold(size, np.max),
        variation=fold(variation, np.max),
        wrong=fold(wrong, np.max),
        live=fold(live, np.any),
        error_square=fold(error, np.sum) / np.maximum(fold(errors, np.sum), 1),
        variation_square=fold(moved, np.sum) / np.maximum(fold(moves, np.sum), 1),
    )


def _noise(axes: tuple[Slices, ...], difference: Floats, scale: float) -> float:
    """Return the difference of usual slices, on the axis where it is least, relative to the scale."""
    import numpy as np

    if not scale:
        return 0.0
    if axes[0].axis is None:
        return float(np.median(difference)) / scale
    return min(float(np.median(one.difference[one.size >= USUAL * scale])) for one in axes) / scale


def groups(sizes: Floats) -> NDArray[np.intp]:
    """Return for each slice the number of its group: those of one order of size."""
    import numpy as np

    order = np.argsort(sizes)
    ordered = np.maximum(sizes[order], 1e-300)
    parted = (ordered[1:] > GROUP_GAP * ordered[:-1]) & (sizes[order][:-1] > 0)
    found = np.empty(len(sizes), np.intp)
    found[order] = np.concatenate([[0], np.cumsum(parted)])
    return found
