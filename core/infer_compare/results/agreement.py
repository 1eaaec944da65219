"""How the outputs of contenders compare."""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.interfaces.bounds import Count, Quantity, Share
from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.record import Record

AgreementVerdict = Literal["agrees", "differs", "inconclusive"]


class OutputComparison(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a contender against the reference."""

    output: str
    max_difference: Quantity
    max_reference: Quantity
    needed_rtol: Quantity
    """The output error in units of the tolerance: what `rtol` would have to be at least for the worst slice to pass."""
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


class Agreement(Record, frozen=True, kw_only=True, tag="agreement"):
    """The outputs of a contender compared with the reference's, at one operating point."""

    contender: str
    reference: str
    point: OperatingPoint
    verdict: AgreementVerdict
    reason: str = ""
    rtol: Quantity
    outputs: tuple[OutputComparison, ...] = ()
    row_consistent: bool | None = None
    """Whether row i of this batch equals row i run alone; None where that could not be checked."""
    rows_within_precision: bool | None = None
    """Where it does not: whether the eight-bit arithmetic of the model explains it."""
