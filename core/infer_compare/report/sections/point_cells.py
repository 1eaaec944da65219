"""The table cells of a point: its figures, rough figures from exploring, or why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import is_rough, missing_words
from infer_compare.report.sections.blocks import Cell
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.metrics import Metric, Place
    from infer_compare.report.sections.blocks import Row


def point_cells(place: Place, metrics: Sequence[Metric]) -> Row:
    """Return a cell for each figure; without figures, the first cell has the rough figure or the reason."""
    point = place.point
    values = [metric.read(place) for metric in metrics]
    if point.figures is not None or any(value is not None for value in values):
        marks = " ".join([*(["fastest"] if point.fastest else []), *(["flagged"] if point.flags else [])])
        return tuple(
            Cell(text="" if value is None else metric.write(value), kind=marks if metric.ranked else "")
            for metric, value in zip(metrics, values, strict=True)
        )
    if is_rough(point):
        return tuple(_rough(metric, place) for metric in metrics)
    rest = (Cell(text=""),) * (len(metrics) - 1)
    hint = plain(point.reason)
    return (Cell(text=missing_words(point), kind="missing", hint=hint, faint=point.outcome == "skipped"), *rest)


def known_metrics(places: Sequence[Place], metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return the figures that every curve shows, and those others that some point has."""
    return tuple(
        metric
        for metric in metrics
        if "curves" in metric.tables or any(metric.read(place) is not None for place in places)
    )


def _rough(metric: Metric, place: Place) -> Cell:
    if metric.rough is None:
        return Cell(text="")
    hint = place.point.reason if metric.ranked else ""
    kind, mark = ("rough", "~") if place.point.predicted_latency_ns is None else ("predicted", "\N{ALMOST EQUAL TO}")
    return Cell(text=f"{mark}{metric.write(metric.rough(place))}", kind=kind, hint=hint, faint=True)
