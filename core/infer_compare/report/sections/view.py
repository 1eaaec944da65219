"""The input of sections: a report document, or the part about one setting of the other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.schema import AnswerReport, Axes, PointReport, ReportDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.interfaces import OperatingPoint


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A report document, and which part of it to show."""

    document: ReportDocument
    """The document with only the answers and curves of the view."""
    key: str = "r0"
    """Unique on the page, and valid as an identifier."""
    first: bool = True
    """Whether to include statements about the whole run."""
    verbose: bool = False
    page: bool = False
    """Whether it is for the page, which has charts in place of the tables of other formats."""

    @property
    def settings(self) -> tuple[View, ...]:
        """A view for each setting of the other axes that has curves or an answer, in the order of the document."""
        document = self.document
        axes = dict.fromkeys(
            [*(report.answer.axes for report in document.answers), *(report.axes for report in document.curves)]
        )
        return tuple(self._at(place, setting) for place, setting in enumerate(axes))

    @property
    def axes(self) -> Axes:
        """The sizes of the other axes, in a view of one setting."""
        return self.document.curves[0].axes if self.document.curves else self.document.answers[0].answer.axes

    @property
    def answer(self) -> AnswerReport | None:
        """The answer, in a view of one setting."""
        return self.document.answers[0] if self.document.answers else None

    @property
    def points(self) -> Iterator[PointReport]:
        """Every point, by curve."""
        return (point for curve in self.document.curves for point in curve.points)

    @property
    def tried(self) -> list[OperatingPoint]:
        """All tried operating points, in ascending order."""
        return sorted({point.point for point in self.points})

    @property
    def batches(self) -> list[int]:
        """The batch sizes of the tried points, in ascending order, for the axes of charts."""
        return sorted({point.batch for point in self.tried})

    @property
    def names(self) -> dict[str, str]:
        """The names of the contenders in sentences, by label."""
        return {contender.label: contender.name for contender in self.document.contenders}

    def _at(self, place: int, axes: Axes) -> View:
        document = msgspec.structs.replace(
            self.document,
            answers=tuple(report for report in self.document.answers if report.answer.axes == axes),
            curves=tuple(curve for curve in self.document.curves if curve.axes == axes),
            pairs=tuple(pair for pair in self.document.pairs if pair.a.point.axes == axes),
        )
        return msgspec.structs.replace(self, document=document, key=f"{self.key}f{place}", first=place == 0)
