"""Input batches, cut from the pool of rows that the parent wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from infer_compare.errors import InputError
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.arrays import typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from infer_compare.interfaces import TensorSpec

ROTATED = 4
"""How many different batches rotate while timing: some devices are faster with constant inputs."""

DISJOINT_BYTES = 64 * 1024 * 1024
"""If the rotating batches take no more than this together, a pool is long enough for them to share no row; else they overlap."""


def pool_rows(largest_batch: int, row_bytes: int) -> int:
    """Return how many input rows a run with the given largest batch needs."""
    disjoint = min(ROTATED * largest_batch, DISJOINT_BYTES // max(1, row_bytes))
    return max(largest_batch + ROTATED - 1, disjoint)


def mapped(paths: Sequence[str], axes: Sequence[Sequence[int]] = ()) -> list[NDArray[Any]]:
    """Return arrays that are mapped from files copy-on-write, with their axes permuted if `axes` is given."""
    import numpy as np

    arrays: list[NDArray[Any]] = [np.load(path, mmap_mode="c") for path in paths]
    if not (arrays and axes):
        return arrays
    return [array.transpose(order) if order else array for array, order in zip(arrays, axes, strict=True)]


class Pool:
    """Rows of every input, mapped from files."""

    def __init__(
        self,
        paths: Sequence[str],
        axes: Sequence[Sequence[int]] = (),
        shared: Sequence[bool] = (),
        dtypes: Sequence[str] = (),
        free: Sequence[Sequence[tuple[int, str]]] = (),
    ) -> None:
        """Maps the files; nothing is read yet.

        Args:
            paths: one `.npy` file per input, whose first axis is that of rows.
            axes: for each input, the permutation of axes to the order of the model; empty if they stay.
            shared: for each input, whether it has no batch axis, and its only row serves every batch; empty if all have one.
            dtypes: for each input, the dtype of raw bytes; empty if files state their dtypes.
            free: for each input, the axes of a row whose size varies between operating points, with their names.
        """
        self._dtypes = tuple(dtypes)
        arrays = self._typed(mapped(paths))
        none: Sequence[Sequence[int]] = [()] * len(arrays)
        shared = shared or [False] * len(arrays)
        self._inputs = list(zip(arrays, axes or none, shared, free or [()] * len(arrays), strict=True))
        self.rows = min((len(array) for array, same in zip(arrays, shared, strict=True) if not same), default=0)

    def _typed(self, arrays: Sequence[NDArray[Any]]) -> Sequence[NDArray[Any]]:
        if not self._dtypes:
            return arrays
        return [typed(array, dtype) for array, dtype in zip(arrays, self._dtypes, strict=True)]

    def views(self, rooms: Sequence[NDArray[Any]], size: int) -> list[tuple[NDArray[Any], bool]]:
        """Return views of rows outside the pool, in the layout of its batches, and whether each view is contiguous.

        Args:
            rooms: rows of each input, already cut to the sizes of the other axes.
            size: how many rows a batch has.
        """
        views = []
        for array, (_, order, same, _) in zip(self._typed(rooms), self._inputs, strict=True):
            piece = array[0] if same else array[:size]
            view = piece.transpose(order) if order else piece
            views.append((view, bool(view.flags.c_contiguous)))
        return views

    def batch(self, point: OperatingPoint, first: int = 0, *, repeat: bool = False) -> tuple[NDArray[Any], ...]:
        """Return a copy of the batch of an operating point that begins with a row.

        Args:
            point: the operating point.
            first: the first row.
            repeat: whether to continue with the first row at the end of the pool, and to repeat values within too short rows.

        Raises:
            InputError: the pool has too few rows.
        """
        import numpy as np

        size = point.batch
        rows: Any = slice(first, first + size)
        if first + size > self.rows:
            if not repeat:
                raise InputError(
                    f"A batch of {size} from row {first} needs more than the {self.rows} rows of input made."
                )
            rows = np.arange(first, first + size) % self.rows
        sizes = dict(point.axes)
        batch = []
        for array, order, same, free in self._inputs:
            # The beginning of a row of tokens, or the corner of an image, is a valid smaller input.
            cut: list[Any] = [slice(None)] * (array.ndim - 1)
            for place, name in free:
                cut[place] = slice(sizes.get(name))
            piece = array[(0 if same else rows, *cut)]
            for place, name in free if repeat else ():
                axis = place if same else place + 1
                if (wanted := sizes.get(name, 0)) > piece.shape[axis]:
                    piece = piece.take(np.arange(wanted) % piece.shape[axis], axis)
            batch.append(np.array(piece.transpose(order) if order else piece, order="C"))
        return tuple(batch)

    def named(self, point: OperatingPoint, specs: Sequence[TensorSpec]) -> OperatingPoint:
        """Return a point with the sizes of its axes also under the names in the session's inputs.

        Args:
            point: with the run's names of axes, from which those of the session's model file may differ.
            specs: the session's inputs.
        """
        sizes = dict(point.axes)
        renamed: dict[str, int] = {}
        for (_, order, same, free), spec in zip(self._inputs, specs, strict=False):
            for place, name in free:
                stored = place if same else place + 1
                axis = order.index(stored) if order else stored
                called = spec.shape[axis] if axis < len(spec.shape) else None
                if isinstance(called, str) and name in sizes:
                    renamed[called] = sizes[name]
        return OperatingPoint(point.batch, tuple(sorted((sizes | renamed).items()))) if renamed else point

    def rotation(self, point: OperatingPoint) -> list[tuple[NDArray[Any], ...]]:
        """Return up to four different batches of a point: disjoint if the pool is long enough, else overlapping."""
        size = point.batch
        stride = min(size, max(1, (self.rows - size) // (ROTATED - 1)))
        firsts = [index * stride for index in range(ROTATED) if index * stride + size <= self.rows]
        return [self.batch(point, first) for first in firsts or [0]]


class RowBatches(Sequence[tuple["NDArray[Any]", ...]]):
    """The rows of a pool in batches of one size, cut on access; the last batch is filled up with the first rows."""

    def __init__(self, pool: Pool, rows: int, batch: int) -> None:
        """Cuts nothing yet."""
        self._pool = pool
        self._point = OperatingPoint(batch)
        self._count = -(-rows // batch)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> tuple[NDArray[Any], ...]: ...

    @overload
    def __getitem__(self, index: slice) -> list[tuple[NDArray[Any], ...]]: ...

    def __getitem__(self, index: int | slice) -> tuple[NDArray[Any], ...] | list[tuple[NDArray[Any], ...]]:
        places = range(self._count)[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        return self._pool.batch(self._point, places * self._point.batch, repeat=True)
