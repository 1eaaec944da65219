"""The three panels of a row: throughput, latency, and the frontier of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.figure.facets import frontier, latency_ms, measured, unfit
from infer_compare.report.figure.scales import batch_scale, figure_scale
from infer_compare.report.figure.style import GREY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from infer_compare.report.figure.facets import Facet
    from infer_compare.report.figure.style import Look

BAND = 0.18
"""How much of a band covers what is behind it."""
WIDEST = 1.5
"""How far below the lowest throughput of a curve its interval is shown, as a factor."""
MOST_LABELLED = 4
"""Of more contenders, those on the frontier alone have their batch sizes written beside them."""
LETTERING = "#333333"


def throughput_panel(axes: Axes, facet: Facet, look: Mapping[str, Look]) -> None:
    """Samples a second over batch size; bands are 95 % intervals, crosses at the foot did not run."""
    values: list[float] = []
    for curve in facet.curves:
        found = measured(curve)
        sizes = [size for size, _ in found]
        rates = [figures.throughput for _, figures in found]
        half = [min(figures.spread or 0.0, 0.95) for _, figures in found]
        low = [rate * (1 - share) for rate, share in zip(rates, half, strict=True)]
        high = [rate * (1 + share) for rate, share in zip(rates, half, strict=True)]
        # One very wide interval must not press everything else together: it runs out of the panel.
        values += [max(value, min(rates) / WIDEST) for value in [*low, *high]]
        _line(axes, facet, look[curve.contender], curve.contender, sizes, rates)
        axes.fill_between(sizes, low, high, color=look[curve.contender].colour, alpha=BAND, linewidth=0)
    _batches(axes, facet)
    if values:
        figure_scale(axes, "y", values)
    _crosses(axes, facet, look)
    axes.set_title("Throughput (samples/s), 95 % interval", loc="left")
    axes.set_xlabel("batch size")


def latency_panel(axes: Axes, facet: Facet, look: Mapping[str, Look]) -> None:
    """The median over batch size; bands reach up to the 95th percentile."""
    values: list[float] = []
    for curve in facet.curves:
        found = measured(curve)
        sizes = [size for size, _ in found]
        middle = [figures.latency_p50_ns / 1e6 for _, figures in found]
        high = [figures.latency_p95_ns / 1e6 for _, figures in found]
        values += [*middle, *high]
        _line(axes, facet, look[curve.contender], curve.contender, sizes, middle)
        axes.fill_between(sizes, middle, high, color=look[curve.contender].colour, alpha=BAND, linewidth=0)
    _batches(axes, facet)
    if values:
        figure_scale(axes, "y", values)
    axes.set_title("Latency (ms), p50 with band to p95", loc="left")
    axes.set_xlabel("batch size")


def frontier_panel(axes: Axes, facet: Facet, look: Mapping[str, Look]) -> None:
    """Throughput against latency; the grey line joins what nothing beats in both, numbers are batch sizes."""
    places: list[tuple[float, float]] = []
    candidates: list[tuple[float, float]] = []
    drawn: list[tuple[list[tuple[int, float, float]], int | None]] = []
    for curve in facet.curves:
        found = [
            (size, latency, figures.throughput)
            for size, figures in measured(curve)
            if (latency := latency_ms(figures, facet.percentile)) is not None
        ]
        own = [(latency, rate) for _, latency, rate in found]
        places += own
        candidates += own if curve.contender in facet.ranked else []
        own_look = look[curve.contender]
        axes.plot([x for x, _ in own], [y for _, y in own], **{**own_look.line, "linestyle": "none"})
        best = facet.best.get(curve.contender)
        for size, latency, rate in found:
            if size == best:
                axes.plot([latency], [rate], **{**own_look.line, "markerfacecolor": own_look.colour})
        drawn.append((found, best))
    edge = frontier(candidates)
    for found, best in drawn:
        # Numbers of many contenders would cover one another: those on the frontier matter most.
        if len(drawn) <= MOST_LABELLED or any((latency, rate) in edge for _, latency, rate in found):
            _batch_labels(axes, found, best)
    axes.plot([x for x, _ in edge], [y for _, y in edge], color=GREY, linewidth=2.6, alpha=0.35, zorder=1)
    if places:
        bound = [facet.bound_ms] if facet.bound_ms is not None else []
        figure_scale(axes, "x", [*(x for x, _ in places), *bound])
        figure_scale(axes, "y", [y for _, y in places])
    if facet.bound_ms is not None:
        axes.axvline(facet.bound_ms, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_title("Throughput (samples/s) by latency", loc="left")
    axes.set_xlabel(f"p{facet.percentile:g} latency (ms)")


def _line(axes: Axes, facet: Facet, look: Look, contender: str, sizes: Sequence[int], values: Sequence[float]) -> None:
    axes.plot(sizes, values, **look.line)
    best = facet.best.get(contender)
    for size, value in zip(sizes, values, strict=True):
        if size == best:
            axes.plot([size], [value], **{**look.line, "markerfacecolor": look.colour})


def _batches(axes: Axes, facet: Facet) -> None:
    sizes = [point.point.batch for curve in facet.curves for point in curve.points]
    if sizes:
        batch_scale(axes, sizes)


def _crosses(axes: Axes, facet: Facet, look: Mapping[str, Look]) -> None:
    """Side by side at the foot of the panel where several contenders failed at one size: a row for each."""
    failed = [curve for curve in facet.curves if unfit(curve)]
    for row, curve in enumerate(failed):
        sizes = [point.point.batch for point in unfit(curve)]
        axes.plot(
            sizes,
            [0.03 + 0.055 * row] * len(sizes),
            transform=axes.get_xaxis_transform(),
            color=look[curve.contender].colour,
            marker="x",
            markersize=3.5,
            markeredgewidth=0.9,
            linestyle="none",
            clip_on=False,
        )


def _batch_labels(axes: Axes, found: Sequence[tuple[int, float, float]], best: int | None) -> None:
    """The batch size at the ends and at the best: above its point, and at the last beside it."""
    for place, (size, latency, rate) in enumerate(found):
        if place not in {0, len(found) - 1} and size != best:
            continue
        beside = place == len(found) - 1 and place > 0
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
