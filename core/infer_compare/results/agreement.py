"""How the outputs of contenders compare."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from infer_compare.interfaces.bounds import Count, Quantity, Share
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

AgreementVerdict = Literal["agrees", "differs", "inconclusive"]
Cosine = Annotated[float, msgspec.Meta(ge=-1, le=1)]


class OutputError(msgspec.Struct, frozen=True, kw_only=True):
    """How far the outputs of a contender are from the reference's; the worst of its outputs in each."""

    relative: Quantity
    """The largest difference, relative to the largest value of the reference in that output."""
    cosine: Cosine | None = None
    """The cosine similarity; None where no output has one: outputs of integers, or of zeros."""
    top1: Share | None = None
    """Share of rows with the same largest entry along the last axis; None where no output ranks."""

    @classmethod
    def worst(cls, errors: Iterable[OutputError]) -> OutputError | None:
        """Return the worst of several in each; None where there are none."""
        several = tuple(errors)
        if not several:
            return None
        return cls(
            relative=max(error.relative for error in several),
            cosine=min((error.cosine for error in several if error.cosine is not None), default=None),
            top1=min((error.top1 for error in several if error.top1 is not None), default=None),
        )


class OutputComparison(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a contender against the reference."""

    output: str
    max_difference: Quantity
    max_reference: Quantity
    needed_rtol: Quantity
    """What `rtol` would have to be at least for the worst slice to pass."""
    top1: Share | None = None
    """Share of rows with the same largest entry along the last axis, where that ranks."""
    axis: Count | None = None
    """The axis of the output along which its worst slice lies; None where the output is one slice."""
    index: Count | None = None
    """Which slice along that axis."""
    allowed: Quantity | None = None
    """The largest difference allowed in that slice."""
    variation: Quantity | None = None
    """How far the inputs move that slice."""
    shown: Share | None = None
    """Share of the slices, by size, in which wrongly paired rows would have been noticed."""
    extreme_values: Count = 0
    """Values such as masks of -1e9 and infinities, which are compared apart."""
    cosine: Cosine | None = None
    row_error: Quantity | None = None
    """How far the worst row is from its own row of the reference, relative to how far the rows of other inputs are from it."""

    @property
    def error(self) -> OutputError:
        """How far this output is from the reference's."""
        relative = self.max_difference / self.max_reference if self.max_reference else self.max_difference
        return OutputError(relative=min(relative, sys.float_info.max), cosine=self.cosine, top1=self.top1)


class Agreement(Record, frozen=True, kw_only=True, tag="agreement"):
    """The outputs of a contender compared with the reference's, at one operating point."""

    contender: str
    reference: str
    point: OperatingPoint
    verdict: AgreementVerdict
    reason: str = ""
    rtol: Quantity
    outputs: tuple[OutputComparison, ...] = ()
    error: OutputError | None = None
    """How far its outputs are from the reference's; None where that could not be computed, and for a reference that is itself of
    less than single precision."""
    recognizable: bool | None = None
    """Whether every row is much nearer to its own row of the reference than the rows of other inputs are, in all outputs: errors
    of low precision leave that true; another model, or rows that are wrongly paired, do not. None where that is not known."""
    row_consistent: bool | None = None
    """Whether row i of this batch equals row i run alone; None where that could not be checked."""
    rows_within_precision: bool | None = None
    """Where it does not: whether the eight-bit arithmetic of the model explains it."""
