"""The points of a run as plain typed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.verdicts.outcome_kinds import OutcomeTag

if TYPE_CHECKING:
    from infer_compare.report import ReportDocument
    from infer_compare.report.schema import PointReport


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contender at a batch size. What is not known is None."""

    contender: str
    batch: int
    axes: tuple[tuple[str, int], ...] = ()
    """Sizes of other axes, such as `(("seq", 128),)`."""
    outcome: OutcomeTag
    reason: str = ""
    """Why there are no figures."""
    throughput: float | None = None
    """Samples a second."""
    spread: float | None = None
    """Relative half-width of the throughput's 95 % interval."""
    latency_p50_s: float | None = None
    """Seconds of one call after another, at the median."""
    latency_p95_s: float | None = None
    resident_bytes: int | None = None
    """Peak resident memory of the worker."""
    device_bytes: int | None = None
    """Peak that the framework held of an accelerator's memory."""
    fastest: bool = False
    """Whether it is shown to beat every other contender at that batch size."""

    @property
    def measured(self) -> bool:
        """Whether there are figures."""
        return self.throughput is not None


def rows_of(document: ReportDocument) -> tuple[PointRow, ...]:
    """A row for each point, in the order of the curves."""
    return tuple(_row(point) for curve in document.curves for point in curve.points)


def _row(point: PointReport) -> PointRow:
    figures, memory = point.figures, point.memory
    device = None
    if memory is not None:
        device = memory.reserved if memory.reserved is not None else memory.allocated
    return PointRow(
        contender=point.contender,
        batch=point.point.batch,
        axes=point.point.axes,
        outcome=point.outcome,
        reason=point.reason,
        throughput=figures.throughput if figures is not None else None,
        spread=figures.spread if figures is not None else None,
        latency_p50_s=_seconds(figures.latency_p50_ns if figures is not None else None),
        latency_p95_s=_seconds(figures.latency_p95_ns if figures is not None else None),
        resident_bytes=memory.resident if memory is not None else None,
        device_bytes=device,
        fastest=point.fastest,
    )


def _seconds(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
