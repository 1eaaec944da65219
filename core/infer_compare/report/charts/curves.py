"""Charts over the batch size, and of throughput against latency.

Tooltips use the same metrics and formatting as the cells of tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import UNSET

from infer_compare.report.charts.data import BatchChart, FrontierChart, FrontierSeries, Mark, Series
from infer_compare.report.metrics import Place, metrics_of
from infer_compare.report.phrases import is_rough, milliseconds, missing_words
from infer_compare.report.readers import rough_throughput
from infer_compare.report.sentences.answers import bound_words
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import duration, rate, significant
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.metrics import Metric, TableName
    from infer_compare.report.schema import Curve, PointReport
    from infer_compare.report.sections.view import View


WIDE = 12.0
"""Figures further apart than this factor are drawn on a logarithmic axis."""


def percentile_of(view: View) -> float:
    """Return the latency percentile of the frontier: that of the bound, or the 95th."""
    bound = view.answer.answer.bound if view.answer is not None else None
    return bound.percentile if bound is not None else 95.0


def throughput_chart(view: View) -> BatchChart:
    """Return samples per second with their intervals."""
    chart: list[Series] = []
    for curve, series in _begun(view):
        for place in _measured(view, curve):
            figures = place.point.figures
            assert figures is not None
            spread, value = figures.spread or 0.0, figures.throughput
            text = f"{hover_text(place, 'throughput')}{_marks(place.point)}"
            series.add(place.point, value, text, (value * (1 - spread), value * (1 + spread)))
        for place in _places(view, curve):
            if is_rough(place.point):
                guess = rough_throughput(place)
                series.rough.append((place.point.point.batch, guess, f"~{significant(guess)} rough, never ranked"))
        chart.append(series)
    return BatchChart(y="samples/s", log=is_wide(chart), sizes=view.batches, series=_drawn(chart))


def small_multiples(view: View) -> list[tuple[View, BatchChart]]:
    """Return the throughput at each setting of the other axes, in charts with the same scales."""
    charts = [(setting, throughput_chart(setting)) for setting in view.settings if setting.document.curves]
    values = [value for _, chart in charts for value in _values(chart.series)]
    if not values:
        return []
    log, span = max(values) > WIDE * min(values), (min(values), max(values))
    return [
        (setting, msgspec.structs.replace(chart, log=log, sizes=view.batches, span=span)) for setting, chart in charts
    ]


def latency_chart(view: View) -> BatchChart:
    """Return the median latency of one call, with a band up to the 95th percentile."""
    chart: list[Series] = []
    for curve, series in _begun(view):
        for place in _measured(view, curve):
            figures = place.point.figures
            assert figures is not None
            p50, p95 = figures.latency_p50_ns / 1e6, figures.latency_p95_ns / 1e6
            series.add(place.point, p50, f"{hover_text(place, 'latency')}{_marks(place.point)}", (p50, p95))
        for point in filter(is_rough, curve.points):
            rough = point.rough_latency_ns or 0
            series.rough.append((point.point.batch, rough / 1e6, f"~{milliseconds(rough)} ms rough, never ranked"))
        chart.append(series)
    bound = view.document.plan.latency_bound_ns
    line = Mark(at=bound / 1e6, text=f"bound {duration(bound)}") if bound is not None else UNSET
    return BatchChart(y="ms", log=True, sizes=view.batches, series=_drawn(chart), line=line)


def metric_chart(view: View, metric: Metric) -> BatchChart:
    """Return the chart of a further metric (`--metrics`)."""
    chart: list[Series] = []
    for curve, series in _begun(view):
        for place in _measured(view, curve):
            value = metric.read(place)
            if isinstance(value, float):
                series.add(place.point, value, f"{metric.write(value)} {metric.unit}{_marks(place.point)}")
        chart.append(series)
    return BatchChart(
        y=metric.unit,
        log=is_wide(chart) and all(value > 0 for series in chart for value in series.y),
        sizes=view.batches,
        series=_drawn(chart),
    )


def frontier_chart(view: View) -> FrontierChart:
    """Return throughput against latency at the percentile of the bound."""
    percentile = percentile_of(view)
    bound = view.answer.answer.bound if view.answer is not None else None
    checks = {(check.contender, check.point): check for check in bound.checks} if bound is not None else {}
    chart: list[FrontierSeries] = []
    for curve in view.document.curves:
        series = FrontierSeries(c=curve.contender)
        for point in curve.points:
            if point.figures is None:
                continue
            check = checks.get((point.contender, point.point))
            latency = check.latency_ns if check is not None else point.figures.latency_p95_ns
            shown = "" if check is None else "; keeps the bound" if check.holds else "; not shown to keep the bound"
            series.x.append(latency / 1e6)
            series.y.append(point.figures.throughput)
            series.batch.append(point.point.batch)
            series.holds.append(check.holds if check is not None else True)
            series.text.append(
                f"{point.point}: {rate(point.figures.throughput)}, p{percentile:g} {duration(latency)}{shown}"
            )
        if series.x:
            chart.append(series)
    mark = Mark(at=bound.bound_ns / 1e6, text=bound_words(bound)) if bound is not None else UNSET
    heights = [y for series in chart for y in series.y]
    log = bool(heights) and max(heights) > WIDE * min(heights)
    return FrontierChart(x=f"p{percentile:g} latency, ms", log=log, series=chart, bound=mark)


def memory_chart(view: View, kind: Literal["resident", "allocated"]) -> BatchChart:
    """Return peak memory, with the sizes that ran out of memory and the largest size that fits according to a search."""
    resident = kind == "resident"
    plan = view.document.plan
    cap = plan.max_memory if resident else plan.max_device_memory
    chart: list[Series] = []
    sizes = set(view.batches)
    for curve, series in _begun(view):
        series.missing = []
        for point in curve.points:
            number = getattr(point.memory, kind, None)
            if number is not None:
                series.add(point, number, size(number))
        if resident or series.x:
            sizes |= _boundary(series, curve, kind)
            chart.append(series)
    line = Mark(at=cap, text=f"cap {size(cap)}") if cap is not None else UNSET
    return BatchChart(y="memory", log=True, sizes=sorted(sizes), series=_drawn(chart), line=line)


def hover_text(place: Place, table: TableName) -> str:
    """Return the figures of a point as a tooltip shows them: `5,434 ±2.1 %`, `p50 0.728, p95 0.765 ms`."""
    values = [(metric, value) for metric in metrics_of(table) if (value := metric.read(place)) is not None]
    first, _ = values[0]
    if not first.unit:
        return " ".join(
            [
                first.write(values[0][1]),
                *(f"{metric.title}{metric.write(at)} {metric.unit}" for metric, at in values[1:]),
            ]
        )
    return f"{', '.join(f'{metric.title} {metric.write(at)}' for metric, at in values)} {first.unit}"


def _begun(view: View) -> Iterator[tuple[Curve, Series]]:
    """Yield each curve with a series that has no points yet, only the sizes without figures."""
    for curve in view.document.curves:
        missing = [
            (point.point.batch, f"{missing_words(point)}: {plain(point.reason)}")
            for point in curve.points
            if point.figures is None and not is_rough(point) and point.outcome != "skipped"
        ]
        yield curve, Series(c=curve.contender, missing=missing)


def _places(view: View, curve: Curve) -> Iterator[Place]:
    contender = next(contender for contender in view.document.contenders if contender.label == curve.contender)
    return (Place(view.document, contender, point) for point in curve.points)


def _measured(view: View, curve: Curve) -> Iterator[Place]:
    return (place for place in _places(view, curve) if place.point.figures is not None)


def is_wide(series: Sequence[Series]) -> bool:
    """Return whether figures differ so much that an axis from zero would hide the small ones."""
    values = _values(series)
    return bool(values) and max(values) > WIDE * min(values)


def _values(series: Sequence[Series]) -> list[float]:
    """Return all figures above zero, including the ends of intervals."""
    values = [value for line in series for value in (*line.y, *line.low, *line.high) if value > 0]
    return values + [value for line in series for _, value, _ in line.rough if value > 0]


def _drawn(series: Sequence[Series]) -> list[Series]:
    return [line for line in series if line.x or line.rough or line.missing]


def _boundary(series: Series, curve: Curve, kind: Literal["resident", "allocated"]) -> set[int]:
    """Add the sizes at which the contender ran out of memory, and the largest size that fits according to a search.

    Returns:
        The added batch sizes.
    """
    failed = {point.point.batch for point in curve.points if point.outcome in {"out_of_memory", "limit_reached"}}
    boundary = curve.boundary
    if boundary is not None and boundary.smallest_failed is not None:
        failed.add(boundary.smallest_failed)
    mark = OUTCOME_KINDS["out_of_memory" if boundary is None or boundary.failure is None else boundary.failure].mark
    series.missing += [(batch, f"{mark} at batch {batch}") for batch in sorted(failed)]
    if boundary is None or boundary.largest_ran is None or boundary.largest_ran in series.x:
        return failed
    number = boundary.resident_bytes if kind == "resident" else boundary.allocated_bytes
    if number is not None:
        series.fits = (boundary.largest_ran, number, f"{size(number)}, the largest that ran")
        failed.add(boundary.largest_ran)
    return failed


def _marks(point: PointReport) -> str:
    """Return the marks of the tables, in words."""
    marks = [
        *(["shown to beat the others"] if point.fastest else []),
        *(flag.replace("_", " ") for flag in point.flags),
    ]
    return f" ({', '.join(marks)})" if marks else ""
