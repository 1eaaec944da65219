"""The tables of a comparison: every batch size of both runs, the curves of both, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.comparison.charts import latency_chart, throughput_chart
from infer_compare.report.comparison.sentences import interval_words
from infer_compare.report.phrases import axes_words, milliseconds, size_words
from infer_compare.report.sections.blocks import (
    PAGE,
    Cell,
    Chart,
    Charts,
    Grid,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.words import size
from infer_compare.stats.wording import ratio, significant
from infer_compare.verdicts.looks import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.report.comparison.schema import ComparisonDocument, MemoryReport
    from infer_compare.report.sections.blocks import Row
    from infer_compare.verdicts.unpaired import PointComparison
    from infer_compare.verdicts.unpaired.points import PointSide

LEGEND = "base, new: samples/s; ratio: new over base, above 1 is faster"
KINDS: dict[Verdict, str] = {
    Verdict.FASTER: "verdict faster strong",
    Verdict.SLOWER: "verdict slower strong",
    Verdict.SAME: "verdict same",
    Verdict.INCONCLUSIVE: "verdict unsettled",
    Verdict.INVALID: "verdict invalid",
}


def point_cells(one: PointComparison) -> tuple[str, ...]:
    """The cells of one contender at one operating point."""
    return (
        size_words(one.point),
        significant(one.base.throughput),
        significant(one.new.throughput),
        f"{ratio(one.ratio.ratio)}x",
        interval_words(one.ratio) or "none",
        one.verdict.value,
    )


def tables(document: ComparisonDocument) -> Iterator[Section]:
    """Yield the curves, every batch size, and memory."""
    points = sorted(document.comparison.points, key=lambda one: (one.point.axes, one.point.batch))
    sizes = tuple(dict.fromkeys(size_words(one.point) for one in points))
    tables: dict[str, tuple[Cell, dict[str, Row]]] = {}
    for one in document.comparison.points:
        own = tables.setdefault(one.contender, (Cell(text=one.name, contender=one.contender), {}))
        stub, *figures, verdict = point_cells(one)
        own[1][stub] = (*(Cell(text=text) for text in figures), Cell(text=verdict, kind=KINDS[one.verdict]))
    grid = Grid(
        caption="All batch sizes",
        stub="batch",
        header=("base", "new", "ratio", "95 % interval", "verdict"),
        left=frozenset({4}),
        rows=sizes,
        tables=tuple((name, tuple(map(rows.get, sizes))) for name, rows in tables.values()),
    )
    if points:
        yield Section(title="Curves", page_title="", look="", blocks=tuple(_charts(document)))
    yield Section(
        title="All batch sizes",
        subtitle="verdicts not adjusted for their number",
        note="verdicts not adjusted for their number",
        blocks=(grid, Sentences(items=(LEGEND,))),
    )
    without = "facts, without a verdict"
    if rows := tuple(_metrics(document)):
        table = Table(
            caption="Measured besides",
            header=("contender", "batch", "figure", "base", "new", "ratio"),
            rows=rows,
            left=frozenset({0, 2}),
            wrap=frozenset({0, 2}),
        )
        yield Section(title="Measured besides", subtitle=without, note=without, blocks=(table,))
    if rows := tuple(row for one in document.memory for row in _memory(one)):
        table = Table(
            caption="Memory",
            header=("contender", "figure", "base", "new"),
            rows=rows,
            left=frozenset({0, 1}),
            wrap=frozenset({0, 1, 2, 3}),
        )
        yield Section(title="Memory", subtitle=without, note=without, blocks=(table,))


def _metrics(document: ComparisonDocument) -> Iterator[Row]:
    """Contender, batch size, metric, and its value in both runs."""
    for info in document.metrics:
        for one in document.comparison.points:
            base, new = (side.metrics.get(info.name) for side in (one.base, one.new))
            if base is None or new is None:
                continue
            words = (significant(base), significant(new), f"{ratio(new / base)}x" if base > 0 and new > 0 else "")
            what = f"{info.name.replace('_', ' ')} {info.full_unit}"
            yield (
                Cell(text=one.name, contender=one.contender),
                *(Cell(text=text) for text in (size_words(one.point), what, *words)),
            )


def _charts(document: ComparisonDocument) -> Iterator[Charts]:
    """The curves of both runs, for each setting of the other axes."""
    points = document.comparison.points
    for place, axes in enumerate(sorted({one.point.axes for one in points})):
        own = [one for one in points if one.point.axes == axes]
        where = f", {axes_words(axes)}" if axes else ""
        lead = "The new run is drawn with full marks, the base darker and hollow, in the same hue."
        yield Charts(
            charts=(
                Chart(
                    id=f"c{place}-throughput",
                    title=f"Throughput against batch size{where}",
                    lead=f"Samples a second. {lead}",
                    table=_chart_table(own, "samples/s", lambda one: significant(one.throughput)),
                    data=throughput_chart(own),
                ),
                Chart(
                    id=f"c{place}-latency",
                    title=f"Latency against batch size{where}",
                    lead=f"The median of one call in milliseconds. {lead}",
                    table=_chart_table(own, "p50 ms", lambda one: milliseconds(one.latency_p50_ns)),
                    data=latency_chart(own),
                ),
            ),
            media=PAGE,
        )


def _chart_table(points: list[PointComparison], unit: str, words: Callable[[PointSide], str]) -> Table:
    return Table(
        caption=f"{unit} in both runs",
        header=("contender", "batch", f"base {unit}", f"new {unit}"),
        rows=tuple(
            (
                Cell(text=one.name, contender=one.contender),
                *(Cell(text=text) for text in (size_words(one.point), words(one.base), words(one.new))),
            )
            for one in points
        ),
    )


def _memory(one: MemoryReport) -> Iterator[Row]:
    """Contender, figure, and its value in both runs."""
    name = Cell(text=f"{one.name} ({axes_words(one.axes)})" if one.axes else one.name, contender=one.contender)
    largest = (_largest(one.largest[side], one.failed[side]) for side in (0, 1))
    yield (name, *(Cell(text=text) for text in ("largest batch that ran", *largest)))
    for what, values in (("peak memory", one.resident_bytes), ("on the device", one.allocated_bytes)):
        if one.point is not None and any(value is not None for value in values):
            sizes = ("unknown" if value is None else size(value) for value in values)
            yield (name, *(Cell(text=text) for text in (f"{what} at {one.point}", *sizes)))


def _largest(largest: int | None, failed: int | None) -> str:
    told = "none" if largest is None else str(largest)
    if failed is not None:
        return f"{told} ({failed} did not fit)"
    return f"{told} (none failed)" if largest is not None else told
