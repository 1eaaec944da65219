"""Draws or reads rows of inputs, and writes them to files that workers map."""

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
"""Limits of a chunk in bytes and rows, but at least one row; each chunk has its own random stream."""
PIECE_ELEMENTS = 1 << 20
"""Elements of a piece: a chunk is drawn and written in pieces, since even one row can exceed the memory."""


def write_pool(plans: Sequence[InputPlan], rows: int, seed: int, folder: Path) -> tuple[Path, ...]:
    """Write `rows` rows of each input, or one row of an input without a batch axis, as a C-contiguous `.npy` file.

    Row i depends only on the seed and the input's name, so a larger pool begins like a smaller one. An earlier file is
    replaced, not overwritten, since workers may have it mapped.

    Raises:
        InputError: an array for the inputs can no longer be read.
        StorageFull: the disk has no room for the pool.
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
    """Yield the rows in C-contiguous pieces of any shape that are small enough for the memory."""
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
        # Drawing in parts gives the same numbers as drawing at once, so the rows of a chunk do not depend on how many are
        # needed, and one row may be larger than the memory.
        left = min(step, rows - start) * elements
        while left:
            part = min(left, PIECE_ELEMENTS)
            yield plan.fill.draw(rng, (part,), plan.dtype)
            left -= part


def _chunk_rows(plan: InputPlan) -> int:
    """Return how many rows are drawn from one random stream."""
    return max(1, min(CHUNK_ROWS, CHUNK_BYTES // max(1, row_bytes(plan))))
