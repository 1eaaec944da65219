"""How one input of a model is made, once everything about it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.models.arrays import numpy_dtype
from infer_compare.models.fills import SHORT, Fill
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.request.axes import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPlan:
    """How one input of the model is made."""

    name: str
    dtype: str
    sample: tuple[int, ...]
    """The largest shape of one row, without the batch axis."""
    fill: Fill
    axis: int | None = 0
    """Where the batch axis stands; None for an input without one, which is the same for every batch."""
    free: tuple[tuple[int, str], ...] = ()
    """The axes of a row whose size changes from point to point, each with its name."""
    warning: str = ""
    """A sentence about a guess that was made; empty where none was."""

    def __str__(self) -> str:
        """As it would be written after `--input`."""
        return f"{self.name}:{SHORT[self.dtype]}{shape_text(self.shape)}={self.fill}"

    @property
    def row(self) -> tuple[int | str, ...]:
        """The shape of one row, without the batch axis; names where its size changes."""
        names = dict(self.free)
        return tuple(names.get(place, size) for place, size in enumerate(self.sample))

    @property
    def shape(self) -> tuple[int | str, ...]:
        """The shape, with the batch axis called `batch`; names where its size changes."""
        row = self.row
        return row if self.axis is None else (*row[: self.axis], BATCH, *row[self.axis :])

    def row_at(self, setting: Setting) -> tuple[int, ...]:
        """Return the shape of one row where the axes have these sizes."""
        sizes, names = dict(setting), dict(self.free)
        return tuple(sizes.get(names.get(place, ""), size) for place, size in enumerate(self.sample))


def shape_text(shape: Sequence[int | str]) -> str:
    """Return a shape as it would be written after `--input`."""
    return f"[{','.join(map(str, shape))}]"


def row_bytes(plan: InputPlan, setting: Setting = ()) -> int:
    """Return the bytes of one row of an input: of the largest, or where the axes have these sizes."""
    return math.prod(plan.row_at(setting)) * numpy_dtype(plan.dtype).itemsize
