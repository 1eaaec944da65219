"""The points of a run as plain typed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.report.metrics import METRICS
from infer_compare.report.rows import places_of
from infer_compare.verdicts.flags import Flag
from infer_compare.verdicts.outcome_kinds import OutcomeTag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.report import ReportDocument
    from infer_compare.report.metrics import Place


class PointRow(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The figures of a contender at a batch size, named like the columns of the CSV report. Unknown figures are None."""

    contender: str
    batch: int
    axes: tuple[tuple[str, int], ...] = ()
    """Sizes of other axes, such as `(("seq", 128),)`."""
    outcome: OutcomeTag
    reason: str = ""
    """Why there are no figures; empty if there are."""
    throughput: float | None = None
    """Samples a second."""
    throughput_low: float | None = None
    """Lower end of its 95 % interval."""
    throughput_high: float | None = None
    """Upper end."""
    spread: float | None = None
    """Half of that interval, as a share of the throughput."""
    latency_p50_ms: float | None = None
    """Median latency of back-to-back calls, in milliseconds."""
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    """99th percentile, in milliseconds; None with fewer than 473 durations."""
    new_shape_ms: float | None = None
    """How much longer the first call at this size takes in a worker that has run other sizes."""
    resident_bytes: int | None = None
    """Peak resident memory of the worker, in bytes."""
    device_bytes: int | None = None
    """Peak accelerator memory held by the framework, in bytes; None on the CPU."""
    confirmed: bool | None = None
    """Whether fresh rounds confirmed the size; the figures then come from these rounds."""
    earlier_throughput: float | None = None
    """For a confirmed size, the throughput of the earlier rounds."""
    recommended: bool = False
    """Whether the answer recommends this point."""
    fastest: bool = False
    """Whether it is proven to beat every other contender at this batch size."""
    metrics: dict[str, float] = {}
    """Further metrics (`metrics=`) by name, such as `{"energy": 0.0031}`."""
    flags: tuple[Flag, ...] = ()
    """Warnings about the figures."""

    @property
    def measured(self) -> bool:
        """Whether there are figures."""
        return self.throughput is not None

    @property
    def memory_bytes(self) -> int | None:
        """The peak accelerator memory, or on the CPU the peak resident memory, in bytes."""
        return self.resident_bytes if self.device_bytes is None else self.device_bytes


_OWN = {"axes", "device_bytes", "flags", "metrics"}
"""Fields that differ from the columns of the tables."""
_COLUMNS = tuple(metric for metric in METRICS if metric.name in set(PointRow.__struct_fields__) - _OWN)


def rows_of(document: ReportDocument) -> tuple[PointRow, ...]:
    """Return a row for each point, in the order of the curves."""
    return tuple(map(_row, places_of(document)))


def _row(place: Place) -> PointRow:
    memory = place.point.memory
    device = None
    if memory is not None and place.contender.device != "cpu":
        device = memory.reserved if memory.reserved is not None else memory.allocated
    values = {metric.name: metric.read(place) for metric in _COLUMNS}
    row: dict[str, Any] = {
        **values,
        "axes": place.point.point.axes,
        "device_bytes": device,
        "flags": place.point.flags,
        "metrics": {} if place.point.figures is None else place.point.figures.metrics,
    }
    return PointRow(**row)


class LimitRow(msgspec.Struct, frozen=True, kw_only=True):
    """Which batch fits into memory with one contender."""

    contender: str
    axes: tuple[tuple[str, int], ...] = ()
    """The sizes of the other axes."""
    axis: str = "batch"
    """The axis that was searched: the batch, or another axis at batch 1."""
    largest_fitting: int | None
    """The largest size that ran; None if not even one sample fits."""
    smallest_failing: int | None
    """The smallest size that failed; None if the search ended before it met one."""
    verified: bool
    """Whether fresh workers confirmed both sizes."""
    cap_bytes: int
    """The limit for the resident memory of one worker, in bytes."""
    sentence: str
    """The limit in words, with the memory that the largest size needed."""


def limits_of(document: ReportDocument) -> tuple[LimitRow, ...]:
    """Return a row for each contender, axis and setting whose memory limit was searched for."""
    along = () if document.across is None else document.across.limits
    of_batch = tuple(
        LimitRow(
            contender=curve.contender,
            axes=curve.axes,
            largest_fitting=boundary.largest_ran,
            smallest_failing=boundary.smallest_failed,
            verified=boundary.verified,
            cap_bytes=boundary.cap_bytes,
            sentence=boundary.sentence,
        )
        for curve in document.curves
        if (boundary := curve.boundary) is not None and boundary.searched
    )
    of_axes = tuple(
        LimitRow(
            contender=limit.contender,
            axes=limit.axes,
            axis=limit.axis,
            largest_fitting=limit.largest_ran,
            smallest_failing=limit.smallest_failed,
            verified=limit.verified,
            cap_bytes=limit.cap_bytes,
            sentence=limit.sentence,
        )
        for limit in along
    )
    return of_batch + of_axes


def points_of(points: tuple[PointRow, ...], contender: str) -> tuple[PointRow, ...]:
    """Return the points of a contender.

    Raises:
        KeyError: there is no such contender.
    """
    rows = tuple(row for row in points if row.contender == contender)
    if not rows:
        labels = ", ".join(dict.fromkeys(row.contender for row in points))
        raise KeyError(f"there is no contender {contender!r}; there are {labels}")
    return rows


def point_at(
    points: tuple[PointRow, ...], contender: str, batch: int, axes: Mapping[str, int] | None = None
) -> PointRow:
    """Return the point of a contender at a batch size.

    Raises:
        KeyError: there is no such point, or several that differ in the other axes.
    """
    rows = [row for row in points_of(points, contender) if row.batch == batch]
    matching = [row for row in rows if axes is None or dict(row.axes) == dict(axes)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise KeyError(
            f"{contender!r} has {len(matching)} points at batch {batch}; name one such as {dict(matching[0].axes)}"
        )
    sizes = ", ".join(dict.fromkeys(str(row.batch) for row in points_of(points, contender)))
    where = f" with {dict(axes)}" if axes is not None and rows else ""
    raise KeyError(f"{contender!r} has no point at batch {batch}{where}; there are {sizes}")
