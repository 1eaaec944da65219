"""The tables behind the charts: every figure that a chart draws, as the other formats write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.html.facets import is_rough
from infer_compare.report.html.tables import Cell, Table
from infer_compare.report.phrases import milliseconds, missing_words, size_words, spread_words
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import duration, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.facets import Facet
    from infer_compare.report.schema import PointReport, ReportDocument

    Row = Sequence[Cell]

_MARKS = {
    "fastest": "*: shown to beat every other contender at that size",
    "flagged": "!: see the notes",
    "rough": "~: rough, from exploring; never ranked",
}


def throughput_table(facet: Facet, known: Mapping[str, Contender]) -> Table:
    """Samples a second with their intervals, by batch size and contender."""
    made = _by_batch(facet, known, ("samples/s", "± %"), _throughput, "Throughput by batch size")
    present = {kind for row in made.rows for cell in row for kind in cell.kind.split()}
    return _noted(made, [text for kind, text in _MARKS.items() if kind in present])


def latency_table(facet: Facet, known: Mapping[str, Contender]) -> Table:
    """Medians and 95th percentiles of the latency of one call, by batch size and contender."""
    return _by_batch(facet, known, ("p50 ms", "p95 ms"), _latency, "Latency of one call by batch size, closed loop")


def memory_table(facet: Facet, known: Mapping[str, Contender]) -> Table:
    """Peak resident memory by batch size and contender."""
    return _by_batch(facet, known, ("resident",), _resident, "Peak resident memory by batch size")


def device_memory_table(facet: Facet, known: Mapping[str, Contender]) -> Table:
    """What a framework's own allocator tells, by batch size and contender; those that tell nothing are left out."""
    telling = tuple(curve for curve in facet.curves if any(_tells(point) for point in curve.points))
    own = msgspec.structs.replace(facet, curves=telling)
    return _by_batch(own, known, ("allocated", "reserved"), _device, "Peak memory by the framework's allocator")


def frontier_table(facet: Facet, known: Mapping[str, Contender], percentile: float) -> Table:
    """Every measured point from the lowest latency to the highest."""
    bound = facet.answer.answer.bound if facet.answer is not None else None
    checks = {(one.contender, one.point): one for one in bound.checks} if bound is not None else {}
    rows: list[tuple[float, Row]] = []
    for point in facet.points:
        if point.figures is None:
            continue
        check = checks.get((point.contender, point.point))
        latency = check.latency_ns if check is not None else point.figures.latency_p95_ns
        one = known[point.contender]
        row = [
            Cell(text=one.name, contender=one.place),
            Cell(text=size_words(point.point)),
            Cell(text=milliseconds(latency)),
            Cell(text=significant(point.figures.throughput)),
        ]
        if bound is not None:
            holds = check is not None and check.holds
            evidence = plain(check.evidence()) if check is not None else ""
            row.append(
                Cell(text="shown to hold" if holds else "not shown", kind="" if holds else "missing", hint=evidence)
            )
        rows.append((latency, row))
    return Table(
        caption="Throughput against latency, the lowest latency first",
        header=(
            "contender",
            "batch",
            f"p{percentile:g} ms",
            "samples/s",
            *([bound.words] if bound is not None else []),
        ),
        rows=tuple(tuple(row) for _, row in sorted(rows, key=lambda pair: pair[0])),
        left=frozenset({0, 4}),
    )


def start_up_table(document: ReportDocument, known: Mapping[str, Contender]) -> Table | None:
    """What it costs to get each contender going; None where no worker got as far as telling."""
    rows = [
        (
            Cell(text=one.name, contender=known[one.label].place),
            *(Cell(text=duration(part)) for part in (cost.spawn_ns, cost.import_ns, cost.load_ns, cost.to_device_ns)),
            Cell(
                text=f"{duration(cost.first_call_ns)} at {cost.first_call_at}" if cost.first_call_ns is not None else ""
            ),
        )
        for one in document.contenders
        if (cost := one.start_up) is not None
    ]
    header = ("contender", "process", "import", "load", "to device", "first call")
    return Table(caption="Start-up of the worker that explored", header=header, rows=tuple(rows)) if rows else None


def parts_table(facet: Facet, known: Mapping[str, Contender]) -> Table | None:
    """The parts of an end-to-end iteration at every measured point; None for other scopes."""
    rows = [
        (
            Cell(text=known[point.contender].name, contender=known[point.contender].place),
            Cell(text=size_words(point.point)),
            *(Cell(text=milliseconds(part)) for part in (parts.stage_ns, parts.run_ns, parts.fetch_ns)),
        )
        for point in facet.points
        if point.figures is not None and (parts := point.figures.phases) is not None
    ]
    header = ("contender", "batch", "stage ms", "run ms", "fetch ms")
    return Table(caption="Parts of an iteration: medians", header=header, rows=tuple(rows)) if rows else None


def _by_batch(
    facet: Facet,
    known: Mapping[str, Contender],
    titles: tuple[str, ...],
    tell: Callable[[PointReport], Row],
    caption: str,
) -> Table:
    by_curve = [{point.point.batch: point for point in curve.points} for curve in facet.curves]
    empty = [Cell(text="")] * len(titles)
    rows: list[Row] = []
    for batch in facet.batches:
        row = [Cell(text=str(batch))]
        for points in by_curve:
            row += tell(points[batch]) if batch in points else empty
        rows.append(row)
    owners = [known[curve.contender] for curve in facet.curves]
    return Table(
        caption=caption,
        header=("batch", *(title for _ in owners for title in titles)),
        rows=tuple(tuple(row) for row in rows),
        groups=((Cell(text=""), 1), *((Cell(text=one.name, contender=one.place), len(titles)) for one in owners)),
    )


def _noted(made: Table, notes: list[str]) -> Table:
    return msgspec.structs.replace(made, notes=tuple(notes))


def _throughput(point: PointReport) -> Row:
    found = point.figures
    if found is not None:
        kinds = [*(["fastest"] if point.fastest else []), *(["flagged"] if point.flags else [])]
        return [Cell(text=significant(found.throughput), kind=" ".join(kinds)), Cell(text=spread_words(found))]
    if is_rough(point):
        assert point.rough_latency_ns is not None
        told = f"~{significant(point.point.batch * 1e9 / point.rough_latency_ns)}"
        return [Cell(text=told, kind="rough", hint=point.reason), Cell(text="")]
    return [Cell(text=missing_words(point), kind="missing", hint=plain(point.reason)), Cell(text="")]


def _latency(point: PointReport) -> Row:
    found = point.figures
    if found is not None:
        return [Cell(text=milliseconds(found.latency_p50_ns)), Cell(text=milliseconds(found.latency_p95_ns))]
    if is_rough(point):
        return [Cell(text=f"~{milliseconds(point.rough_latency_ns or 0)}", kind="rough"), Cell(text="")]
    return [Cell(text=missing_words(point), kind="missing", hint=plain(point.reason)), Cell(text="")]


def _resident(point: PointReport) -> Row:
    if point.memory is None:
        return [Cell(text=missing_words(point), kind="missing", hint=plain(point.reason))]
    return [Cell(text=_size(point.memory.resident))]


def _device(point: PointReport) -> Row:
    if point.memory is None:
        return [Cell(text=missing_words(point), kind="missing", hint=plain(point.reason)), Cell(text="")]
    return [Cell(text=_size(point.memory.allocated)), Cell(text=_size(point.memory.reserved))]


def _tells(point: PointReport) -> bool:
    return point.memory is not None and point.memory.allocated is not None


def _size(number: int | None) -> str:
    return size(number) if number is not None else ""
