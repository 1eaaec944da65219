"""The curves as tables: side by side where the console is wide enough, else one block for each contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infer_compare.report.phrases import axes_words, milliseconds, missing_words, spread_words
from infer_compare.report.schema import Curve
from infer_compare.report.terminal.bars import Scale
from infer_compare.report.terminal.layout import INDENT, bullets, heading, indented, table
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import count, significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from infer_compare.report.schema import Axes, PointReport, ReportDocument
    from infer_compare.report.terminal.layout import Justify

MOST_SIZES = 16
"""More batch sizes than this are thinned out where not every point is asked for."""
BAR_WIDTHS = (10, 6, 4)
BLOCK_BAR = 16
VERBOSE_BAR = 4


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """The curves of one setting of the other axes; a renderable that chooses its layout by the width there is."""

    curves: tuple[Curve, ...]
    names: dict[str, str]
    sizes: tuple[int, ...]
    """The batch sizes that are shown."""
    scale: Scale | None
    verbose: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Side by side with the widest bars that fit, else in blocks."""
        unlimited = options.update(max_width=100_000)
        for width in () if self.verbose else BAR_WIDTHS:
            joint = self._side_by_side(width, ascii_only=options.ascii_only)
            if console.measure(joint, options=unlimited).maximum <= options.max_width:
                yield joint
                return
        yield from self._blocks(ascii_only=options.ascii_only)

    def _side_by_side(self, bar: int, *, ascii_only: bool) -> RenderableType:
        grid = Table.grid(padding=(0, 2, 0, 0))
        batches = table([("batch", "right")])
        for batch in self.sizes:
            batches.add_row(Text(str(batch)))
        columns: list[RenderableType] = [Group(Text(""), batches)]
        for curve in self.curves:
            own = table([(title, justify) for title, justify in _COLUMNS])
            own.padding = (0, 1, 0, 0)
            for cells in self._rows(curve, bar, ascii_only=ascii_only):
                own.add_row(*cells)
            columns.append(Group(self._title(curve), own))
        for _ in columns:
            grid.add_column(no_wrap=True)
        grid.add_row(*columns)
        return Padding(grid, (0, 0, 0, INDENT))

    def _blocks(self, *, ascii_only: bool) -> Iterable[RenderableType]:
        extra: list[tuple[str, Justify]] = (
            [("p99 ms", "right"), ("first ms", "right"), ("memory", "right")] if self.verbose else []
        )
        for place, curve in enumerate(self.curves):
            if place:
                yield Text("")
            yield indented(self._title(curve))
            own = table([("batch", "right"), *_COLUMNS, *extra])
            own.padding = (0, 1, 0, 0)
            rows = self._rows(curve, VERBOSE_BAR if self.verbose else BLOCK_BAR, ascii_only=ascii_only)
            points = {point.point.batch: point for point in curve.points}
            for batch, cells in zip(self.sizes, rows, strict=True):
                point = points.get(batch)
                more = _more(point) if self.verbose and point is not None else []
                # Sizes that this contender was never tried at would be empty lines here.
                if point is not None:
                    own.add_row(Text(str(batch)), *cells, *more)
            yield indented(own)

    def _title(self, curve: Curve) -> Text:
        return Text(plain(self.names[curve.contender]), style="bold", no_wrap=True, overflow="ellipsis")

    def _rows(self, curve: Curve, bar: int, *, ascii_only: bool) -> list[list[Text]]:
        points = {point.point.batch: point for point in curve.points}
        return [self._cells(points.get(batch), bar, ascii_only=ascii_only) for batch in self.sizes]

    def _cells(self, point: PointReport | None, bar: int, *, ascii_only: bool) -> list[Text]:
        if point is None:
            return [Text("")] * len(_COLUMNS)
        found = point.figures
        if found is not None:
            marks = ("*" if point.fastest else "") + ("!" if point.flags else "")
            return [
                Text(significant(found.throughput)),
                Text(spread_words(found)),
                Text(marks, style="green" if point.fastest else "yellow"),
                Text(self.scale.bar(found.throughput, bar, ascii_only=ascii_only) if self.scale else "", style="cyan"),
                Text(milliseconds(found.latency_p50_ns)),
                Text(milliseconds(found.latency_p95_ns)),
            ]
        if point.outcome == "measured" and point.rejected is None:
            rough = point.rough_latency_ns or 0
            told = f"~{significant(point.point.batch * 1e9 / rough)}" if rough > 0 else "-"
            latency = f"~{milliseconds(rough)}" if rough > 0 else ""
            return [Text(told, style="dim"), Text(""), Text(""), Text(""), Text(latency, style="dim"), Text("")]
        style = "dim" if point.outcome == "skipped" else "yellow"
        return [Text(missing_words(point), style=style), *[Text("")] * (len(_COLUMNS) - 1)]


_COLUMNS: tuple[tuple[str, Justify], ...] = (
    ("samples/s", "right"),
    ("±%", "right"),
    ("", "left"),
    ("", "left"),
    ("p50 ms", "right"),
    ("p95 ms", "right"),
)


def curves_section(document: ReportDocument, *, verbose: bool) -> list[RenderableType]:
    """The curves by setting of the other axes, and what the marks in them mean."""
    if not document.curves:
        return []
    names = {one.label: one.name for one in document.contenders}
    found: list[RenderableType] = [heading("curves", rest="throughput and latency by batch size")]
    scale = Scale.over(point.figures.throughput for point in _points(document.curves) if point.figures is not None)
    for axes in dict.fromkeys(curve.axes for curve in document.curves):
        own = tuple(curve for curve in document.curves if curve.axes == axes)
        if axes:
            found.append(indented(Text(axes_words(axes), style="bold")))
        every = sorted({point.point.batch for point in _points(own)})
        shown = every if verbose else _thinned(every, _kept(document, axes))
        found.append(Curves(curves=own, names=names, sizes=tuple(shown), scale=scale, verbose=verbose))
        if len(shown) < len(every):
            found.append(bullets([f"{len(shown)} of {count(len(every), 'batch size')} shown; -v shows all"]))
    legend = _legend(document, scale)
    return [*found, Text(""), bullets(legend)] if legend else found


def _points(curves: Iterable[Curve]) -> list[PointReport]:
    return [point for curve in curves for point in curve.points]


def _kept(document: ReportDocument, axes: Axes) -> set[int]:
    """Batch sizes that the answer and the memory boundary speak of."""
    kept: set[int] = set()
    for one in document.answers:
        if one.answer.axes == axes:
            kept |= {best.point.batch for best in one.answer.by_contender}
            checks = [check for row in one.under_bound for check in (row.best, row.largest)]
            kept |= {check.point.batch for check in checks if check is not None}
    boundaries = [curve.boundary for curve in document.curves if curve.axes == axes and curve.boundary is not None]
    kept |= {one.smallest_failed for one in boundaries if one.smallest_failed is not None}
    return kept


def _thinned(sizes: Sequence[int], kept: set[int]) -> list[int]:
    """All sizes if they are few; else the first, the last, powers of two, and those that are kept."""
    if len(sizes) <= MOST_SIZES:
        return list(sizes)
    return [one for one in sizes if one in {sizes[0], sizes[-1]} or one in kept or one & (one - 1) == 0]


def _more(point: PointReport) -> list[Text]:
    found = point.figures
    p99 = found.latency_p99_ns if found is not None else None
    resident = point.memory.resident if point.memory is not None else None
    return [
        Text("" if p99 is None else milliseconds(p99)),
        Text("" if point.first_call_ns is None else milliseconds(point.first_call_ns)),
        Text("" if resident is None else size(resident)),
    ]


def _timed(document: ReportDocument) -> str:
    if document.plan.scope == "dataset":
        return "time of a whole pass over the data set"
    return "latency of one call, closed loop"


def _legend(document: ReportDocument, scale: Scale | None) -> list[str]:
    points = _points(document.curves)
    entries: list[str] = []
    if scale is not None:
        entries.append(
            f"bars: samples/s on one log scale from {significant(scale.low)} to {significant(scale.high)}; "
            f"±%: 95 % interval of the throughput; p50, p95: {_timed(document)}"
        )
    if any(point.fastest for point in points):
        entries.append("*: shown to beat every other contender at that size")
    if any(point.flags for point in points):
        entries.append("!: see the notes")
    if any(point.outcome == "measured" and point.figures is None and point.rejected is None for point in points):
        entries.append("~: rough, from exploring; never ranked")
    if any(point.outcome == "out_of_memory" for point in points):
        entries.append("OOM: out of memory")
    return entries
