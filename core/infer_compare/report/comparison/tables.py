"""The tables and charts of a comparison: all batch sizes of both runs, their curves, and memory."""

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


def point_cells(comparison: PointComparison) -> tuple[str, ...]:
    """Return the cells of one contender at one operating point."""
    return (
        size_words(comparison.point),
        significant(comparison.base.throughput),
        significant(comparison.new.throughput),
        f"{ratio(comparison.ratio.ratio)}x",
        interval_words(comparison.ratio) or "none",
        comparison.verdict.value,
    )


def tables(document: ComparisonDocument) -> Iterator[Section]:
    """Yield the sections with the curves, all batch sizes, and memory."""
    points = sorted(document.comparison.points, key=lambda comparison: (comparison.point.axes, comparison.point.batch))
    sizes = tuple(dict.fromkeys(size_words(comparison.point) for comparison in points))
    tables: dict[str, tuple[Cell, dict[str, Row]]] = {}
    for comparison in document.comparison.points:
        entry = tables.setdefault(
            comparison.contender, (Cell(text=comparison.name, contender=comparison.contender), {})
        )
        stub, *figures, verdict = point_cells(comparison)
        entry[1][stub] = (*(Cell(text=text) for text in figures), Cell(text=verdict, kind=KINDS[comparison.verdict]))
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
    if rows := tuple(row for memory in document.memory for row in _memory(memory)):
        table = Table(
            caption="Memory",
            header=("contender", "figure", "base", "new"),
            rows=rows,
            left=frozenset({0, 1}),
            wrap=frozenset({0, 1, 2, 3}),
        )
        yield Section(title="Memory", subtitle=without, note=without, blocks=(table,))


def _metrics(document: ComparisonDocument) -> Iterator[Row]:
    """Yield rows of contender, batch size, metric, and its value in both runs."""
    for info in document.metrics:
        for comparison in document.comparison.points:
            base, new = (side.metrics.get(info.name) for side in (comparison.base, comparison.new))
            if base is None or new is None:
                continue
            words = (significant(base), significant(new), f"{ratio(new / base)}x" if base > 0 and new > 0 else "")
            what = f"{info.name.replace('_', ' ')} {info.full_unit}"
            yield (
                Cell(text=comparison.name, contender=comparison.contender),
                *(Cell(text=text) for text in (size_words(comparison.point), what, *words)),
            )


def _charts(document: ComparisonDocument) -> Iterator[Charts]:
    """Yield the curves of both runs for each setting of the other axes."""
    points = document.comparison.points
    for place, axes in enumerate(sorted({comparison.point.axes for comparison in points})):
        shown = [comparison for comparison in points if comparison.point.axes == axes]
        where = f", {axes_words(axes)}" if axes else ""
        lead = "The new run is drawn with full marks, the base darker and hollow, in the same hue."
        yield Charts(
            charts=(
                Chart(
                    id=f"c{place}-throughput",
                    title=f"Throughput against batch size{where}",
                    lead=f"Samples a second. {lead}",
                    table=_chart_table(shown, "samples/s", lambda comparison: significant(comparison.throughput)),
                    data=throughput_chart(shown),
                ),
                Chart(
                    id=f"c{place}-latency",
                    title=f"Latency against batch size{where}",
                    lead=f"The median of one call in milliseconds. {lead}",
                    table=_chart_table(shown, "p50 ms", lambda comparison: milliseconds(comparison.latency_p50_ns)),
                    data=latency_chart(shown),
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
                Cell(text=point.name, contender=point.contender),
                *(Cell(text=text) for text in (size_words(point.point), words(point.base), words(point.new))),
            )
            for point in points
        ),
    )


def _memory(memory: MemoryReport) -> Iterator[Row]:
    """Yield rows of contender, figure, and its value in both runs."""
    name = Cell(
        text=f"{memory.name} ({axes_words(memory.axes)})" if memory.axes else memory.name, contender=memory.contender
    )
    largest = (_largest(memory.largest[side], memory.failed[side]) for side in (0, 1))
    yield (name, *(Cell(text=text) for text in ("largest batch that ran", *largest)))
    for what, values in (("peak memory", memory.resident_bytes), ("on the device", memory.allocated_bytes)):
        if memory.point is not None and any(value is not None for value in values):
            sizes = ("unknown" if value is None else size(value) for value in values)
            yield (name, *(Cell(text=text) for text in (f"{what} at {memory.point}", *sizes)))


def _largest(largest: int | None, failed: int | None) -> str:
    words = "none" if largest is None else str(largest)
    if failed is not None:
        return f"{words} ({failed} did not fit)"
    return f"{words} (none failed)" if largest is not None else words
