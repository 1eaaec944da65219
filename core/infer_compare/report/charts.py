"""What charts draw, as plain data for the script of the page and for pictures; every text in it is shown as text.

Latencies are in milliseconds, memory in bytes, throughputs in samples a second. A series names its contender by its label.
What a chart says in words on request is written by the table of figures that writes the cells of tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from infer_compare.report.metrics import Place, metrics_of
from infer_compare.report.phrases import is_rough, milliseconds, missing_words
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import duration, rate, significant
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.metrics import TableName
    from infer_compare.report.schema import Curve, PointReport, ReportDocument
    from infer_compare.report.sections.view import View


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A line across a chart."""

    at: float
    text: str


class Series(msgspec.Struct, kw_only=True):
    """A contender over the batch sizes."""

    c: str
    x: list[int] = []
    y: list[float] = []
    low: list[float] = []
    high: list[float] = []
    text: list[str] = []
    fastest: list[bool] = []
    flagged: list[bool] = []
    rough: list[tuple[int, float, str]] = []
    missing: list[tuple[int, str]] = []
    fits: tuple[int, float, str] | UnsetType = UNSET
    """The largest batch that ran, where a search found it beyond the measured ones."""

    def add(self, point: PointReport, y: float, text: str, band: tuple[float, float] | None = None) -> None:
        """Add a measured point, with what it says on request and the band around it."""
        self.x.append(point.point.batch)
        self.y.append(y)
        if band is not None:
            self.low.append(band[0])
            self.high.append(band[1])
        self.text.append(text)
        self.fastest.append(point.fastest)
        self.flagged.append(bool(point.flags))


class BatchChart(msgspec.Struct, frozen=True, kw_only=True):
    """A figure against the batch size."""

    kind: Literal["batch"] = "batch"
    y: str
    log: bool | UnsetType = UNSET
    sizes: list[int]
    series: list[Series]
    line: Mark | UnsetType = UNSET


class FrontierSeries(msgspec.Struct, kw_only=True):
    """A contender's throughputs against its latencies."""

    c: str
    x: list[float] = []
    y: list[float] = []
    batch: list[int] = []
    text: list[str] = []
    holds: list[bool] = []


class FrontierChart(msgspec.Struct, frozen=True, kw_only=True):
    """Throughput against latency."""

    kind: Literal["frontier"] = "frontier"
    x: str
    series: list[FrontierSeries]
    bound: Mark | UnsetType = UNSET


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One part of every bar."""

    name: str
    x: list[float]
    text: list[str]


class BarChart(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a whole, one bar for each contender."""

    kind: Literal["bars"] = "bars"
    x: str
    labels: list[str]
    places: list[str]
    """The contenders' labels."""
    series: list[Bar]
    share: bool | UnsetType = UNSET


ChartData = BatchChart | FrontierChart | BarChart


def percentile_of(view: View) -> float:
    """The percentile that the frontier is drawn at: that of the bound, or the 95th."""
    bound = view.answer.answer.bound if view.answer is not None else None
    return bound.percentile if bound is not None else 95.0


def throughput_chart(view: View) -> BatchChart:
    """Samples a second with their intervals."""
    found: list[Series] = []
    for curve, one in _begun(view):
        for place in _measured(view, curve):
            figures = place.point.figures
            assert figures is not None
            spread, value = figures.spread or 0.0, figures.throughput
            text = f"{told(place, 'throughput')}{_marks(place.point)}"
            one.add(place.point, value, text, (value * (1 - spread), value * (1 + spread)))
        for point in filter(is_rough, curve.points):
            guess = point.point.batch * 1e9 / (point.rough_latency_ns or 1)
            one.rough.append((point.point.batch, guess, f"~{significant(guess)} rough, never ranked"))
        found.append(one)
    return BatchChart(y="samples/s", sizes=view.batches, series=_drawn(found))


def latency_chart(view: View) -> BatchChart:
    """The median latency of one call, with a band up to the 95th percentile."""
    found: list[Series] = []
    for curve, one in _begun(view):
        for place in _measured(view, curve):
            figures = place.point.figures
            assert figures is not None
            p50, p95 = figures.latency_p50_ns / 1e6, figures.latency_p95_ns / 1e6
            one.add(place.point, p50, f"{told(place, 'latency')}{_marks(place.point)}", (p50, p95))
        for point in filter(is_rough, curve.points):
            rough = point.rough_latency_ns or 0
            one.rough.append((point.point.batch, rough / 1e6, f"~{milliseconds(rough)} ms rough, never ranked"))
        found.append(one)
    bound = view.document.plan.latency_bound_ns
    line = Mark(at=bound / 1e6, text=f"bound {duration(bound)}") if bound is not None else UNSET
    return BatchChart(y="ms", log=True, sizes=view.batches, series=_drawn(found), line=line)


def frontier_chart(view: View) -> FrontierChart:
    """Throughput against the latency that a bound is about."""
    percentile = percentile_of(view)
    bound = view.answer.answer.bound if view.answer is not None else None
    checks = {(one.contender, one.point): one for one in bound.checks} if bound is not None else {}
    found: list[FrontierSeries] = []
    for curve in view.document.curves:
        one = FrontierSeries(c=curve.contender)
        for point in curve.points:
            if point.figures is None:
                continue
            check = checks.get((point.contender, point.point))
            latency = check.latency_ns if check is not None else point.figures.latency_p95_ns
            shown = "" if check is None else "; keeps the bound" if check.holds else "; not shown to keep the bound"
            one.x.append(latency / 1e6)
            one.y.append(point.figures.throughput)
            one.batch.append(point.point.batch)
            one.holds.append(check.holds if check is not None else True)
            one.text.append(
                f"{point.point}: {rate(point.figures.throughput)}, p{percentile:g} {duration(latency)}{shown}"
            )
        if one.x:
            found.append(one)
    mark = Mark(at=bound.bound_ns / 1e6, text=bound.words) if bound is not None else UNSET
    return FrontierChart(x=f"p{percentile:g} latency, ms", series=found, bound=mark)


def memory_chart(view: View, kind: Literal["resident", "allocated"]) -> BatchChart:
    """Peak memory, with where it did not suffice and the largest size that a search found to fit."""
    resident = kind == "resident"
    plan = view.document.plan
    cap = plan.max_memory if resident else plan.max_device_memory
    found: list[Series] = []
    sizes = set(view.batches)
    for curve, one in _begun(view):
        one.missing = []
        for point in curve.points:
            number = getattr(point.memory, kind, None)
            if number is not None:
                one.add(point, number, size(number))
        if resident or one.x:
            sizes |= _boundary(one, curve, kind)
            found.append(one)
    line = Mark(at=cap, text=f"cap {size(cap)}") if cap is not None else UNSET
    return BatchChart(y="memory", log=True, sizes=sorted(sizes), series=_drawn(found), line=line)


def parts_chart(view: View) -> BarChart:
    """Shares of an end-to-end iteration, each contender at its best batch size."""
    bests = view.answer.answer.by_contender if view.answer is not None else ()
    own = [(best, best.figures.phases) for best in bests if best.figures.phases is not None]
    parts = {
        "stage": [phases.stage_ns for _, phases in own],
        "run": [phases.run_ns for _, phases in own],
        "fetch": [phases.fetch_ns for _, phases in own],
    }
    return BarChart(
        x="% of an iteration",
        labels=[f"{best.name}, {best.point}" for best, _ in own],
        places=[best.contender for best, _ in own],
        series=_bars(parts, 1e6),
        share=True,
    )


def start_up_chart(document: ReportDocument) -> BarChart:
    """What starting each contender costs, in seconds, by part."""
    own = [(one, one.start_up) for one in document.contenders if one.start_up is not None]
    parts = {
        "process": [cost.spawn_ns for _, cost in own],
        "import": [cost.import_ns for _, cost in own],
        "load": [cost.load_ns for _, cost in own],
        "to device": [cost.to_device_ns for _, cost in own],
        "first call": [cost.first_call_ns or 0.0 for _, cost in own],
    }
    labels = [one.label for one, _ in own]
    return BarChart(x="seconds", labels=[one.name for one, _ in own], places=labels, series=_bars(parts, 1e9))


def plain_data(chart: ChartData, places: dict[str, int]) -> dict[str, Any]:
    """Return a chart as the script reads it, which names contenders by their places on the page."""
    data: dict[str, Any] = msgspec.to_builtins(chart)
    if isinstance(chart, BarChart):
        return {**data, "places": [places[label] for label in chart.places]}
    return {**data, "series": [{**one, "c": places[one["c"]]} for one in data["series"]]}


def told(place: Place, table: TableName) -> str:
    """Return the figures of a point as they are told on request: `5,434 ±2.1 %`, `p50 0.728, p95 0.765 ms`."""
    values = [(metric, value) for metric in metrics_of(table) if (value := metric.read(place)) is not None]
    first, _ = values[0]
    if not first.unit:
        return " ".join(
            [first.write(values[0][1]), *(f"{one.title}{one.write(at)} {one.unit}" for one, at in values[1:])]
        )
    return f"{', '.join(f'{one.title} {one.write(at)}' for one, at in values)} {first.unit}"


def _begun(view: View) -> Iterator[tuple[Curve, Series]]:
    """Yield each curve with its series without points yet, but with the sizes that have no figures."""
    for curve in view.document.curves:
        missing = [
            (point.point.batch, f"{missing_words(point)}: {plain(point.reason)}")
            for point in curve.points
            if point.figures is None and not is_rough(point) and point.outcome != "skipped"
        ]
        yield curve, Series(c=curve.contender, missing=missing)


def _measured(view: View, curve: Curve) -> Iterator[Place]:
    contender = next(one for one in view.document.contenders if one.label == curve.contender)
    return (Place(view.document, contender, point) for point in curve.points if point.figures is not None)


def _drawn(series: Sequence[Series]) -> list[Series]:
    return [one for one in series if one.x or one.rough or one.missing]


def _boundary(one: Series, curve: Curve, kind: Literal["resident", "allocated"]) -> set[int]:
    """Add where the contender ran out of memory, and the largest size that a search found to fit.

    Returns:
        The batch sizes of what it added.
    """
    failed = {point.point.batch for point in curve.points if point.outcome in {"out_of_memory", "limit_reached"}}
    found = curve.boundary
    if found is not None and found.smallest_failed is not None:
        failed.add(found.smallest_failed)
    mark = OUTCOME_KINDS["out_of_memory" if found is None or found.failure is None else found.failure].mark
    one.missing += [(batch, f"{mark} at batch {batch}") for batch in sorted(failed)]
    if found is None or found.largest_ran is None or found.largest_ran in one.x:
        return failed
    number = found.resident_bytes if kind == "resident" else found.allocated_bytes
    if number is not None:
        one.fits = (found.largest_ran, number, f"{size(number)}, the largest that ran")
        failed.add(found.largest_ran)
    return failed


def _bars(parts: dict[str, list[float]], unit: float) -> list[Bar]:
    return [
        Bar(name=name, x=[value / unit for value in values], text=[f"{name} {duration(one)}" for one in values])
        for name, values in parts.items()
        if any(values)
    ]


def _marks(point: PointReport) -> str:
    """The marks of the tables, in words."""
    marks = [
        *(["shown to beat the others"] if point.fastest else []),
        *(flag.replace("_", " ") for flag in point.flags),
    ]
    return f" ({', '.join(marks)})" if marks else ""
