"""The curves of a report as a plotly figure, with the data and colours of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from infer_compare.errors import UsageError
from infer_compare.report.charts import curves
from infer_compare.report.charts.data import Series
from infer_compare.report.charts.palette import SYMBOLS, colours
from infer_compare.report.extras import needed
from infer_compare.report.phrases import axes_words
from infer_compare.report.sections.accuracy import chart_data
from infer_compare.report.sections.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    import plotly.graph_objects as go

    from infer_compare.report.charts.data import BatchChart, FrontierChart
    from infer_compare.report.schema import ReportDocument

CurvePlot = Literal["throughput", "latency", "frontier", "memory"]
Plot = Literal["throughput", "latency", "frontier", "memory", "accuracy"]
TITLES: dict[Plot, str] = {
    "throughput": "Throughput by batch size, with its 95 % interval",
    "latency": "Latency by batch size: the median, and up to the 95th percentile",
    "frontier": "Throughput against latency",
    "memory": "Peak resident memory by batch size",
    "accuracy": "Throughput against output error, each contender at its best batch size",
}
LEAST_MARK, MOST_MARK = 8, 24
"""Largest diameter of a mark, in pixels."""


def figure(document: ReportDocument, kind: Plot = "throughput") -> go.Figure:
    """Return a plotly figure with a line for each contender; settings of other axes get separate lines.

    Args:
        document: the report.
        kind: what to draw.

    Raises:
        UsageError: there is no such plot, plotly is not installed, or contenders do not differ in output error.
    """
    if kind not in TITLES:
        raise UsageError(f"There is no plot {kind!r}; there are {', '.join(get_args(Plot))}.")
    needed("plotly", "plots", "A plot")
    import plotly.graph_objects as go

    made = go.Figure()
    view = View(document=document)
    for dash, setting in zip(_dashes(), view.settings, strict=False):
        if kind == "accuracy":
            _accuracy(made, setting)
            continue
        chart = _chart(setting, kind)
        for trace in _traces(setting, chart, dash):
            made.add_trace(go.Scatter(**trace))
        _scales(made, chart)
        _bound(made, chart)
    if not made.data and kind == "accuracy":
        raise UsageError(
            "There is no plot of output errors: the contenders of this run compute alike, or fewer than two were compared."
        )
    made.update_layout(title=f"{document.model.name}: {TITLES[kind]}", template="plotly_white", hovermode="closest")
    return made


def _accuracy(made: go.Figure, view: View) -> None:
    """Add a mark for each contender, whose area is its memory."""
    chart = chart_data(view)
    if chart is None:
        return
    labels = [contender.label for contender in view.document.contenders]
    palette = colours(contender.backend for contender in view.document.contenders)["light"]
    most = max((mark.memory or 0 for mark in chart.series), default=0)
    for mark in chart.series:
        made.add_scatter(
            x=[mark.x],
            y=[mark.y],
            error_y={"array": [mark.half], "thickness": 1},
            name=view.names[mark.c],
            text=[mark.text],
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
            mode="markers",
            marker={
                "color": palette[labels.index(mark.c)],
                "symbol": list(SYMBOLS)[labels.index(mark.c) % len(SYMBOLS)],
                "size": max(LEAST_MARK, MOST_MARK * ((mark.memory or 0) / most) ** 0.5) if most else LEAST_MARK,
            },
        )
    made.update_xaxes(title="output error", type="log")
    made.update_yaxes(title="samples/s", **({"type": "log"} if chart.log else {"rangemode": "tozero"}))


def _chart(view: View, kind: CurvePlot) -> BatchChart | FrontierChart:
    match kind:
        case "throughput":
            return curves.throughput_chart(view)
        case "latency":
            return curves.latency_chart(view)
        case "frontier":
            return curves.frontier_chart(view)
        case "memory":
            return curves.memory_chart(view, "resident")


def _traces(view: View, chart: BatchChart | FrontierChart, dash: str) -> Iterator[dict[str, Any]]:
    contenders = view.document.contenders
    labels = [contender.label for contender in contenders]
    palette, symbols = colours(contender.backend for contender in contenders)["light"], list(SYMBOLS)
    where = f", {axes_words(view.axes)}" if view.axes else ""
    scale = 2**20 if chart.kind == "batch" and chart.y == "memory" else 1
    for series in chart.series:
        place = labels.index(series.c)
        trace = {
            "x": series.x,
            "y": [value / scale for value in series.y],
            "name": f"{view.names[series.c]}{where}",
            "text": series.text,
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
            "mode": "lines+markers",
            "line": {"color": palette[place], "dash": dash},
            "marker": {"symbol": symbols[place % len(symbols)], "size": 8},
        }
        if isinstance(series, Series) and series.low:
            trace["error_y"] = {
                "array": [high - value for high, value in zip(series.high, series.y, strict=True)],
                "arrayminus": [value - low for low, value in zip(series.low, series.y, strict=True)],
                "thickness": 1,
            }
        yield trace


def _scales(made: go.Figure, chart: BatchChart | FrontierChart) -> None:
    if chart.kind == "frontier":
        made.update_xaxes(title=chart.x, type="log")
        made.update_yaxes(title="samples/s", rangemode="tozero")
        return
    made.update_xaxes(title="batch size", type="log", tickvals=chart.sizes, ticktext=list(map(str, chart.sizes)))
    title = "MiB" if chart.y == "memory" else chart.y
    made.update_yaxes(title=title, **({"type": "log"} if chart.y == "ms" else {"rangemode": "tozero"}))


def _bound(made: go.Figure, chart: BatchChart | FrontierChart) -> None:
    """Draw the latency bound. The memory cap is omitted, since it is usually far above the curves."""
    from msgspec import UNSET

    if chart.kind == "frontier":
        if chart.bound is not UNSET:
            made.add_vline(x=chart.bound.at, line_dash="dot", annotation_text=chart.bound.text)
    elif chart.line is not UNSET and chart.y == "ms":
        made.add_hline(y=chart.line.at, line_dash="dot", annotation_text=chart.line.text)


def _dashes() -> Iterator[str]:
    while True:
        yield from ("solid", "dash", "dot", "dashdot")
