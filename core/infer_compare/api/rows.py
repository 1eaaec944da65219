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
    """A contender at a batch size, with the names of the columns of the CSV report. What is not known is None."""

    contender: str
    batch: int
    axes: tuple[tuple[str, int], ...] = ()
    """Sizes of other axes, such as `(("seq", 128),)`."""
    outcome: OutcomeTag
    reason: str = ""
    """Why there are no figures."""
    throughput: float | None = None
    """Samples a second."""
    throughput_low: float | None = None
    """Lower end of its 95 % interval."""
    throughput_high: float | None = None
    """Upper end."""
    spread: float | None = None
    """Half of that interval, as a share of the throughput."""
    latency_p50_ms: float | None = None
    """Milliseconds of one call after another, at the median."""
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    """None with fewer than 473 durations."""
    new_shape_ms: float | None = None
    """What the first call at this size takes longer in a worker that has run other sizes."""
    resident_bytes: int | None = None
    """Peak resident memory of the worker."""
    device_bytes: int | None = None
    """Peak that the framework held of an accelerator's memory; None on the CPU."""
    confirmed: bool | None = None
    """Whether fresh rounds confirmed the size; the figures are then those of these rounds."""
    earlier_throughput: float | None = None
    """What the rounds before saw of a confirmed size."""
    recommended: bool = False
    """Whether the answer recommends this point."""
    fastest: bool = False
    """Whether it is shown to beat every other contender at that batch size."""
    metrics: dict[str, float] = {}
    """What was measured besides (`metrics=`), by name, such as `{"energy": 0.0031}`."""
    flags: tuple[Flag, ...] = ()
    """What to know before trusting its figures."""

    @property
    def measured(self) -> bool:
        """Whether there are figures."""
        return self.throughput is not None

    @property
    def memory_bytes(self) -> int | None:
        """Return what it needs of the memory that counts: the accelerator's, or resident memory on the CPU."""
        return self.resident_bytes if self.device_bytes is None else self.device_bytes


_OWN = {"axes", "device_bytes", "flags", "metrics"}
"""Fields that are not as the tables have them."""
_COLUMNS = tuple(metric for metric in METRICS if metric.name in set(PointRow.__struct_fields__) - _OWN)


def rows_of(document: ReportDocument) -> tuple[PointRow, ...]:
    """A row for each point, in the order of the curves."""
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
    """What was searched along: the batch, or another axis at batch 1."""
    largest_fitting: int | None
    """The largest size that ran; None where not even one sample fits."""
    smallest_failing: int | None
    """The smallest that did not; None where the search ended before it met one."""
    verified: bool
    """Whether fresh workers have said both."""
    cap_bytes: int
    """What one worker's resident memory may be."""
    sentence: str
    """The same in words, with the memory that the largest needed."""


def limits_of(document: ReportDocument) -> tuple[LimitRow, ...]:
    """A row for each contender and setting whose memory boundary was searched for, and for each further axis."""
    along = () if document.across is None else document.across.limits
    of_batch = tuple(
        LimitRow(
            contender=curve.contender,
            axes=curve.axes,
            largest_fitting=found.largest_ran,
            smallest_failing=found.smallest_failed,
            verified=found.verified,
            cap_bytes=found.cap_bytes,
            sentence=found.sentence,
        )
        for curve in document.curves
        if (found := curve.boundary) is not None and found.searched
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
    found = tuple(row for row in points if row.contender == contender)
    if not found:
        labels = ", ".join(dict.fromkeys(row.contender for row in points))
        raise KeyError(f"there is no contender {contender!r}; there are {labels}")
    return found


def point_at(
    points: tuple[PointRow, ...], contender: str, batch: int, axes: Mapping[str, int] | None = None
) -> PointRow:
    """Return the point of a contender at a batch size.

    Raises:
        KeyError: there is none, or more than one, which the other axes tell apart.
    """
    own = [row for row in points_of(points, contender) if row.batch == batch]
    found = [row for row in own if axes is None or dict(row.axes) == dict(axes)]
    if len(found) == 1:
        return found[0]
    if found:
        raise KeyError(
            f"{contender!r} has {len(found)} points at batch {batch}; name one such as {dict(found[0].axes)}"
        )
    sizes = ", ".join(dict.fromkeys(str(row.batch) for row in points_of(points, contender)))
    where = f" with {dict(axes)}" if axes is not None and own else ""
    raise KeyError(f"{contender!r} has no point at batch {batch}{where}; there are {sizes}")
