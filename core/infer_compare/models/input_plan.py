"""The resolved description of an input of a model: dtype, shape and fill."""

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
    """The resolved description of one input."""

    name: str
    dtype: str
    sample: tuple[int, ...]
    """The largest shape of one row, without the batch axis."""
    fill: Fill
    axis: int | None = 0
    """The index of the batch axis; None for an input without one, which is the same for every batch."""
    free: tuple[tuple[int, str], ...] = ()
    """The axes of a row whose size differs between operating points, by index, with their names."""
    warning: str = ""
    """A warning about a guess; empty if nothing was guessed."""

    def __str__(self) -> str:
        """Return the input in the form of `--input`."""
        return f"{self.name}:{SHORT[self.dtype]}{shape_text(self.shape)}={self.fill}"

    @property
    def row(self) -> tuple[int | str, ...]:
        """The shape of one row, without the batch axis, with names for axes whose size changes."""
        names = dict(self.free)
        return tuple(names.get(place, size) for place, size in enumerate(self.sample))

    @property
    def shape(self) -> tuple[int | str, ...]:
        """The shape, with the batch axis called `batch`, and names for axes whose size changes."""
        row = self.row
        return row if self.axis is None else (*row[: self.axis], BATCH, *row[self.axis :])

    def row_at(self, setting: Setting) -> tuple[int, ...]:
        """Return the shape of one row at these sizes of the axes."""
        sizes, names = dict(setting), dict(self.free)
        return tuple(sizes.get(names.get(place, ""), size) for place, size in enumerate(self.sample))


def shape_text(shape: Sequence[int | str]) -> str:
    """Return a shape in the form of `--input`."""
    return f"[{','.join(map(str, shape))}]"


def row_bytes(plan: InputPlan, setting: Setting = ()) -> int:
    """Return the bytes of one row of an input at these sizes of the axes, or of the largest row."""
    return math.prod(plan.row_at(setting)) * numpy_dtype(plan.dtype).itemsize
