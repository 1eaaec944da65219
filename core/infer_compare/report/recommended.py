"""The points that the answers of a report recommend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.report.schema import AnswerReport, ReportDocument
    from infer_compare.verdicts import Best, BoundCheck


def recommended_points(document: ReportDocument) -> list[Best | BoundCheck]:
    """Return the recommended point of each setting of the other axes: under a latency bound, the best that keeps it."""
    bounded = document.plan.latency_bound_ns is not None
    found = (_under_bound(one) if bounded else one.answer.recommended for one in document.answers)
    return [one for one in found if one is not None]


def _under_bound(one: AnswerReport) -> BoundCheck | None:
    return one.answer.bound.best if one.answer.bound is not None else None
