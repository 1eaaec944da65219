"""Rows of inputs, drawn or read, and written to files that workers map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from infer_compare.errors import StorageFull
from infer_compare.files import is_full
from infer_compare.models.array_names import array_name
from infer_compare.models.arrays import numpy_dtype, raw
from infer_compare.models.fills import FromFile
from infer_compare.models.input_plan import InputPlan, row_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


CHUNK_BYTES = 16 << 20
CHUNK_ROWS = 256
"""Rows are drawn in chunks of at most so many bytes and rows, or one row, each from its own random stream."""
PIECE_ELEMENTS = 1 << 20
"""A chunk is drawn and written in pieces of so many elements: one row can be larger than what there is memory for."""


def write_pool(plans: Sequence[InputPlan], rows: int, seed: int, folder: Path) -> tuple[Path, ...]:
    """Write `rows` rows of each input as one C-contiguous `.npy` file, whose first axis are the rows; one row of an
    input without a batch axis.

    Row i depends on the seed and on the input's name alone, so a larger pool begins like a smaller one. An
    earlier pool is replaced as a file, not overwritten, since workers may have it mapped.

    Raises:
        InputError: an array that inputs are read from cannot be read any more.
        StorageFull: there is no room for the pool.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / array_name(index) for index in range(len(plans)))
    for plan, path in zip(plans, paths, strict=True):
        written = path.with_suffix(".writing")
        try:
            _write(plan, 1 if plan.axis is None else rows, seed, written)
        except OSError as error:
            written.unlink(missing_ok=True)
            if not is_full(error):
                raise
            size = rows * row_bytes(plan) / 2**20
            raise StorageFull(
                f"The disk of {folder} has no room for {size:.0f} MiB of rows of {plan.name!r}; free some space, or "
                "name another folder with -o."
            ) from error
        written.replace(path)
    return paths


def _write(plan: InputPlan, rows: int, seed: int, path: Path) -> None:
    import numpy as np

    header = {
        "descr": np.lib.format.dtype_to_descr(raw(np.empty(0, numpy_dtype(plan.dtype))).dtype),
        "fortran_order": False,
        "shape": (rows, *plan.sample),
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in _pieces(plan, rows, seed):
            file.write(raw(piece).data)


def _pieces(plan: InputPlan, rows: int, seed: int) -> Iterator[NDArray[Any]]:
    """The rows one after another, in C-contiguous pieces of any shape that are small enough to be held in memory."""
    import numpy as np

    if isinstance(plan.fill, FromFile):
        array = plan.fill.read(plan.name)
        if plan.axis is None:
            yield np.ascontiguousarray(array)
            return
        step = _chunk_rows(plan)
        for start in range(0, rows, step):
            wanted = np.arange(start, min(start + step, rows)) % len(array)
            yield from (np.ascontiguousarray(array[row]) for row in wanted) if step == 1 else [array[wanted]]
        return
    step = _chunk_rows(plan)
    elements = math.prod(plan.sample)
    for index, start in enumerate(range(0, rows, step)):
        rng = np.random.default_rng([seed, index, *plan.name.encode()])
        # Drawn in parts one after another, which gives the same as all at once: the rows of a chunk do not depend on
        # how many of it are wanted, and one row can be larger than what may be held.
        left = min(step, rows - start) * elements
        while left:
            part = min(left, PIECE_ELEMENTS)
            yield plan.fill.draw(rng, (part,), plan.dtype)
            left -= part


def _chunk_rows(plan: InputPlan) -> int:
    """How many rows are drawn from one stream."""
    return max(1, min(CHUNK_ROWS, CHUNK_BYTES // max(1, row_bytes(plan))))
