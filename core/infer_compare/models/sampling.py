"""Samples large outputs: the rule for slices sees a sample of the positions, a coarser rule sees all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

MOST_VALUES = 250_000
"""The most values of one output for the rule for slices."""
FEWEST = 16
"""The fewest positions that an axis keeps."""
CHUNK = 1 << 20


def sampled(array: Array) -> tuple[Array, list[NDArray[Any] | None]]:
    """Return a sample of at most about `MOST_VALUES` values, and for each axis the positions in the sample.

    The longest axes are thinned evenly, including their ends, where padding shows; axis 0, the rows, is kept.
    """
    import numpy as np

    kept: list[NDArray[Any] | None] = [None] * array.ndim
    while array.size > MOST_VALUES:
        axis = max(range(1, array.ndim), key=lambda axis: array.shape[axis], default=0)
        length = array.shape[axis] if axis else 0
        if length <= FEWEST:
            break
        wanted = max(FEWEST, min(length - 1, int(length * MOST_VALUES / array.size)))
        places = np.unique(np.linspace(0, length - 1, wanted).round().astype(np.intp))
        held = kept[axis]
        kept[axis] = places if held is None else held[places]
        array = np.take(array, places, axis=axis)
    return array, kept


def thinned(array: Array, kept: list[NDArray[Any] | None]) -> Array:
    """Return the same positions of another array."""
    for axis, places in enumerate(kept):
        if places is not None:
            array = array.take(places, axis=axis)
    return array


def chunks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Yield corresponding pieces of arrays of one shape, at least in single precision."""
    import numpy as np

    kind = np.float64 if any(array.dtype.itemsize > 4 for array in arrays) else np.float32
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, CHUNK):
        yield tuple(array[start : start + CHUNK].astype(kind, copy=False) for array in flat)


def whole(reference: Array, candidate: Array) -> tuple[float, float, bool]:
    """Return the largest difference, the largest value, and whether NaN and infinity are at the same positions; values at
    which `reference` is not finite are ignored in the first two.
    """
    import numpy as np

    difference = scale = 0.0
    alike = True
    for base, other in chunks(reference, candidate):
        finite = np.isfinite(base)
        alike = alike and bool(np.array_equal(finite, np.isfinite(other)))
        with np.errstate(invalid="ignore", over="ignore"):
            difference = max(difference, float(np.max(np.abs(base - other), where=finite, initial=0.0)))
        scale = max(scale, float(np.max(np.abs(base), where=finite, initial=0.0)))
    return difference, scale, alike
