"""The points that the answers of a report recommend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.report.schema import AnswerReport, ReportDocument
    from infer_compare.verdicts import Best, BoundCheck


def recommended_points(document: ReportDocument) -> list[Best | BoundCheck]:
    """Return the recommended point of each setting of the other axes: under a latency bound, the best that keeps it."""
    bounded = document.plan.latency_bound_ns is not None
    points = (_under_bound(report) if bounded else report.answer.recommended for report in document.answers)
    return [point for point in points if point is not None]


def _under_bound(report: AnswerReport) -> BoundCheck | None:
    return report.answer.bound.best if report.answer.bound is not None else None
