"""Records of how the outputs of contenders compare with the reference."""

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
    """The deviation of a contender's outputs from the reference; each figure is that of the worst output."""

    relative: Quantity
    """The largest difference, relative to the largest value of the reference in that output."""
    cosine: Cosine | None = None
    """The cosine similarity; None if no output has one, being of integers or all zero."""
    top1: Share | None = None
    """Share of rows with the same largest entry along the last axis; None if no output is a ranking of classes."""

    @classmethod
    def worst(cls, errors: Iterable[OutputError]) -> OutputError | None:
        """Return the worst value of each figure over several errors; None if there are none."""
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
    """The smallest `rtol` with which the worst slice would pass."""
    top1: Share | None = None
    """Share of rows with the same largest entry along the last axis, if that axis ranks classes."""
    axis: Count | None = None
    """The axis of the output along which its worst slice lies; None if the output is a single slice."""
    index: Count | None = None
    """The index of the worst slice along that axis."""
    allowed: Quantity | None = None
    """The largest difference allowed in that slice."""
    variation: Quantity | None = None
    """How much that slice varies between inputs."""
    shown: Share | None = None
    """Share of the slices, by size, in which wrongly paired rows would have been noticed."""
    extreme_values: Count = 0
    """Number of values such as masks of -1e9 and infinities, which are compared separately."""
    cosine: Cosine | None = None
    row_error: Quantity | None = None
    """Distance of the worst row from its row of the reference, relative to the distance of rows of other inputs from it."""

    @property
    def error(self) -> OutputError:
        """The deviation of this output from the reference."""
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
    """The deviation of its outputs from the reference; None if it could not be computed, or if the reference itself has less than
    single precision."""
    recognizable: bool | None = None
    """Whether, in all outputs, every row is much closer to its row of the reference than rows of other inputs are. This holds
    despite errors of low precision, but not for another model or wrongly paired rows. None if it is not known."""
    row_consistent: bool | None = None
    """Whether row i of this batch equals row i run alone; None if that could not be checked."""
    rows_within_precision: bool | None = None
    """If it does not: whether the eight-bit arithmetic of the model explains the difference."""
