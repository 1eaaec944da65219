"""The trade-offs between contenders that differ in precision or other settings: accuracy, throughput, memory, compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.charts.accuracy import accuracy_chart
from infer_compare.report.metrics import BY_NAME, Place
from infer_compare.report.phrases import size_words
from infer_compare.report.sections.blocks import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Chart,
    Charts,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import count, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.charts.data import AccuracyChart
    from infer_compare.report.metrics import Metric
    from infer_compare.report.sections.blocks import AnyBlock, Medium, Row
    from infer_compare.report.sections.view import View

FIRST = ("output_error", "throughput", "precision", "threads", "instances", "latency_p95_ms", "spread")
"""Figures of the first table in a terminal; the last are dropped first if there is little room."""
SECOND = ("resident_bytes", "largest_fitting", "compile_ms", "same_top1")
"""Figures of the second table in a terminal; other formats have a single table."""
WHERE_DIFFERENT = {"precision", "threads", "instances", "same_top1"}
COMPILE_MATTERS_MS = 500.0
NOTABLE_ERROR = 1e-3
"""Output errors below this are usual for float32."""
TITLE = "Accuracy, throughput, memory"
NOTE = "each contender at its best batch size"


def accuracy(view: View) -> Section | None:
    """Return a table of all contenders, and on the page a chart; None if contenders do not differ in their settings."""
    if view.page or len(view.settings) <= 1:
        blocks = tuple(_blocks(view))
    else:
        blocks = tuple(block for setting in view.settings for block in _blocks(setting))
    if not blocks:
        return None
    return Section(title=TITLE, subtitle=NOTE, note=NOTE, blocks=blocks)


def accuracy_charts(view: View) -> Section | None:
    """Return the section of the page with only the chart."""
    data = chart_data(view)
    if data is None:
        return None
    chart = Chart(
        id=f"{view.key}-accuracy",
        title="Throughput against output error",
        lead="Each contender at its best batch size; up and to the left is better. A larger mark takes more memory. "
        "On the grey steps nothing measured is better in both.",
        table=_chart_table(_places(view)),
        data=data,
    )
    return Section(title=TITLE, page_title="", look="", blocks=(Charts(charts=(chart,), media=PAGE),))


def chart_data(view: View) -> AccuracyChart | None:
    """Return the data of the chart; None if contenders do not differ, or fewer than two have both figures."""
    places = _places(view)
    data = accuracy_chart(places) if _differ(places) else None
    return data if data is not None and len(data.series) > 1 else None


def _blocks(view: View) -> Iterator[AnyBlock]:
    places = _places(view)
    if not _differ(places):
        return
    first, second = (tuple(_shown(places, names)) for names in (FIRST, SECOND))
    yield _table(view, places, first, TERMINAL)
    if second:
        yield _table(view, places, second, TERMINAL)
    yield _table(view, places, (*first, *second), MARKDOWN | PAGE)
    if remarks := tuple(map(plain, _remarks(view, places))):
        yield Sentences(items=remarks, tone="aside")


def _places(view: View) -> list[Place]:
    """Return each contender at its best batch, or if it is not ranked at its size with the highest throughput."""
    document = view.document
    bests = {best.contender: best.point for report in document.answers for best in report.answer.by_contender}
    points = []
    for contender in document.contenders:
        own = [point for point in view.points if point.contender == contender.label]
        best = bests.get(contender.label)
        measured = [point for point in own if point.figures is not None] or own
        at = next((point for point in own if point.point == best), None) or max(
            measured, key=lambda point: point.figures.throughput if point.figures else 0.0, default=None
        )
        if at is not None:
            # The worst output error over all sizes, as in other statements about a contender.
            at = msgspec.structs.replace(at, output_error=contender.output_error)
            points.append(Place(document, contender, at))
    order = list(bests)
    return sorted(
        points, key=lambda place: order.index(place.contender.label) if place.contender.label in bests else len(order)
    )


def _differ(places: list[Place]) -> bool:
    """Return whether contenders differ in precision, threads, instances, options or outputs."""
    contenders = [place.contender for place in places]
    backends = [contender.backend for contender in contenders]
    return len(places) > 1 and (
        len(set(backends)) < len(backends)
        or len(
            {
                (contender.precision, contender.threads, contender.instances)
                for contender in contenders
                if contender.precision is not None
            }
        )
        > 1
        or _notable(places)
    )


def _notable(places: list[Place]) -> bool:
    """Return whether some contender's output error exceeds what is usual for float32."""
    errors = [place.contender.output_error for place in places]
    return any(error.relative > NOTABLE_ERROR for error in errors if error is not None) or any(
        place.contender.deviates for place in places
    )


def _table(view: View, places: list[Place], metrics: tuple[Metric, ...], media: frozenset[Medium]) -> Table:
    return Table(
        caption=f"{TITLE}: {NOTE}",
        header=("contender", "batch", *(_title(metric, media) for metric in metrics)),
        rows=tuple(_row(view, place, metrics) for place in places),
        wrap=frozenset({0, 1}),
        look="compact tight",
        media=media,
    )


def _title(metric: Metric, media: frozenset[Medium]) -> str:
    is_brief = media == TERMINAL or metric.name == "resident_bytes"
    return metric.brief if is_brief and metric.brief else metric.column


def _shown(places: list[Place], names: tuple[str, ...]) -> Iterator[Metric]:
    """Yield the known figures, the settings that differ, and the duration of the first call if it is long."""
    for name in names:
        metric = BY_NAME[name]
        values = [metric.read(place) for place in places]
        if all(value is None for value in values):
            continue
        if name in WHERE_DIFFERENT and len(set(values)) == 1:
            continue
        if name == "output_error" and not _notable(places):
            continue
        if name == "compile_ms" and max(float(value or 0.0) for value in values) < COMPILE_MATTERS_MS:
            continue
        yield metric


def _row(view: View, place: Place, metrics: tuple[Metric, ...]) -> Row:
    contender = place.contender
    excluded = {exclusion.contender for exclusion in view.document.excluded}
    cells = []
    for metric in metrics:
        value = metric.read(place)
        text, kind = "" if value is None else metric.write(value), ""
        if metric.name == "output_error" and contender.deviates:
            text, kind = f"{text} !", "doubt"
        if metric.name == "throughput" and value is None and contender.label in excluded:
            text, kind = "not ranked", "missing"
        if metric.name == "threads" and _crowd(view, place):
            text, kind = f"{text} !", "doubt"
        cells.append(Cell(text=text, kind=kind))
    return (Cell(text=contender.name, contender=contender.label), Cell(text=size_words(place.point.point)), *cells)


def _crowd(view: View, place: Place) -> int:
    """Return the total threads of a contender if they exceed the cores, else 0."""
    busy = place.contender.threads * place.contender.instances
    return busy if busy > view.document.environment.usable_cores else 0


def _remarks(view: View, places: list[Place]) -> Iterator[str]:
    cores = count(view.document.environment.usable_cores, "core")
    if any(place.contender.deviates for place in places):
        yield "! beside an output error: beyond the tolerance of its precision, ranked because of --allow-error"
    for place in places:
        if busy := _crowd(view, place):
            yield f"{place.contender.name} is oversubscribed: {count(busy, 'thread')} on {cores}"
    compiled = [BY_NAME["compile_ms"].read(place) for place in places]
    if any(isinstance(value, float) and value >= COMPILE_MATTERS_MS for value in compiled):
        yield "first call: in a fresh process, compiling included; throughput and latency do not contain it"


def _chart_table(places: list[Place]) -> Table:
    rows = []
    for place in places:
        figures, error, memory = place.point.figures, place.contender.output_error, place.point.memory
        if figures is None:
            continue
        texts = (
            "" if error is None else f"{error.relative:.2g}",
            significant(figures.throughput),
            "" if memory is None or memory.resident is None else size(memory.resident),
        )
        name = Cell(text=place.contender.name, contender=place.contender.label)
        rows.append((name, *(Cell(text=text) for text in texts)))
    return Table(
        caption="Output error, throughput and memory",
        header=("contender", "output error", "samples/s", "memory"),
        rows=tuple(rows),
    )
