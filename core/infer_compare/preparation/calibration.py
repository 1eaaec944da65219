"""Rows of the run's inputs with which models of lower precision are calibrated."""

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
"""Rows are given to a backend in batches of so many, where the model takes them."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Rows of the run's inputs in files, as those of its pool."""

    paths: tuple[Path, ...]
    """One per input of the run."""
    dtypes: tuple[str, ...]
    rows: int
    sha256: str
    text: str
    """What they are: `64 rows of data.npz`, or `64 random rows`."""
    random: bool
    """Whether numbers were drawn at random for an input that holds measured ones in practice."""


def write_calibration(
    plans: Sequence[InputPlan], rows: int, seed: int, folder: Path, data: str | None = None
) -> Calibration:
    """Write rows of each input: spread evenly over the arrays that inputs are read from, and drawn for the others.

    Args:
        plans: what each input of the run is filled with.
        rows: how many, at most.
        seed: of what is drawn.
        folder: where they go.
        data: the data set, as it was typed.

    Raises:
        InputError: an array cannot be read any more.
        StorageFull: there is no room for them.
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
    """As many rows of a file as are wanted, from all over it: files are often sorted by what they show."""

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
