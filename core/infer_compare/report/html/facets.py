"""One setting of the axes other than the batch, and what the document says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.schema import AnswerReport, Axes, Curve, PointReport, ReportDocument

if TYPE_CHECKING:
    from collections.abc import Iterator


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """The curves of a document that share their other axes."""

    key: str
    """Unique on the page, fit for an identifier."""
    document: ReportDocument
    axes: Axes
    answer: AnswerReport | None
    curves: tuple[Curve, ...]

    @property
    def points(self) -> Iterator[PointReport]:
        """All points, by curve."""
        return (point for curve in self.curves for point in curve.points)

    @property
    def batches(self) -> list[int]:
        """Every batch size that was tried at all, ascending."""
        return sorted({point.point.batch for point in self.points})


def facets_of(document: ReportDocument, key: str) -> tuple[Facet, ...]:
    """A facet for each setting that has curves or an answer, in the order of the document."""
    answers = {one.answer.axes: one for one in document.answers}
    settings = dict.fromkeys([*answers, *(curve.axes for curve in document.curves)])
    return tuple(
        Facet(
            key=f"{key}f{place}",
            document=document,
            axes=axes,
            answer=answers.get(axes),
            curves=tuple(curve for curve in document.curves if curve.axes == axes),
        )
        for place, axes in enumerate(settings)
    )


def is_rough(point: PointReport) -> bool:
    """Whether there is only what exploring saw."""
    if point.excess_cores is not None:
        return False
    return point.outcome == "measured" and point.figures is None and bool(point.rough_latency_ns)
