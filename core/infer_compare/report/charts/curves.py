"""Charts against the batch size, and of throughput against latency.

What a chart says in words on request is written by the table of figures that writes the cells of tables.
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
            text = f"{hover_text(place, 'throughput')}{_marks(place.point)}"
            one.add(place.point, value, text, (value * (1 - spread), value * (1 + spread)))
        for place in _places(view, curve):
            if is_rough(place.point):
                guess = rough_throughput(place)
                one.rough.append((place.point.point.batch, guess, f"~{significant(guess)} rough, never ranked"))
        found.append(one)
    return BatchChart(y="samples/s", log=is_wide(found), sizes=view.batches, series=_drawn(found))


def small_multiples(view: View) -> list[tuple[View, BatchChart]]:
    """Return the throughput at each setting of the other axes, in charts that have the same axes."""
    charts = [(setting, throughput_chart(setting)) for setting in view.settings if setting.document.curves]
    values = [value for _, chart in charts for value in _values(chart.series)]
    if not values:
        return []
    log, span = max(values) > WIDE * min(values), (min(values), max(values))
    return [
        (setting, msgspec.structs.replace(chart, log=log, sizes=view.batches, span=span)) for setting, chart in charts
    ]


def latency_chart(view: View) -> BatchChart:
    """The median latency of one call, with a band up to the 95th percentile."""
    found: list[Series] = []
    for curve, one in _begun(view):
        for place in _measured(view, curve):
            figures = place.point.figures
            assert figures is not None
            p50, p95 = figures.latency_p50_ns / 1e6, figures.latency_p95_ns / 1e6
            one.add(place.point, p50, f"{hover_text(place, 'latency')}{_marks(place.point)}", (p50, p95))
        for point in filter(is_rough, curve.points):
            rough = point.rough_latency_ns or 0
            one.rough.append((point.point.batch, rough / 1e6, f"~{milliseconds(rough)} ms rough, never ranked"))
        found.append(one)
    bound = view.document.plan.latency_bound_ns
    line = Mark(at=bound / 1e6, text=f"bound {duration(bound)}") if bound is not None else UNSET
    return BatchChart(y="ms", log=True, sizes=view.batches, series=_drawn(found), line=line)


def metric_chart(view: View, metric: Metric) -> BatchChart:
    """A metric that was measured besides."""
    found: list[Series] = []
    for curve, one in _begun(view):
        for place in _measured(view, curve):
            value = metric.read(place)
            if isinstance(value, float):
                one.add(place.point, value, f"{metric.write(value)} {metric.unit}{_marks(place.point)}")
        found.append(one)
    return BatchChart(
        y=metric.unit,
        log=is_wide(found) and all(value > 0 for one in found for value in one.y),
        sizes=view.batches,
        series=_drawn(found),
    )


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
    mark = Mark(at=bound.bound_ns / 1e6, text=bound_words(bound)) if bound is not None else UNSET
    heights = [y for one in found for y in one.y]
    log = bool(heights) and max(heights) > WIDE * min(heights)
    return FrontierChart(x=f"p{percentile:g} latency, ms", log=log, series=found, bound=mark)


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


def hover_text(place: Place, table: TableName) -> str:
    """Return the figures of a point as a tooltip shows them: `5,434 ±2.1 %`, `p50 0.728, p95 0.765 ms`."""
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


def _places(view: View, curve: Curve) -> Iterator[Place]:
    contender = next(one for one in view.document.contenders if one.label == curve.contender)
    return (Place(view.document, contender, point) for point in curve.points)


def _measured(view: View, curve: Curve) -> Iterator[Place]:
    return (place for place in _places(view, curve) if place.point.figures is not None)


def is_wide(series: Sequence[Series]) -> bool:
    """Whether figures differ so much that an axis from zero would hide the small ones."""
    values = _values(series)
    return bool(values) and max(values) > WIDE * min(values)


def _values(series: Sequence[Series]) -> list[float]:
    """Every figure above zero, with the ends of intervals."""
    values = [value for one in series for value in (*one.y, *one.low, *one.high) if value > 0]
    return values + [value for one in series for _, value, _ in one.rough if value > 0]


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


def _marks(point: PointReport) -> str:
    """The marks of the tables, in words."""
    marks = [
        *(["shown to beat the others"] if point.fastest else []),
        *(flag.replace("_", " ") for flag in point.flags),
    ]
    return f" ({', '.join(marks)})" if marks else ""
