"""Peak memory and largest batch of contenders in two runs, without verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.boundaries import boundary
from infer_compare.report.comparison.schema import MemoryReport
from infer_compare.results import Measured, Memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.schema import Axes
    from infer_compare.results import Point, Run


def memory(base: Run, new: Run) -> Iterator[MemoryReport]:
    """Yield an entry for each common contender and each setting of the other axes that ran in either run."""
    runs = (base, new)
    points = [run.points for run in runs]
    for label in base.labels:
        if label not in new.labels:
            continue
        of_label = [[point for point in measured if point.contender == label] for measured in points]
        for axes in sorted({point.point.axes for measured in of_label for point in measured}):
            at_axes = [[point for point in measured if point.point.axes == axes] for measured in of_label]
            yield _entry(runs, label, axes, at_axes)


def _entry(runs: tuple[Run, Run], label: str, axes: Axes, points: Sequence[Sequence[Point]]) -> MemoryReport:
    bounds = [boundary(run, label, axes, measured) for run, measured in zip(runs, points, strict=True)]
    peaks = [_peaks(measured) for measured in points]
    common = max(peaks[0].keys() & peaks[1].keys(), default=None)
    at_common = [measured[common] if common is not None else Memory() for measured in peaks]
    base, new = bounds
    return MemoryReport(
        contender=label,
        name=runs[0].name(label),
        axes=axes,
        largest=(base.largest_ran if base else None, new.largest_ran if new else None),
        failed=(base.smallest_failed if base else None, new.smallest_failed if new else None),
        searched=(base is not None and base.searched, new is not None and new.searched),
        point=common,
        resident_bytes=(at_common[0].resident, at_common[1].resident),
        allocated_bytes=(at_common[0].allocated, at_common[1].allocated),
    )


def _peaks(points: Sequence[Point]) -> dict[OperatingPoint, Memory]:
    return {point.point: point.outcome.memory for point in points if isinstance(point.outcome, Measured)}
