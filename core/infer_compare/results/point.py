"""Everything that was recorded about a contender at an operating point."""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.values import OperatingPoint
from infer_compare.results.agreement import Agreement
from infer_compare.results.outcomes import AnyOutcome, Measured, Memory
from infer_compare.results.rounds import WarmUp
from infer_compare.results.slices import Slice


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A contender at an operating point, with its outcome and everything that was recorded about it."""

    contender: str
    point: OperatingPoint
    outcome: AnyOutcome
    slices: tuple[Slice, ...] = ()
    """All slices in order of time, accepted or rejected."""
    warm_ups: tuple[WarmUp, ...] = ()
    agreement: Agreement | None = None
    excess_cores: float | None = None
    """Cores that it kept busy, if that exceeds its thread budget: the point then has no figures."""

    @property
    def memory(self) -> Memory | None:
        """Memory figures, with the median peak of the slices if they have any, else as explored; None if it did not run."""
        if not isinstance(self.outcome, Measured):
            return None
        peaks = sorted(
            piece.memory.peak for piece in self.slices if piece.memory is not None and piece.memory.peak is not None
        )
        if not peaks:
            return self.outcome.memory
        return msgspec.structs.replace(self.outcome.memory, resident=peaks[len(peaks) // 2])

    @property
    def clean_slices(self) -> tuple[Slice, ...]:
        """The slices that the gate accepted."""
        return tuple(piece for piece in self.slices if piece.rejected is None)

    @property
    def measured(self) -> bool:
        """Whether the point has figures: at least one accepted slice, within the thread budget."""
        return isinstance(self.outcome, Measured) and bool(self.clean_slices) and self.excess_cores is None
