"""What a contender's worker wrote of its outputs: looked at when it says so, and read when it is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from infer_compare.environment import memory
from infer_compare.models.arrays import BrokenArray, read_array, read_header
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare.interfaces import TensorSpec
    from infer_compare.models.arrays import ArrayHeader
    from infer_compare.worker.protocol import Explore, Explored

Item = TypeVar("Item")

SINGLE_ROWS = 4
"""Rows that are also run alone, to see that row i of a batch equals row i by itself."""
COPIES = 16
"""Comparing takes so many times the memory of one contender's outputs at most, both sides in double precision."""


class BrokenOutput(Exception):
    """Outputs that cannot be read; the text says which and why, as a clause about the contender."""


class Outputs:
    """The outputs that a worker wrote for the sampled rows of each batch size."""

    def __init__(self, folder: Path, order: Sequence[int] = ()) -> None:
        """Reads from the folder that the worker writes to.

        Args:
            folder: of the worker.
            order: for each of the run's outputs the place of the worker's; empty where they are in the same order.
        """
        self.folder = folder
        self._order = order
        self._limit = memory.available() // COPIES
        self._written: dict[tuple[int, int], tuple[ArrayHeader, ...]] = {}

    def accept(self, request: Explore, explored: Explored) -> None:
        """Look at the files that a worker says it has written.

        Raises:
            BrokenOutput: one is missing, incomplete, no array of numbers, or has more rows than were asked for.
        """
        batch, first = request.point.batch, request.first_row
        self._written.pop((batch, first), None)
        headers = []
        for index in range(len(explored.written)):
            try:
                header = read_header(self._path(batch, first, index))
            except BrokenArray as error:
                raise _broken(index, batch, error) from error
            if header.shape and header.shape[0] > len(request.rows):
                raise BrokenOutput(
                    f"it wrote {header.shape[0]} rows of output {index} for batch {batch}, and {len(request.rows)} were "
                    "asked for"
                )
            headers.append(header)
        self._written[batch, first] = tuple(headers)

    def fits(self, batch: int, rows: int, specs: Sequence[TensorSpec]) -> bool:
        """Return whether the outputs of a batch are as many, and have as many rows, as the model says."""
        found = self._in_order(self._written.get((batch, 0), ()))
        if not specs:
            return bool(found)
        return len(found) == len(specs) and all(
            one.shape[:1] == (rows,) for one, spec in zip(found, specs, strict=True) if spec.shape[:1] == (BATCH,)
        )

    def too_large(self, batch: int) -> int:
        """Return the bytes of a batch's outputs where they are too many to be compared here, else 0."""
        size = sum(one.size for one in self._written.get((batch, 0), ()))
        return size if size > self._limit else 0

    def of(self, batch: int, first_row: int = 0) -> list[NDArray[Any]] | None:
        """Return the outputs in their order, or None where that batch was not run or is too large to be compared.

        Raises:
            BrokenOutput: a file is not what it was when the worker had written it.
        """
        headers = self._written.get((batch, first_row))
        if headers is None or self.too_large(batch):
            return None
        found: list[NDArray[Any]] = []
        for index, header in enumerate(headers):
            try:
                found.append(read_array(self._path(batch, first_row, index), header))
            except BrokenArray as error:
                raise _broken(index, batch, error) from error
        return self._in_order(found)

    def rows(self) -> list[NDArray[Any]] | None:
        """Return the first rows, each run alone, put together per output; None where they were not run.

        Raises:
            BrokenOutput: see `of`.
        """
        import numpy as np

        singles = [one for row in range(SINGLE_ROWS) if (one := self.of(1, row)) is not None]
        if len(singles) < SINGLE_ROWS or any(array.ndim == 0 for one in singles for array in one):
            return None
        if len({tuple((array.shape[1:], array.dtype) for array in one) for one in singles}) > 1:
            return None
        return [np.concatenate(arrays) for arrays in zip(*singles, strict=True)]

    def _path(self, batch: int, first_row: int, index: int) -> Path:
        return self.folder / f"{batch}-{first_row}-{index}.npy"

    def _in_order(self, found: Sequence[Item]) -> list[Item]:
        if found and self._order and max(self._order) < len(found):
            return [found[place] for place in self._order]
        return list(found)


def _broken(index: int, batch: int, error: BrokenArray) -> BrokenOutput:
    return BrokenOutput(f"it did not write output {index} for batch {batch} as a whole array: {error}")
