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
    """All of them, in order of time, clean or not."""
    warm_ups: tuple[WarmUp, ...] = ()
    agreement: Agreement | None = None
    excess_cores: float | None = None
    """Cores that it kept busy, where that is more than its thread budget allows: it then has no figures."""

    @property
    def memory(self) -> Memory | None:
        """What it held while it was timed; what exploring saw where no slice has it. None where it did not run."""
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
        """Those that the gate accepted."""
        return tuple(piece for piece in self.slices if piece.rejected is None)

    @property
    def measured(self) -> bool:
        """Whether there is at least one clean slice to report, and the thread budget was kept."""
        return isinstance(self.outcome, Measured) and bool(self.clean_slices) and self.excess_cores is None
