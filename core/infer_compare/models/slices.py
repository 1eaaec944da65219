"""Statistics of two outputs slice by slice, along every axis but the rows: their differences, their magnitudes, and how far
the inputs move them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

USUAL = 0.01
"""Slices of at least this share of the largest value determine the noise of a pair."""
GROUP_GAP = 30.0
"""Ratio of magnitudes between sorted slices that separates groups."""


class Slices(NamedTuple):
    """The slices along one axis; every array has one entry per index."""

    axis: int | None
    """The axis; None for the whole tensor as one slice."""
    difference: Floats
    """Largest difference."""
    size: Floats
    """Largest absolute value of the reference."""
    variation: Floats
    """Largest distance of the reference from its mean over the rows."""
    wrong: Floats
    """Largest difference of any two rows: the error of wrongly paired rows."""
    live: Mask
    """Whether there is any value that is not extreme."""
    error_square: Floats
    """Mean square of the differences."""
    variation_square: Floats
    """Mean square of the distances from the mean over the rows."""


class Pair(NamedTuple):
    """Two outputs with the statistics that the rule needs."""

    difference: Floats
    """Absolute differences, of shape [rows, ...]; 0 where the reference is extreme."""
    scale: float
    """Largest absolute value of the reference."""
    has_rows: bool
    """Whether there are several rows, which show the influence of the inputs."""
    noise: float
    """The usual difference, relative to `scale`."""
    axes: tuple[Slices, ...]


def pair(reference: Floats, candidate: Floats, live: Mask, rows: Floats, alive: Mask) -> Pair:
    """Return the statistics of two outputs.

    Args:
        reference: an array of shape [rows, ...].
        candidate: an array of the same shape.
        live: mask of the reference's values that are not extreme.
        rows: rows that show the influence of the inputs: the reference itself, or other rows of its shape.
        alive: mask of their values that are not extreme.
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
    # Reduce over the rows first: the result is as large as one row.
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
    """Return the median difference of usual slices relative to the scale, on the axis where it is least."""
    import numpy as np

    if not scale:
        return 0.0
    if axes[0].axis is None:
        return float(np.median(difference)) / scale
    return min(float(np.median(axis.difference[axis.size >= USUAL * scale])) for axis in axes) / scale


def groups(sizes: Floats) -> NDArray[np.intp]:
    """Return for each slice the number of its group of similar magnitude."""
    import numpy as np

    order = np.argsort(sizes)
    ordered = np.maximum(sizes[order], 1e-300)
    parted = (ordered[1:] > GROUP_GAP * ordered[:-1]) & (sizes[order][:-1] > 0)
    numbers = np.empty(len(sizes), np.intp)
    numbers[order] = np.concatenate([[0], np.cumsum(parted)])
    return numbers
