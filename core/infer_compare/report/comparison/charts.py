"""Charts with the curves of both runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.charts.curves import is_wide
from infer_compare.report.charts.data import BatchChart, Series
from infer_compare.stats.wording import duration, rate, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.verdicts.unpaired import PointComparison
    from infer_compare.verdicts.unpaired.points import PointSide


def base_label(label: str) -> str:
    """Return the label of a contender of the base in charts; that of the new run keeps its label."""
    return f"{label}\nbase"


def throughput_chart(points: Sequence[PointComparison]) -> BatchChart:
    """Return samples a second in both runs with their intervals, over the batch size.

    Args:
        points: the points at one setting of the other axes.
    """

    def said(point: PointComparison, figures: PointSide) -> str:
        return f"{rate(figures.throughput)}; new is {ratio(point.ratio.ratio)}x of base: {point.verdict.value}"

    def values(figures: PointSide) -> tuple[float, float, float]:
        spread = figures.spread or 0.0
        return figures.throughput, figures.throughput * (1 - spread), figures.throughput * (1 + spread)

    return _chart(points, "samples/s", values, said)


def latency_chart(points: Sequence[PointComparison]) -> BatchChart:
    """Return the median latency of one call in both runs, in milliseconds, with bands up to the 95th percentile."""

    def said(_: PointComparison, figures: PointSide) -> str:
        return f"p50 {duration(figures.latency_p50_ns)}, p95 {duration(figures.latency_p95_ns)}"

    def values(figures: PointSide) -> tuple[float, float, float]:
        p50, p95 = figures.latency_p50_ns / 1e6, figures.latency_p95_ns / 1e6
        return p50, p50, p95

    return _chart(points, "ms", values, said)


def _chart(
    points: Sequence[PointComparison],
    unit: str,
    values: Callable[[PointSide], tuple[float, float, float]],
    said: Callable[[PointComparison, PointSide], str],
) -> BatchChart:
    series: list[Series] = []
    for label in dict.fromkeys(point.contender for point in points):
        curve = sorted((point for point in points if point.contender == label), key=lambda point: point.point)
        for key, which in ((base_label(label), "base"), (label, "new")):
            drawn = Series(c=key)
            for point in curve:
                figures: PointSide = getattr(point, which)
                drawn.x.append(point.point.batch)
                value, low, high = values(figures)
                drawn.y.append(value)
                drawn.low.append(low)
                drawn.high.append(high)
                drawn.text.append(said(point, figures))
                drawn.fastest.append(which == "new")
                drawn.flagged.append(False)
            series.append(drawn)
    return BatchChart(
        y=unit,
        log=unit == "ms" or is_wide(series),
        sizes=sorted({point.point.batch for point in points}),
        series=series,
    )
