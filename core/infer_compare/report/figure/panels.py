"""The panels of a row: throughput, latency, the frontier of the two, and throughput against output error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.figure.rows import frontier
from infer_compare.report.figure.scales import batch_scale, figure_scale, short, zero_scale
from infer_compare.report.figure.style import GREY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes

    from infer_compare.report.charts.data import BatchChart, FrontierSeries
    from infer_compare.report.figure.rows import Row
    from infer_compare.report.figure.style import Look

BAND = 0.18
"""Opacity of bands."""
WIDEST = 1.5
"""How far below the lowest throughput of a curve its interval is shown, as a factor."""
MOST_LABELLED = 4
"""With more contenders, only points on the frontier are labelled with their batch sizes."""
LETTERING = "#333333"
MARK_AREA = (12.0, 90.0)
"""Area of the marks of the contenders with the least and the most memory, in square points."""


def throughput_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Draw samples per second over batch size, with 95 % intervals as bands, and crosses at the bottom for missing figures."""
    chart = row.throughput
    # A very wide interval is clipped: on a logarithmic axis it would squeeze everything else.
    values = [
        max(value, min(series.y) / WIDEST)
        for series in chart.series
        if series.x
        for value in (*_above_zero(series.low), *series.high)
    ]
    _curves(axes, chart, look)
    _axes_of(axes, chart, values)
    _crosses(axes, chart, look)
    axes.set_title("Throughput (samples/s), 95 % interval", loc="left")


def latency_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Draw the median latency over batch size, with bands up to the 95th percentile."""
    chart = row.latency
    _curves(axes, chart, look)
    _axes_of(axes, chart, [value for series in chart.series for value in (*series.y, *series.high)])
    axes.set_title("Latency (ms), p50 with band to p95", loc="left")


def frontier_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Draw throughput against latency; the grey line joins points that no other beats in both, numbers are batch sizes."""
    chart = row.frontier
    edge = frontier(
        place for series in chart.series if series.c in row.best for place in zip(series.x, series.y, strict=True)
    )
    for series in chart.series:
        style, best = look[series.c], row.best.get(series.c)
        axes.plot(series.x, series.y, **{**style.line, "linestyle": "none"})
        _fill(axes, style, series.x, series.y, series.holds)
        # The labels of many contenders would overlap: those on the frontier matter most.
        if len(chart.series) <= MOST_LABELLED or any(place in edge for place in zip(series.x, series.y, strict=True)):
            _batch_labels(axes, series, best)
    axes.plot([x for x, _ in edge], [y for _, y in edge], color=GREY, linewidth=2.6, alpha=0.35, zorder=1)
    bound = [chart.bound.at] if chart.bound else []
    if chart.series:
        figure_scale(axes, "x", [*(x for series in chart.series for x in series.x), *bound])
        _heights(axes, [y for series in chart.series for y in series.y], log=chart.log)
    for at in bound:
        axes.axvline(at, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_title("Throughput (samples/s) by latency", loc="left")
    axes.set_xlabel(chart.x.replace(", ms", " (ms)"))


def accuracy_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Draw throughput against output error; the area of a mark is its memory, the grey steps join points that no other beats."""
    chart = row.accuracy
    if chart is None:
        return
    # Marks are larger than in the other panels and need room at the edges.
    figure_scale(axes, "x", [series.x * room for series in chart.series for room in (0.5, 2)])
    _heights(axes, [series.y * room for series in chart.series for room in (0.8, 1.2)], log=chart.log)
    axes.xaxis.set_major_formatter(lambda value, _: "exact" if value < 1.5 * chart.exact else short(value))
    most = max((series.memory or 0 for series in chart.series), default=0)
    for series in chart.series:
        style = look[series.c]
        area = max(MARK_AREA[0], MARK_AREA[1] * (series.memory or 0) / most) if most else MARK_AREA[0]
        axes.errorbar(series.x, series.y, yerr=series.half, color=style.colour, elinewidth=0.8)
        axes.scatter(
            [series.x], [series.y], s=area, marker=style.marker, facecolors="white", edgecolors=style.colour, zorder=2
        )
    edge = frontier((series.x, series.y) for series in chart.series if series.c in row.best)
    steps = [*edge, *((axes.get_xlim()[1], y) for _, y in edge[-1:])]
    axes.step(
        [x for x, _ in steps], [y for _, y in steps], where="post", color=GREY, linewidth=2.6, alpha=0.35, zorder=1
    )
    axes.set_title("Throughput (samples/s) by output error; area: memory", loc="left")
    axes.set_xlabel("output error")


def _curves(axes: Axes, chart: BatchChart, look: Mapping[str, Look]) -> None:
    for series in chart.series:
        style = look[series.c]
        axes.plot(series.x, series.y, **style.line)
        _fill(axes, style, series.x, series.y, [fastest or len(chart.series) == 1 for fastest in series.fastest])
        axes.fill_between(
            series.x, [*_above_zero(series.low)], series.high, color=style.colour, alpha=BAND, linewidth=0
        )


def _above_zero(low: Iterable[float]) -> Iterable[float]:
    """Return the lower ends of intervals, raised above zero for a logarithmic axis."""
    return (max(value, 1e-9) for value in low)


def _fill(axes: Axes, look: Look, xs: Sequence[float], ys: Sequence[float], filled: Sequence[bool]) -> None:
    """Fill the marks that are filled on the page."""
    for x, y, yes in zip(xs, ys, filled, strict=True):
        if yes:
            axes.plot([x], [y], **{**look.line, "markerfacecolor": look.colour})


def _heights(axes: Axes, values: Sequence[float], *, log: bool) -> None:
    """Scale the y axis as the page does: from zero, or logarithmically if figures differ too much."""
    if log:
        figure_scale(axes, "y", values)
    else:
        zero_scale(axes, values)


def _axes_of(axes: Axes, chart: BatchChart, values: Sequence[float]) -> None:
    if chart.sizes:
        batch_scale(axes, chart.sizes)
    if values:
        _heights(axes, values, log=chart.log)
    axes.set_xlabel("batch size")


def _crosses(axes: Axes, chart: BatchChart, look: Mapping[str, Look]) -> None:
    """Draw crosses for missing figures at the bottom of the panel, in a row for each contender."""
    for row, series in enumerate(series for series in chart.series if series.missing):
        axes.plot(
            [size for size, _ in series.missing],
            [0.03 + 0.055 * row] * len(series.missing),
            transform=axes.get_xaxis_transform(),
            color=look[series.c].colour,
            marker="x",
            markersize=3.5,
            markeredgewidth=0.9,
            linestyle="none",
            clip_on=False,
        )


def _batch_labels(axes: Axes, series: FrontierSeries, best: int | None) -> None:
    """Label the first, the best and the last point with the batch size: above the point, the last one beside it."""
    for place, (size, latency, rate) in enumerate(zip(series.batch, series.x, series.y, strict=True)):
        if place not in {0, len(series.x) - 1} and size != best:
            continue
        beside = place == len(series.x) - 1 and place > 0
        axes.annotate(
            str(size),
            (latency, rate),
            xytext=(3.5, 0) if beside else (0, 3.5),
            textcoords="offset points",
            ha="left" if beside else "center",
            va="center_baseline" if beside else "bottom",
            fontsize=5.5,
            color=LETTERING,
        )
