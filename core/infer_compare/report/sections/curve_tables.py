"""The curves as tables, for the terminal, for Markdown, and as the data behind the charts of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.measured import known_of
from infer_compare.report.metrics import Metric, metrics_of
from infer_compare.report.phrases import is_rough, missing_words
from infer_compare.report.rows import places_of
from infer_compare.report.sections.blocks import MARKDOWN, TERMINAL, Cell, Grid, Table
from infer_compare.report.sections.point_cells import known_metrics, point_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.report.metrics import Place, TableName
    from infer_compare.report.sections.blocks import Row
    from infer_compare.report.sections.view import View
    from infer_compare.report.terminal.bars import Scale

MARKS = {
    "fastest": "*: shown to beat every other contender at that size",
    "flagged": "!: see the notes",
    "rough": "~: rough, from exploring; never ranked",
    "predicted": "\N{ALMOST EQUAL TO}: predicted from trial calls, not measured; never ranked",
}
"""The meaning of marks in tables, by the kind of the cell."""
CLIENT = " (memory of the client)"
"""Suffix of the name of a contender whose work a server does."""


def curve_grid(view: View, points: Sequence[OperatingPoint], scale: Scale | None) -> Grid:
    """Return every contender's figures with bars, at these operating points."""
    metrics = metrics_of("curves")
    clients = {contender.label for contender in view.document.contenders if contender.remote}
    besides = known_of(view.document)
    more = (*besides, *(metrics_of("verbose") if view.verbose else ()))
    rates = sum("throughput" in metric.tables for metric in metrics)
    titles = [metric.brief or metric.column for metric in (*metrics, *more)]

    def row(place: Place) -> Row:
        point, figures = place.point, place.point.figures
        cells = point_cells(place, metrics)
        marks = ("*" if point.fastest else "") + ("!" if point.flags else "") if figures is not None else ""
        known = [(metric, metric.read(place)) for metric in more]
        return (
            *cells[:rates],
            Cell(text=marks, kind="beats" if point.fastest else "doubt"),
            Cell(text="", bar=figures.throughput if figures is not None else None),
            *cells[rates:],
            *(Cell(text="" if value is None else metric.write(value)) for metric, value in known),
        )

    return Grid(
        stub="batch",
        header=(*titles[:rates], "", "", *titles[rates:]),
        left=frozenset({rates, rates + 1}),
        rows=tuple(str(point.batch) for point in points),
        tables=tuple(
            (
                Cell(text=f"{view.names[label]}{CLIENT if label in clients else ''}", contender=label),
                tuple(row(curve[point]) if point in curve else None for point in points),
            )
            for label, curve in _by_curve(view)
        ),
        scale=scale,
        abreast=not more,
        media=TERMINAL,
    )


def metric_cells(view: View, metric: Metric) -> Table:
    """Return the table of a further metric (`--metrics`), for Markdown."""

    def cell(place: Place) -> Cell:
        value = metric.read(place)
        return Cell(text="" if value is None else metric.write(value))

    return _for_markdown(view, cell)


def batch_table(view: View, name: TableName | Metric, caption: str) -> Table:
    """Return the figures of a named table, or a further metric, by batch size and contender."""
    metrics, curves = (name,) if isinstance(name, Metric) else metrics_of(name), _by_curve(view)
    if name in {"throughput", "latency"}:
        metrics = known_metrics(places_of(view.document), metrics)
    if name == "device-memory":
        # Contenders whose framework does not report it are omitted.
        curves = [(label, places) for label, places in curves if any(_tells(place) for place in places.values())]
    empty = (Cell(text=""),) * len(metrics)
    rows = tuple(
        (
            Cell(text=str(point.batch)),
            *(
                cell
                for _, places in curves
                for cell in (point_cells(places[point], metrics) if point in places else empty)
            ),
        )
        for point in view.tried
    )
    kinds = {kind for row in rows for cell in row for kind in cell.kind.split()} if name == "throughput" else set()
    return Table(
        caption=caption,
        header=("batch", *(metric.column for _ in curves for metric in metrics)),
        rows=rows,
        groups=(
            (Cell(text=""), 1),
            *((Cell(text=view.names[label], contender=label), len(metrics)) for label, _ in curves),
        ),
        notes=tuple(text for kind, text in MARKS.items() if kind in kinds),
    )


def throughput_cells(view: View) -> Table:
    """Return samples per second with half of their interval, for Markdown."""

    def cell(place: Place) -> Cell:
        point = place.point
        if point.figures is None:
            if is_rough(point) and point.predicted_latency_ns is not None:
                return point_cells(place, metrics_of("throughput"))[0]
            return Cell(text="not measured" if is_rough(point) else missing_words(point))
        rate, *more = point_cells(place, metrics_of("throughput"))
        interval = f"±{more[0].text}" if more[0].text else ""
        return Cell(text=rate.text, kind="fastest" if point.fastest else "", tail=interval)

    return _for_markdown(view, cell)


def latency_cells(view: View) -> tuple[str, Table]:
    """Return the titles of the latency figures, and their table for Markdown."""
    metrics = known_metrics(places_of(view.document), metrics_of("latency"))

    def cell(place: Place) -> Cell:
        cells = point_cells(place, metrics) if place.point.figures is not None else ()
        return Cell(text=" / ".join(cell.text or "-" for cell in cells))

    return " / ".join(metric.title for metric in metrics), _for_markdown(view, cell)


def _for_markdown(view: View, cell: Callable[[Place], Cell]) -> Table:
    curves = _by_curve(view)
    return Table(
        caption="",
        header=("batch", *(view.names[label] for label, _ in curves)),
        rows=tuple(
            (
                Cell(text=str(point.batch)),
                *(cell(places[point]) if point in places else Cell(text="") for _, places in curves),
            )
            for point in view.tried
        ),
        code_header=True,
        media=MARKDOWN,
    )


def _by_curve(view: View) -> list[tuple[str, dict[OperatingPoint, Place]]]:
    """Return the points of each curve by operating point."""
    curves: dict[str, dict[OperatingPoint, Place]] = {curve.contender: {} for curve in view.document.curves}
    for place in places_of(view.document):
        curves[place.point.contender][place.point.point] = place
    return list(curves.items())


def _tells(place: Place) -> bool:
    return place.point.memory is not None and place.point.memory.allocated is not None
