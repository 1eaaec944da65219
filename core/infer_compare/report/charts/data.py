"""The data of charts, for the script of the page and for pictures.

Latencies are in milliseconds, memory in bytes, throughputs in samples per second. A series names its contender by its
label. All texts are plain text, not markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from infer_compare.report.schema import PointReport


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
    """The largest batch that ran, if a search found it beyond the measured sizes."""

    def add(self, point: PointReport, y: float, text: str, band: tuple[float, float] | None = None) -> None:
        """Add a measured point with its tooltip and the band around it."""
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
    log: bool
    sizes: list[int]
    series: list[Series]
    line: Mark | UnsetType = UNSET
    span: tuple[float, float] | UnsetType = UNSET
    """Further figures that the axis must cover: those of charts with the same scale."""


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
    log: bool
    """Whether throughputs differ too much for an axis from zero."""
    series: list[FrontierSeries]
    bound: Mark | UnsetType = UNSET


class AccuracySeries(msgspec.Struct, kw_only=True):
    """A contender at its best batch."""

    c: str
    x: float
    """The output error; at the edge of the chart if it is too small to be drawn."""
    y: float
    half: float
    """Half of the throughput's interval."""
    memory: int | None
    """Memory in bytes, drawn as the area of the mark."""
    text: str


class AccuracyChart(msgspec.Struct, frozen=True, kw_only=True):
    """Throughput against output error."""

    kind: Literal["accuracy"] = "accuracy"
    exact: float
    """Where outputs without error are drawn."""
    log: bool
    """Whether throughputs differ too much for an axis from zero."""
    series: list[AccuracySeries]


class RateSeries(msgspec.Struct, kw_only=True):
    """A contender's latencies over the rates at which requests arrive."""

    c: str
    x: list[float] = []
    y: list[float] = []
    low: list[float] = []
    high: list[float] = []
    text: list[str] = []
    kept: list[bool] = []
    """Whether the bound is kept."""
    saturation: float
    """The rate from which the queue only grows."""


class RateChart(msgspec.Struct, frozen=True, kw_only=True):
    """Latency against rate."""

    kind: Literal["rate"] = "rate"
    y: str
    log: bool
    """Whether rates differ too much for an axis from zero."""
    series: list[RateSeries]
    line: Mark | UnsetType = UNSET
    """The bound."""
    asked: Mark | UnsetType = UNSET
    """The rate that was asked about."""


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


ChartData = BatchChart | FrontierChart | AccuracyChart | RateChart | BarChart


def plain_data(chart: ChartData, places: dict[str, int]) -> dict[str, Any]:
    """Return a chart as the script reads it: with contenders named by their index on the page."""
    data: dict[str, Any] = msgspec.to_builtins(chart)
    if isinstance(chart, BarChart):
        return {**data, "places": [places[label] for label in chart.places]}
    return {**data, "series": [{**series, "c": places[series["c"]]} for series in data["series"]]}
