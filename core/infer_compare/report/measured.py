"""Columns for the further metrics of runs (`--metrics`), besides those of every report."""

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
    """Return all columns of the tables of points of these runs: the usual ones, then those of further metrics."""
    return METRICS + measured_metrics(documents)


def measured_metrics(documents: Sequence[ReportDocument]) -> tuple[Metric, ...]:
    """Return the columns of the further metrics of all runs, each once."""
    return tuple({info.column: _column(info) for document in documents for info in document.metrics}.values())


def known_of(document: ReportDocument) -> tuple[Metric, ...]:
    """Return the further metrics of a run for which at least one point has a value."""
    if not document.metrics:
        return ()
    figures = [point.figures for curve in document.curves for point in curve.points if point.figures is not None]
    return tuple(_column(info) for info in document.metrics if any(info.name in point.metrics for point in figures))


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
        measured = any(metric.column == info.column for metric in place.document.metrics)
        figures = place.point.figures
        return figures.metrics.get(info.name) if measured and figures is not None else None

    return read
