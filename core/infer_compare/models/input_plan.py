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


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPlan:
    """How one input of the model is made."""

    name: str
    dtype: str
    sample: tuple[int, ...]
    """The shape of one row, without the batch axis."""
    fill: Fill
    axis: int | None = 0
    """Where the batch axis stands; None for an input without one, which is the same for every batch."""
    warning: str = ""
    """A sentence about a guess that was made; empty where none was."""

    def __str__(self) -> str:
        """As it would be written after `--input`."""
        return f"{self.name}:{SHORT[self.dtype]}{shape_text(self.shape)}={self.fill}"

    @property
    def shape(self) -> tuple[int | str, ...]:
        """The shape, with the batch axis called `batch`."""
        if self.axis is None:
            return self.sample
        return (*self.sample[: self.axis], BATCH, *self.sample[self.axis :])


def shape_text(shape: Sequence[int | str]) -> str:
    """Return a shape as it would be written after `--input`."""
    return f"[{','.join(map(str, shape))}]"


def row_bytes(plan: InputPlan) -> int:
    """Return the bytes of one row of an input."""
    return math.prod(plan.sample) * numpy_dtype(plan.dtype).itemsize
