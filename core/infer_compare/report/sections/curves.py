"""Throughput and latency by batch size: tables in a terminal and in Markdown, charts with tables behind on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.report.charts import bars
from infer_compare.report.charts import curves as charts
from infer_compare.report.measured import known_of
from infer_compare.report.phrases import axes_words, is_rough, milliseconds
from infer_compare.report.sections.blocks import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Chart,
    Charts,
    Paragraph,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.sections.curve_tables import (
    MARKS,
    batch_table,
    curve_grid,
    latency_cells,
    metric_cells,
    throughput_cells,
)
from infer_compare.report.sentences.answers import bound_words, evidence_words
from infer_compare.report.terminal.bars import Scale
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.sections.blocks import AnyBlock, Row
    from infer_compare.report.sections.view import View

MOST_SIZES = 16
"""With more batch sizes than this, not all are shown unless the report is verbose."""


def curves(view: View) -> Section | None:
    """Return the curves by setting of the other axes, with the meaning of their marks."""
    if not view.document.curves:
        return None
    blocks = tuple(_charts(view)) if view.page else tuple(_tables(view))
    if not blocks:
        return None
    return Section(
        title="Throughput and latency",
        heading="curves",
        subtitle="throughput and latency by batch size",
        page_title=axes_words(view.axes),
        look="",
        blocks=blocks,
    )


def _tables(view: View) -> Iterator[AnyBlock]:
    scale = Scale.over(point.figures.throughput for point in view.points if point.figures is not None)
    for setting in view.settings:
        if not setting.document.curves:
            continue
        if setting.axes:
            yield Paragraph(text=axes_words(setting.axes), tone="strong")
        every = setting.tried
        shown = every if view.verbose else _thinned(every, _kept(setting))
        yield curve_grid(setting, shown, scale)
        if len(shown) < len(every):
            left_out = f"{len(shown)} of {count(len(every), 'batch size')} shown; -v shows all"
            yield Sentences(items=(left_out,), media=TERMINAL)
        yield Paragraph(
            text="Samples a second, ± half of the 95 % interval in percent; bold where shown to beat every other:",
            media=MARKDOWN,
        )
        yield throughput_cells(setting)
        if any(point.figures is not None for point in setting.points):
            titles, table = latency_cells(setting)
            yield Paragraph(text=f"Latency of one call in milliseconds, {titles}:", media=MARKDOWN)
            yield table
        for metric in known_of(setting.document):
            yield Paragraph(text=f"{metric.heading}:", media=MARKDOWN)
            yield metric_cells(setting, metric)
    if legend := tuple(_legend(view, scale)):
        yield Sentences(items=legend, media=TERMINAL)


def _kept(view: View) -> set[OperatingPoint]:
    """Return the operating points that the answer and the memory boundary mention."""
    kept = {best.point for report in view.document.answers for best in report.answer.by_contender}
    rows = [row for report in view.document.answers for row in report.under_bound]
    kept |= {check.point for row in rows for check in (row.best, row.largest) if check is not None}
    failed = [
        (curve.boundary.smallest_failed, curve.axes) for curve in view.document.curves if curve.boundary is not None
    ]
    return kept | {OperatingPoint(batch, axes) for batch, axes in failed if batch is not None}


def _thinned(points: Sequence[OperatingPoint], kept: set[OperatingPoint]) -> list[OperatingPoint]:
    """Return all points if they are few; else the first, the last, powers of two, and `kept`."""
    if len(points) <= MOST_SIZES:
        return list(points)
    kept = {*kept, points[0], points[-1]}
    return [point for point in points if point in kept or point.batch & (point.batch - 1) == 0]


def _legend(view: View, scale: Scale | None) -> Iterator[str]:
    points = list(view.points)
    whole_pass = view.document.plan.scope == "dataset"
    timed = "time of a whole pass over the data set" if whole_pass else "latency of one call, closed loop"
    if scale is not None:
        yield (
            f"bars: samples/s from 0 to {significant(scale.high)}; "
            f"±%: 95 % interval of the throughput; p50, p95: {timed}"
        )
    yield from (f"{metric.unit}: {metric.title}, {metric.description}" for metric in known_of(view.document))
    if any(point.fastest for point in points):
        yield MARKS["fastest"]
    if any(point.flags for point in points):
        yield MARKS["flagged"]
    if any(is_rough(point) and point.predicted_latency_ns is None for point in points):
        yield MARKS["rough"]
    if any(point.predicted_latency_ns is not None for point in points):
        yield MARKS["predicted"]
    if any(point.outcome == "out_of_memory" for point in points):
        yield "OOM: out of memory"


def _charts(view: View) -> Iterator[Charts]:
    drawn = tuple(chart for chart in _every_chart(view) if chart.data.series)
    if drawn:
        yield Charts(charts=drawn, media=PAGE)


def _every_chart(view: View) -> Iterator[Chart]:
    """Yield every possible chart; those without data are not drawn."""
    filled = " Filled: shown to beat every other contender at that size." if len(view.document.curves) > 1 else ""
    yield Chart(
        id=f"{view.key}-throughput",
        title="Throughput against batch size",
        lead=f"Samples a second; the band is the 95 % interval.{filled}",
        table=batch_table(view, "throughput", "Throughput by batch size"),
        data=charts.throughput_chart(view),
    )
    yield Chart(
        id=f"{view.key}-latency",
        title="Latency against batch size",
        lead="Milliseconds of one call, closed loop: the line is p50, the band reaches up to p95.",
        table=batch_table(view, "latency", "Latency of one call by batch size, closed loop"),
        data=charts.latency_chart(view),
    )
    yield Chart(
        id=f"{view.key}-frontier",
        title="Throughput against latency",
        lead="A mark for each batch size, which stands beside it; up and to the left is better. "
        "On the grey steps nothing measured is better in both.",
        table=_frontier_table(view),
        data=charts.frontier_chart(view),
    )
    yield Chart(
        id=f"{view.key}-memory",
        title="Memory against batch size",
        lead="Peak resident memory of the worker. A cross: it ran out of memory. A ring: the largest batch that ran.",
        table=batch_table(view, "memory", "Peak resident memory by batch size"),
        data=charts.memory_chart(view, "resident"),
    )
    yield Chart(
        id=f"{view.key}-device-memory",
        title="Live tensors against batch size",
        lead="Their peak by the framework's own allocator, where it has one; no part of the figures of other charts.",
        table=batch_table(view, "device-memory", "Peak memory by the framework's allocator"),
        data=charts.memory_chart(view, "allocated"),
    )
    for metric in known_of(view.document):
        yield Chart(
            id=f"{view.key}-{metric.name}",
            title=f"{metric.heading} against batch size",
            lead=f"{metric.unit}: {metric.description}.",
            table=batch_table(view, metric, f"{metric.heading} by batch size"),
            data=charts.metric_chart(view, metric),
        )
    yield Chart(
        id=f"{view.key}-parts",
        title="Parts of an iteration",
        lead="Shares of an iteration, each contender at its best batch size; the table has the medians at every size.",
        table=_parts_table(view),
        data=bars.parts_chart(view),
    )


def _frontier_table(view: View) -> Table:
    """Return a table of all measured points in ascending order of latency."""
    bound = view.answer.answer.bound if view.answer is not None else None
    checks = {(check.contender, check.point): check for check in bound.checks} if bound is not None else {}
    rows: list[tuple[float, Row]] = []
    for point in view.points:
        if point.figures is None:
            continue
        check = checks.get((point.contender, point.point))
        latency = check.latency_ns if check is not None else point.figures.latency_p95_ns
        row = [
            Cell(text=view.names[point.contender], contender=point.contender),
            Cell(text=str(point.point.batch)),
            Cell(text=milliseconds(latency)),
            Cell(text=significant(point.figures.throughput)),
        ]
        if bound is not None:
            holds = check is not None and check.holds
            evidence = plain(evidence_words(check)) if check is not None else ""
            row.append(
                Cell(text="shown to hold" if holds else "not shown", kind="" if holds else "missing", hint=evidence)
            )
        rows.append((latency, tuple(row)))
    title = f"p{charts.percentile_of(view):g} ms"
    return Table(
        caption="Throughput against latency, the lowest latency first",
        header=("contender", "batch", title, "samples/s", *([bound_words(bound)] if bound is not None else [])),
        rows=tuple(row for _, row in sorted(rows, key=lambda pair: pair[0])),
        left=frozenset({0, 4}),
    )


def _parts_table(view: View) -> Table:
    """Return a table of the parts of an end-to-end iteration at every measured point."""
    rows = tuple(
        (
            Cell(text=view.names[point.contender], contender=point.contender),
            Cell(text=str(point.point.batch)),
            *(Cell(text=milliseconds(part)) for part in (parts.stage_ns, parts.run_ns, parts.fetch_ns)),
        )
        for point in view.points
        if point.figures is not None and (parts := point.figures.phases) is not None
    )
    return Table(
        caption="Parts of an iteration: medians",
        header=("contender", "batch", "stage ms", "run ms", "fetch ms"),
        rows=rows,
    )
