"""The result of comparing one output of two contenders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["agrees", "differs", "inconclusive", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of comparing one output."""

    verdict: Verdict
    """`constant`: equal, but the same for all inputs, which proves nothing."""
    reason: str = ""
    """How the outputs differ or why they prove nothing, as the end of a sentence about the output."""
    used: float = 0.0
    """The worst ratio of a difference to the allowed difference."""
    difference: float = 0.0
    """The largest difference."""
    scale: float = 0.0
    """The largest value of the reference, without extreme values."""
    axis: int | None = None
    """The axis of the worst slice; None if the tensor is one slice."""
    index: int | None = None
    allowed: float | None = None
    variation: float | None = None
    shown: float | None = None
    """Share of the slices, by size, that prove something."""
    extreme: int = 0
    """Number of extreme values, which were compared separately."""
    top1: float | None = None
    cosine: float | None = None
    row_error: float | None = None
    """The error of the worst row, relative to the distance to other rows; see `infer_compare.models.likeness`."""
    hint: bool = False
    """Whether other inputs or weights would prove more."""
