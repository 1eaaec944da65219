"""Rows of the run's inputs for calibrating models of lower precision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.models.arrays import is_float
from infer_compare.models.fills import FromFile
from infer_compare.models.input_rows import write_pool
from infer_compare.models.resolved_model import sha256_of
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from infer_compare.models.input_plan import InputPlan

BATCH = 8
"""Batch size in which a backend gets the rows, if the model accepts it."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Files with rows of the run's inputs, in the format of the input pool."""

    paths: tuple[Path, ...]
    """One per input of the run."""
    dtypes: tuple[str, ...]
    rows: int
    sha256: str
    text: str
    """A description: `64 rows of data.npz`, or `64 random rows`."""
    random: bool
    """Whether a floating-point input was filled with random numbers."""


def write_calibration(
    plans: Sequence[InputPlan], rows: int, seed: int, folder: Path, data: str | None = None
) -> Calibration:
    """Write calibration rows of each input: spread evenly over its array, or drawn at random if it has none.

    Args:
        plans: what each input of the run is filled with.
        rows: how many, at most.
        seed: of the random numbers.
        folder: where the files are written.
        data: the data set, as it was typed.

    Raises:
        InputError: an array can no longer be read.
        StorageFull: there is no room for the files.
    """
    files = {
        plan.fill.path: len(plan.fill.read(plan.name))
        for plan in plans
        if isinstance(plan.fill, FromFile) and plan.axis is not None
    }
    rows = min(rows, *files.values()) if files else rows
    paths = write_pool([_spread(plan, rows) for plan in plans], rows, seed, folder)
    names = [data] if data is not None else sorted(map(str, files))
    noun = "row" if rows == 1 else "rows"
    return Calibration(
        paths=paths,
        dtypes=tuple(plan.dtype for plan in plans),
        rows=rows,
        sha256=sha256_of(paths),
        text=f"{rows} {noun} of {listing([Path(name).name for name in names])}" if names else f"{rows} random {noun}",
        random=any(is_float(plan.dtype) and not isinstance(plan.fill, FromFile) for plan in plans),
    )


@dataclass(frozen=True)
class _Spread(FromFile):
    """Rows of a file at even distances: files are often sorted, so the first rows would not be representative."""

    rows: int

    def read(self, name: str) -> NDArray[Any]:
        import numpy as np

        array = super().read(name)
        return array[np.arange(self.rows) * len(array) // self.rows]


def _spread(plan: InputPlan, rows: int) -> InputPlan:
    fill = plan.fill
    if not isinstance(fill, FromFile) or plan.axis is None:
        return plan
    return replace(plan, fill=_Spread(fill.path, rows))
