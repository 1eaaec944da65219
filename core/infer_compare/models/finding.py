"""What comparing one output of two contenders gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["agrees", "differs", "inconclusive", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What comparing one output gave."""

    verdict: Verdict
    """`constant`: alike, and the same for all inputs, which shows nothing."""
    reason: str = ""
    """How it differs or why it shows nothing, as the end of a sentence that the output begins."""
    used: float = 0.0
    """The worst difference over what is allowed there."""
    difference: float = 0.0
    """The largest one."""
    scale: float = 0.0
    """The largest value of the reference, extreme values apart."""
    axis: int | None = None
    """Of the worst slice; None where the tensor is one slice."""
    index: int | None = None
    allowed: float | None = None
    variation: float | None = None
    shown: float | None = None
    """Share of the slices, by size, that show something."""
    extreme: int = 0
    """Number of extreme values, which were compared apart."""
    top1: float | None = None
    cosine: float | None = None
    row_error: float | None = None
    """Of the worst row, relative to the distance of other rows; see `infer_compare.models.likeness`."""
    hint: bool = False
    """Whether other inputs or weights would show more."""
