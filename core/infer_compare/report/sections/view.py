"""What sections are made of: a report document, or the part of one that is about one setting of the other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.schema import AnswerReport, Axes, PointReport, ReportDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.interfaces import OperatingPoint


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A document, and how much of it is to be shown."""

    document: ReportDocument
    """With the answers and curves of the view alone."""
    key: str = "r0"
    """Unique on the page, fit for an identifier."""
    first: bool = True
    """Whether what is about the whole run is to be said too."""
    verbose: bool = False
    page: bool = False
    """Whether it is made for the page, which says in charts what other formats say in tables."""

    @property
    def settings(self) -> tuple[View, ...]:
        """A view for each setting of the other axes that has curves or an answer, in the order of the document."""
        document = self.document
        axes = dict.fromkeys([*(one.answer.axes for one in document.answers), *(one.axes for one in document.curves)])
        return tuple(self._at(place, setting) for place, setting in enumerate(axes))

    @property
    def axes(self) -> Axes:
        """The other axes, of a view of one setting."""
        return self.document.curves[0].axes if self.document.curves else self.document.answers[0].answer.axes

    @property
    def answer(self) -> AnswerReport | None:
        """The answer, of a view of one setting."""
        return self.document.answers[0] if self.document.answers else None

    @property
    def points(self) -> Iterator[PointReport]:
        """Every point, by curve."""
        return (point for curve in self.document.curves for point in curve.points)

    @property
    def tried(self) -> list[OperatingPoint]:
        """Every operating point that was tried at all, ascending."""
        return sorted({point.point for point in self.points})

    @property
    def batches(self) -> list[int]:
        """The batch sizes of these, ascending: the places on the axis of a chart."""
        return sorted({point.batch for point in self.tried})

    @property
    def names(self) -> dict[str, str]:
        """What sentences call each contender, by label."""
        return {one.label: one.name for one in self.document.contenders}

    def _at(self, place: int, axes: Axes) -> View:
        document = msgspec.structs.replace(
            self.document,
            answers=tuple(one for one in self.document.answers if one.answer.axes == axes),
            curves=tuple(one for one in self.document.curves if one.axes == axes),
            pairs=tuple(pair for pair in self.document.pairs if pair.a.point.axes == axes),
        )
        return msgspec.structs.replace(self, document=document, key=f"{self.key}f{place}", first=place == 0)
