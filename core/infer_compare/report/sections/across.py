"""The section over all settings of the other axes: the mix, where the winner changes, and the winner of every cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.interfaces import OperatingPoint
from infer_compare.report.charts.curves import small_multiples
from infer_compare.report.phrases import axes_words
from infer_compare.report.sections.blocks import (
    EVERYWHERE,
    PAGE,
    Cell,
    Chart,
    Charts,
    Headline,
    Paragraph,
    Section,
    Sentences,
    Table,
)
from infer_compare.report.sections.curve_tables import MARKS
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.report.schema import PointReport
    from infer_compare.report.sections.blocks import AnyBlock, Medium
    from infer_compare.report.sections.view import View
    from infer_compare.verdicts.mixes import MixAnswer

LEVELS = 5
"""Number of shades of a heat map."""
MOST_MULTIPLES = 16
"""The most small charts that can still be compared with each other."""


def across(view: View) -> Section | None:
    """Return the section; None if the batch is the only axis."""
    mix = view.document.across
    if mix is None:
        return None
    return Section(
        title="Over all settings",
        heading="over all settings",
        subtitle="which contender wins where",
        look="card across",
        blocks=tuple(_blocks(view)),
    )


def across_answer(view: View, media: frozenset[Medium] = EVERYWHERE) -> Iterator[AnyBlock]:
    """Yield the headline of the mix, and where the winner changes; nothing if the batch is the only axis."""
    mix = view.document.across
    if mix is None:
        return
    if mix.mix_headline:
        estimate = mix.mix is None or not mix.mix_headline.startswith("Use")
        yield Headline(text=mix.mix_headline, standing="estimate" if estimate else "shown", media=media)
    yield Paragraph(text=mix.changes, tone="strong", media=media)
    if mix.limits_headline:
        yield Paragraph(text=mix.limits_headline, tone="strong", media=media)


def _blocks(view: View) -> Iterator[AnyBlock]:
    mix = view.document.across
    assert mix is not None
    yield from across_answer(view, PAGE)
    if mix.limits:
        yield Sentences(items=tuple(limit.sentence for limit in mix.limits), tone="aside")
    if mix.mix is not None:
        yield Sentences(items=mix.mix_sentences, tone="aside")
        yield Paragraph(text="Over the mix, samples/s:", tone="strong")
        yield _mix_table(mix.mix)
    if any(point.figures is not None for point in view.points):
        yield Paragraph(text="The fastest contender of every cell:", tone="strong")
        yield _winners(view)
        yield from _multiples(view)
        for label in dict.fromkeys(curve.contender for curve in view.document.curves):
            yield Paragraph(text=f"{view.names[label]}, samples/s:", tone="strong")
            yield _matrix(view, label)


def _multiples(view: View) -> Iterator[AnyBlock]:
    """Yield a small chart for each setting, unless there are too many."""
    multiples = small_multiples(view)
    if not 1 < len(multiples) <= MOST_MULTIPLES:
        return
    yield Paragraph(
        text="Throughput by batch size, samples/s; all charts have the same axes:", tone="strong", media=PAGE
    )
    yield Charts(
        charts=tuple(
            Chart(id=f"{view.key}m{place}-throughput", title=axes_words(setting.axes), data=chart)
            for place, (setting, chart) in enumerate(multiples)
        ),
        small=True,
        media=PAGE,
    )


def _mix_table(mix: MixAnswer) -> Table:
    return Table(
        caption="Throughput over the mix, samples/s",
        header=("contender", "samples/s", "at least", "at most", "all padded"),
        rows=tuple(
            (
                Cell(text=best.name, contender=best.contender),
                *(
                    Cell(text="" if value is None else significant(value))
                    for value in (best.throughput, best.low, best.high, best.padded)
                ),
            )
            for best in mix.by_contender
        ),
        look="compact",
    )


def _winners(view: View) -> Table:
    """Return the table of the fastest contender in every cell."""
    best: dict[OperatingPoint, PointReport] = {}
    for point in view.points:
        known = best.get(point.point)
        if point.figures is not None and (known is None or _rate(known) < _rate(point)):
            best[point.point] = point

    def cell(point: OperatingPoint) -> Cell:
        best_point = best.get(point)
        if best_point is None:
            return Cell(text="", kind="missing")
        return Cell(text=f"{view.names[best_point.contender]}{' *' if best_point.fastest else ''}")

    return Table(
        caption="The fastest contender of every cell",
        header=(_stub(view), *(f"batch {batch}" for batch in view.batches)),
        rows=_rows(view, cell),
        left=frozenset(range(len(view.batches) + 1)),
        wrap=frozenset(range(len(view.batches) + 1)),
        notes=(MARKS["fastest"],),
    )


def _matrix(view: View, label: str) -> Table:
    """Return the throughput of one contender in every cell, shaded by its share of the highest throughput there."""
    points = {point.point: point for point in view.points if point.contender == label}
    instances = next(contender.instances for contender in view.document.contenders if contender.label == label)
    highest: dict[OperatingPoint, float] = {}
    for point in view.points:
        if point.figures is not None:
            highest[point.point] = max(highest.get(point.point, 0.0), _rate(point))

    def cell(point: OperatingPoint) -> Cell:
        row = points.get(point)
        if row is not None and row.predicted_latency_ns is not None:
            rate = instances * point.batch * 1e9 / row.predicted_latency_ns
            return Cell(text=f"\N{ALMOST EQUAL TO}{significant(rate)}", kind="predicted", hint=row.reason, faint=True)
        if row is None or row.figures is None:
            return Cell(text="", kind="missing")
        level = min(LEVELS - 1, int(LEVELS * _rate(row) / highest[point]))
        return Cell(text=significant(_rate(row)), kind=f"heat heat{level}" + (" fastest" if row.fastest else ""))

    return Table(
        caption=f"{view.names[label]}, samples/s",
        header=(_stub(view), *(f"batch {batch}" for batch in view.batches)),
        rows=_rows(view, cell),
        look="heatmap",
        notes=(MARKS["predicted"],) if any(point.predicted_latency_ns is not None for point in points.values()) else (),
    )


def _rows(view: View, cell: Callable[[OperatingPoint], Cell]) -> tuple[tuple[Cell, ...], ...]:
    settings = dict.fromkeys(curve.axes for curve in view.document.curves)
    return tuple(
        (
            Cell(text=", ".join(str(size) for _, size in setting)),
            *(cell(OperatingPoint(batch, setting)) for batch in view.batches),
        )
        for setting in settings
    )


def _stub(view: View) -> str:
    return ", ".join(name for name, _ in view.document.curves[0].axes)


def _rate(point: PointReport) -> float:
    return point.figures.throughput if point.figures is not None else 0.0
