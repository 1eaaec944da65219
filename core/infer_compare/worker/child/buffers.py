"""Input batches cut from the pool of rows that the parent wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROTATED = 4
"""How many different batches rotate while timing: constant inputs flatter some devices."""

DISJOINT_BYTES = 64 * 1024 * 1024
"""Pools are made so long that buffers up to this size in all share no row; longer ones overlap, shifted."""


def pool_rows(largest_batch: int, row_bytes: int) -> int:
    """How many rows of input a run needs whose largest batch is given."""
    disjoint = min(ROTATED * largest_batch, DISJOINT_BYTES // max(1, row_bytes))
    return max(largest_batch + ROTATED - 1, disjoint)


def mapped(paths: Sequence[str], axes: Sequence[Sequence[int]] = ()) -> list[NDArray[Any]]:
    """Arrays mapped from files, with their axes in another order where one is given. What is written stays private."""
    import numpy as np

    arrays: list[NDArray[Any]] = [np.load(path, mmap_mode="c") for path in paths]
    if not (arrays and axes):
        return arrays
    return [array.transpose(order) if order else array for array, order in zip(arrays, axes, strict=True)]


class Pool:
    """Rows of every input, mapped from files."""

    def __init__(self, paths: Sequence[str], axes: Sequence[Sequence[int]] = ()) -> None:
        """Maps the files; nothing is read yet.

        Args:
            paths: one `.npy` file per input.
            axes: for each, its axes in the order in which the model takes them; empty as they are.
        """
        self._arrays = mapped(paths, axes)
        self.rows = min(len(array) for array in self._arrays)

    def batch(self, size: int, first: int = 0, *, repeat: bool = False) -> tuple[NDArray[Any], ...]:
        """Rows `first` to `first + size`, in memory of their own.

        Args:
            size: the batch size.
            first: the first row.
            repeat: begin again at the first row where the pool ends.

        Raises:
            InputError: there are not so many rows.
        """
        import numpy as np

        if first + size > self.rows and repeat:
            rows = np.arange(first, first + size) % self.rows
            return tuple(np.ascontiguousarray(array[rows]) for array in self._arrays)
        if first + size > self.rows:
            raise InputError(f"A batch of {size} from row {first} needs more than the {self.rows} rows of input made.")
        return tuple(np.array(array[first : first + size], order="C") for array in self._arrays)

    def rotation(self, size: int) -> list[tuple[NDArray[Any], ...]]:
        """Four different batches of a size: disjoint where the pool is long enough, shifted where it is not."""
        stride = min(size, max(1, (self.rows - size) // (ROTATED - 1)))
        firsts = [index * stride for index in range(ROTATED) if index * stride + size <= self.rows]
        return [self.batch(size, first) for first in firsts or [0]]
