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
"""How much of a band covers what is behind it."""
WIDEST = 1.5
"""How far below the lowest throughput of a curve its interval is shown, as a factor."""
MOST_LABELLED = 4
"""Of more contenders, those on the frontier alone have their batch sizes written beside them."""
LETTERING = "#333333"
MARK_AREA = (12.0, 90.0)
"""Of a contender that takes little memory, and of the one that takes most, in square points."""


def throughput_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Samples a second over batch size; bands are 95 % intervals, crosses at the foot have no figures."""
    chart = row.throughput
    # On a logarithmic axis one very wide interval would press everything else together: it runs out of the panel.
    values = [
        max(value, min(one.y) / WIDEST) for one in chart.series if one.x for value in (*_above_zero(one.low), *one.high)
    ]
    _curves(axes, chart, look)
    _axes_of(axes, chart, values)
    _crosses(axes, chart, look)
    axes.set_title("Throughput (samples/s), 95 % interval", loc="left")


def latency_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """The median over batch size; bands reach up to the 95th percentile."""
    chart = row.latency
    _curves(axes, chart, look)
    _axes_of(axes, chart, [value for one in chart.series for value in (*one.y, *one.high)])
    axes.set_title("Latency (ms), p50 with band to p95", loc="left")


def frontier_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Throughput against latency; the grey line joins what nothing beats in both, numbers are batch sizes."""
    chart = row.frontier
    edge = frontier(place for one in chart.series if one.c in row.best for place in zip(one.x, one.y, strict=True))
    for one in chart.series:
        own, best = look[one.c], row.best.get(one.c)
        axes.plot(one.x, one.y, **{**own.line, "linestyle": "none"})
        _fill(axes, own, one.x, one.y, one.holds)
        # Numbers of many contenders would cover one another: those on the frontier matter most.
        if len(chart.series) <= MOST_LABELLED or any(place in edge for place in zip(one.x, one.y, strict=True)):
            _batch_labels(axes, one, best)
    axes.plot([x for x, _ in edge], [y for _, y in edge], color=GREY, linewidth=2.6, alpha=0.35, zorder=1)
    bound = [chart.bound.at] if chart.bound else []
    if chart.series:
        figure_scale(axes, "x", [*(x for one in chart.series for x in one.x), *bound])
        _heights(axes, [y for one in chart.series for y in one.y], log=chart.log)
    for at in bound:
        axes.axvline(at, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_title("Throughput (samples/s) by latency", loc="left")
    axes.set_xlabel(chart.x.replace(", ms", " (ms)"))


def accuracy_panel(axes: Axes, row: Row, look: Mapping[str, Look]) -> None:
    """Throughput against output error; marks have the area of the memory, and beyond the grey steps nothing is better in both."""
    chart = row.accuracy
    if chart is None:
        return
    # Marks are larger than in the other panels: they need room at the edges.
    figure_scale(axes, "x", [one.x * room for one in chart.series for room in (0.5, 2)])
    _heights(axes, [one.y * room for one in chart.series for room in (0.8, 1.2)], log=chart.log)
    axes.xaxis.set_major_formatter(lambda value, _: "exact" if value < 1.5 * chart.exact else short(value))
    most = max((one.memory or 0 for one in chart.series), default=0)
    for one in chart.series:
        own = look[one.c]
        area = max(MARK_AREA[0], MARK_AREA[1] * (one.memory or 0) / most) if most else MARK_AREA[0]
        axes.errorbar(one.x, one.y, yerr=one.half, color=own.colour, elinewidth=0.8)
        axes.scatter([one.x], [one.y], s=area, marker=own.marker, facecolors="white", edgecolors=own.colour, zorder=2)
    edge = frontier((one.x, one.y) for one in chart.series if one.c in row.best)
    steps = [*edge, *((axes.get_xlim()[1], y) for _, y in edge[-1:])]
    axes.step(
        [x for x, _ in steps], [y for _, y in steps], where="post", color=GREY, linewidth=2.6, alpha=0.35, zorder=1
    )
    axes.set_title("Throughput (samples/s) by output error; area: memory", loc="left")
    axes.set_xlabel("output error")


def _curves(axes: Axes, chart: BatchChart, look: Mapping[str, Look]) -> None:
    for one in chart.series:
        own = look[one.c]
        axes.plot(one.x, one.y, **own.line)
        _fill(axes, own, one.x, one.y, [fastest or len(chart.series) == 1 for fastest in one.fastest])
        axes.fill_between(one.x, [*_above_zero(one.low)], one.high, color=own.colour, alpha=BAND, linewidth=0)


def _above_zero(low: Iterable[float]) -> Iterable[float]:
    """The lower ends of intervals, which a logarithmic axis must have above zero."""
    return (max(value, 1e-9) for value in low)


def _fill(axes: Axes, look: Look, xs: Sequence[float], ys: Sequence[float], filled: Sequence[bool]) -> None:
    """Fill some marks, those that are filled on the page."""
    for x, y, yes in zip(xs, ys, filled, strict=True):
        if yes:
            axes.plot([x], [y], **{**look.line, "markerfacecolor": look.colour})


def _heights(axes: Axes, values: Sequence[float], *, log: bool) -> None:
    """Scale the y axis as the page does: from zero, unless figures differ too much for that."""
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
    """Side by side at the foot of the panel where several contenders have no figures at one size: a row for each."""
    for row, one in enumerate(one for one in chart.series if one.missing):
        axes.plot(
            [size for size, _ in one.missing],
            [0.03 + 0.055 * row] * len(one.missing),
            transform=axes.get_xaxis_transform(),
            color=look[one.c].colour,
            marker="x",
            markersize=3.5,
            markeredgewidth=0.9,
            linestyle="none",
            clip_on=False,
        )


def _batch_labels(axes: Axes, one: FrontierSeries, best: int | None) -> None:
    """The batch size at the ends and at the best: above its point, and at the last beside it."""
    for place, (size, latency, rate) in enumerate(zip(one.batch, one.x, one.y, strict=True)):
        if place not in {0, len(one.x) - 1} and size != best:
            continue
        beside = place == len(one.x) - 1 and place > 0
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
