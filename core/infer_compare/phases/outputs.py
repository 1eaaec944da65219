"""The output files of a contender's worker: checked when they are written, and read for comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from infer_compare.environment import memory
from infer_compare.models.agreement import sample_rows
from infer_compare.models.array_names import array_name
from infer_compare.models.arrays import BrokenArray, read_array, read_header, typed
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare.interfaces import OperatingPoint, TensorSpec
    from infer_compare.models.arrays import ArrayHeader
    from infer_compare.worker.protocol import Explore, Explored

Item = TypeVar("Item")

SINGLE_ROWS = 4
"""Number of rows that are also run alone, to check that row i of a batch equals row i by itself."""
COPIES = 16
"""The most memory that a comparison takes, as a multiple of one contender's outputs; both sides are in double precision."""


class BrokenOutput(Exception):
    """Outputs cannot be read; the text says which and why, as a clause about the contender."""


class Outputs:
    """The outputs that a worker wrote for the sampled rows of each operating point."""

    def __init__(self, folder: Path, order: Sequence[int] = (), specs: Sequence[TensorSpec] = ()) -> None:
        """Reads from the folder that the worker writes to.

        Args:
            folder: of the worker.
            order: the index of the worker's output for each output of the run; empty if the order is the same.
            specs: the run's outputs as the model declares them; empty if they are not known.
        """
        self.folder = folder
        self._order = order
        self._declared = tuple(declared_axis(spec) for spec in specs)
        self._limit = memory.available() // COPIES
        self._written: dict[tuple[OperatingPoint, int], tuple[ArrayHeader, ...]] = {}
        """Headers of the files by point and first input row of the batch."""
        self._dtypes: dict[tuple[OperatingPoint, int], tuple[str, ...]] = {}
        self._again: dict[OperatingPoint, dict[int, ArrayHeader]] = {}

    @property
    def asked_axes(self) -> tuple[int, ...]:
        """The batch axis of each of the worker's outputs, for `Explore`."""
        places = self._order or range(len(self._declared))
        axes = dict(zip(places, self._declared, strict=False))
        return tuple(-1 if (axis := axes[place]) is None else axis for place in sorted(axes))

    def axes(self) -> tuple[int | None, ...]:
        """Return the batch axis of each of the run's outputs; None for an output without one.

        If the model declares none, it is axis 0, provided that this was always as long as the batch.
        """
        batches = [
            (len(sample_rows(point.batch)), self._in_order(headers))
            for (point, first), headers in self._written.items()
            if first == 0
        ]
        count = max((len(headers) for _, headers in batches), default=0)
        axes: list[int | None] = []
        for index in range(count):
            declared = self._declared[index] if index < len(self._declared) else None
            shapes = [(rows, headers[index].shape) for rows, headers in batches if index < len(headers)]
            always = all(shape[:1] == (rows,) for rows, shape in shapes)
            axes.append(declared if declared is not None else 0 if always else None)
        return tuple(axes)

    def accept(self, request: Explore, explored: Explored) -> None:
        """Check the files that a worker reports to have written.

        Raises:
            BrokenOutput: a file is missing, incomplete, not an array of numbers, or has more rows than requested.
        """
        point, first = request.point, request.first_row
        self._written.pop((point, first), None)
        headers = []
        for index in range(len(explored.written)):
            header = self._header(point, first, index)
            axis = request.axes[index] if index < len(request.axes) else 0
            if 0 <= axis < len(header.shape) and header.shape[axis] > len(request.rows):
                raise BrokenOutput(
                    f"it wrote {header.shape[axis]} rows of output {index} for {point}, and {len(request.rows)} "
                    "were asked for"
                )
            headers.append(header)
        self._written[point, first] = tuple(headers)
        self._dtypes[point, first] = explored.dtypes
        if first == 0:
            self._again[point] = {
                index: self._header(point, first, index, again=True)
                for index in explored.again
                if 0 <= index < len(headers)
            }

    def _header(self, point: OperatingPoint, first: int, index: int, *, again: bool = False) -> ArrayHeader:
        try:
            return read_header(self._path(point, first, index, again=again))
        except BrokenArray as error:
            raise _broken(index, point, error) from error

    def misshapen(self, point: OperatingPoint, specs: Sequence[TensorSpec]) -> str:
        """Return how the outputs of a point differ in shape from the model's declaration, as a clause; empty if they do not."""
        headers = self._in_order(self._written.get((point, 0), ()))
        if not specs:
            return ""
        if len(headers) != len(specs):
            return f"{len(headers)} outputs instead of {len(specs)}"
        rows = len(sample_rows(point.batch))
        for header, spec in zip(headers, specs, strict=True):
            axis = declared_axis(spec)
            wanted = [rows if place == axis else size for place, size in enumerate(spec.shape)]
            if spec.shape and (
                len(wanted) != len(header.shape)
                or any(
                    isinstance(length, int) and length != size
                    for length, size in zip(wanted, header.shape, strict=True)
                )
            ):
                said = ", ".join(map(str, spec.shape))
                return f"output {spec.name!r} has the shape {header.shape}, and the model declares [{said}]"
        return ""

    def too_large(self, point: OperatingPoint) -> int:
        """Return the bytes of a point's outputs if they are too many for a comparison here, else 0."""
        size = sum(header.size for header in self._written.get((point, 0), ()))
        return size if size > self._limit else 0

    def of(self, point: OperatingPoint, first_row: int = 0) -> list[NDArray[Any]] | None:
        """Return the outputs of a point in the order of the run; None if it was not run or is too large to be compared.

        Raises:
            BrokenOutput: a file has changed since the worker wrote it.
        """
        headers = self._written.get((point, first_row))
        if headers is None or self.too_large(point):
            return None
        return self._in_order([self._read(point, first_row, index, header) for index, header in enumerate(headers)])

    def again(self, point: OperatingPoint) -> list[NDArray[Any]] | None:
        """Return the outputs of the same batch when it was run again; None if they were bitwise the same.

        Raises:
            BrokenOutput: see `of`.
        """
        changed = self._again.get(point)
        headers = self._written.get((point, 0))
        if not changed or headers is None or self.too_large(point):
            return None
        return self._in_order(
            [
                self._read(point, 0, index, changed.get(index, header), again=index in changed)
                for index, header in enumerate(headers)
            ]
        )

    def rows(self, point: OperatingPoint) -> list[NDArray[Any]] | None:
        """Return the outputs of the first rows of a point, each run alone, concatenated along the batch axis of each output.

        Outputs without a batch axis are stacked along a new first axis. Returns None if the rows were not run, or cannot be
        concatenated.

        Raises:
            BrokenOutput: see `of`.
        """
        import numpy as np

        alone = point.with_batch(1)
        singles = [arrays for row in range(SINGLE_ROWS) if (arrays := self.of(alone, row)) is not None]
        axes = self.axes()
        if len(singles) < SINGLE_ROWS or any(len(arrays) != len(axes) for arrays in singles):
            return None
        together: list[NDArray[Any]] = []
        for axis, arrays in zip(axes, zip(*singles, strict=True), strict=True):
            if len({(array.shape, array.dtype) for array in arrays}) > 1:
                return None
            if axis is None:
                together.append(np.stack(arrays))
            elif axis < arrays[0].ndim and arrays[0].shape[axis] == 1:
                together.append(np.concatenate(arrays, axis=axis))
            else:
                return None
        return together

    def _read(
        self, point: OperatingPoint, first: int, index: int, header: ArrayHeader, *, again: bool = False
    ) -> NDArray[Any]:
        try:
            array = read_array(self._path(point, first, index, again=again), header)
        except BrokenArray as error:
            raise _broken(index, point, error) from error
        dtypes = self._dtypes.get((point, first), ())
        return typed(array, dtypes[index] if index < len(dtypes) else "")

    def _path(self, point: OperatingPoint, first_row: int, index: int, *, again: bool = False) -> Path:
        return self.folder / array_name(index, point, first_row=first_row, again=again)

    def _in_order(self, items: Sequence[Item]) -> list[Item]:
        if items and self._order and max(self._order) < len(items):
            return [items[place] for place in self._order]
        return list(items)


def declared_axis(spec: TensorSpec) -> int | None:
    """Return the batch axis that the model declares for an output."""
    return spec.shape.index(BATCH) if BATCH in spec.shape else None


def _broken(index: int, point: OperatingPoint, error: BrokenArray) -> BrokenOutput:
    return BrokenOutput(f"it did not write output {index} for {point} as a whole array: {error}")
