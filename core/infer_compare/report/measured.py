"""The metrics that runs were asked to measure, as columns of tables beside those that every report has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.metric import Metric, Place, Value
from infer_compare.report.metrics import BY_NAME, METRICS
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import MetricInfo
    from infer_compare.report.schema import ReportDocument


def columns_of(documents: Sequence[ReportDocument]) -> tuple[Metric, ...]:
    """Return every column that tables of the points of these runs have: the usual ones, then those that were measured besides."""
    return METRICS + measured_metrics(documents)


def measured_metrics(documents: Sequence[ReportDocument]) -> tuple[Metric, ...]:
    """Return the columns of the metrics that any of the runs was asked for, each once."""
    return tuple({info.column: _column(info) for document in documents for info in document.metrics}.values())


def known_of(document: ReportDocument) -> tuple[Metric, ...]:
    """Return the metrics of a run that some point has."""
    if not document.metrics:
        return ()
    figures = [point.figures for curve in document.curves for point in curve.points if point.figures is not None]
    return tuple(_column(info) for info in document.metrics if any(info.name in found.metrics for found in figures))


def _column(info: MetricInfo) -> Metric:
    return Metric(
        name=f"metric_{info.column}" if info.column in BY_NAME else info.column,
        kind="number",
        read=_reader(info),
        description=f"{info.description or info.name}; {info.better} is better",
        title=info.name.replace("_", " "),
        unit=info.full_unit,
        brief=info.full_unit,
        write=significant,
    )


def _reader(info: MetricInfo) -> Callable[[Place], Value]:
    def read(place: Place) -> Value:
        own = any(one.column == info.column for one in place.document.metrics)
        figures = place.point.figures
        return figures.metrics.get(info.name) if own and figures is not None else None

    return read
