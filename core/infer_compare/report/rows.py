"""The rows of the table of points, which CSV, Parquet and data frames share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.measured import columns_of
from infer_compare.report.metrics import Place, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument

Row = dict[str, Value]


def point_rows(documents: Sequence[ReportDocument]) -> list[Row]:
    """Return a row for each point, by run, then by contender, then by operating point; every row has all columns."""
    columns = columns_of(documents)
    return [
        {metric.name: metric.read(place) for metric in columns}
        for document in documents
        for place in places_of(document)
    ]


def places_of(document: ReportDocument) -> list[Place]:
    """Return every point of a run with its contender, by contender, then by operating point."""
    contenders = {contender.label: contender for contender in document.contenders}
    return [Place(document, contenders[curve.contender], point) for curve in document.curves for point in curve.points]
