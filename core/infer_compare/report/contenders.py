"""Contenders as they ran: versions, provenance, what was effective, and what starting them cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.schema import ContenderReport, StartUp
from infer_compare.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import Curve, PointReport
    from infer_compare.results import Run, Start


def contenders(run: Run, curves: Sequence[Curve]) -> tuple[ContenderReport, ...]:
    """Every contender, in the order in which they were asked for."""
    found: list[ContenderReport] = []
    for spec in run.header.contenders:
        asked = ContenderReport(
            label=spec.label,
            name=name_of(run, spec.label),
            backend=spec.backend,
            device=spec.device,
            options=spec.options,
            python=spec.python,
        )
        starts = [start for start in run.starts if start.contender == spec.label]
        points = [point for curve in curves if curve.contender == spec.label for point in curve.points]
        found.append(_as_it_ran(asked, starts, points) if starts else asked)
    return tuple(found)


def name_of(run: Run, label: str) -> str:
    """What sentences call a contender."""
    start = run.start(label)
    return f"{label} (imported)" if start is not None and start.provenance == "imported" else label


def _as_it_ran(asked: ContenderReport, starts: Sequence[Start], points: Sequence[PointReport]) -> ContenderReport:
    from msgspec.structs import replace

    first = starts[0]
    return replace(
        asked,
        framework_version=first.framework_version,
        plugin_version=first.plugin_version or None,
        provenance=first.provenance,
        chain=first.chain,
        effective=first.effective,
        start_up=_start_up(starts, points),
        resident_bytes=first.resident,
    )


def _start_up(starts: Sequence[Start], points: Sequence[PointReport]) -> StartUp:
    ran = [point for point in points if point.first_call_ns is not None]
    smallest = min(ran, key=lambda point: point.point, default=None)
    return StartUp(
        starts=len(starts),
        spawn_ns=median([start.spawn_ns for start in starts]),
        import_ns=median([start.import_ns for start in starts]),
        load_ns=median([start.load_ns for start in starts]),
        to_device_ns=median([start.to_device_ns for start in starts]),
        first_call_ns=smallest.first_call_ns if smallest else None,
        first_call_at=smallest.point if smallest else None,
    )
