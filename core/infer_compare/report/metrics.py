"""Every figure that reports have of a point, once: its column in files, its titles in tables, and how a cell writes it.

A statistic is an entry of `METRICS` and a function that reads it off a point. The entry feeds CSV, Parquet and data
frames by its name; tables, charts and what they say on request by the tables that it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from infer_compare.report.phrases import machine_words, milliseconds, spread_percent
from infer_compare.report.words import size
from infer_compare.stats.wording import listing, significant
from infer_compare.verdicts.flags import FLAGS
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument

Value = str | int | float | bool | None
Kind = Literal["text", "integer", "number", "truth"]
TableName = Literal["best", "curves", "verbose", "throughput", "latency", "memory", "device-memory"]
"""Each contender's best; the curves in a terminal, and what they have more with -v; the tables of the other formats."""


class Place(NamedTuple):
    """A point with what it belongs to."""

    document: ReportDocument
    contender: ContenderReport
    point: PointReport


class Metric(NamedTuple):
    """A figure of a point."""

    name: str
    """Of its column in files; its unit at the end."""
    kind: Kind
    read: Callable[[Place], Value]
    description: str = ""
    title: str = ""
    """In tables, without its unit."""
    unit: str = ""
    brief: str = ""
    """The title with the unit in the narrow columns of the curves, where it is another."""
    write: Callable[[Any], str] = str
    """How a cell writes a value."""
    tables: tuple[TableName, ...] = ()
    rough: Callable[[PointReport], float] | None = None
    """An estimate from exploring, where there are no figures."""
    ranked: bool = False
    """Whether it is what contenders are ranked by: it bears the marks of the point."""

    @property
    def column(self) -> str:
        """The title with the unit."""
        return f"{self.title} {self.unit}".strip()


def _figure(name: str) -> Callable[[Place], Value]:
    return lambda place: getattr(place.point.figures, name, None)


def _part(name: str) -> Callable[[Place], Value]:
    return lambda place: getattr(place.point.figures and place.point.figures.phases, name, None)


def _memory(name: str) -> Callable[[Place], Value]:
    return lambda place: getattr(place.point.memory, name, None)


def _point(name: str) -> Callable[[Place], Value]:
    return lambda place: getattr(place.point, name)


def _contender(name: str) -> Callable[[Place], Value]:
    return lambda place: getattr(place.contender, name)


def _axes(place: Place) -> Value:
    return ";".join(f"{name}={size}" for name, size in place.point.point.axes)


PART = "median part of an end-to-end iteration"
RETRIES = "allocations on the device that succeeded only after caches were emptied"
NEEDED = "smallest relative tolerance under which the outputs would agree"
FASTEST = "true where it is shown to beat every other contender that ran here, else false"


def _latency(
    kind: str,
    description: str = "",
    tables: tuple[TableName, ...] = (),
    rough: Callable[[PointReport], float] | None = None,
) -> Metric:
    name = f"latency_{kind}_ns"
    return Metric(name, "number", _figure(name), description, kind, "ms", "", milliseconds, tables, rough)


def _bytes(kind: str, description: str, tables: tuple[TableName, ...] = (), brief: str = "") -> Metric:
    read = _memory(kind)
    return Metric(f"{kind}_bytes", "integer", read, description, kind, "", brief, size, tables)


METRICS = (
    Metric("run", "text", lambda place: place.document.run_id, "identifier of the run"),
    Metric("model", "text", lambda place: place.document.model.name, "name of the model"),
    Metric("machine", "text", lambda place: machine_words(place.document), "processor, usable cores and GPUs"),
    Metric("contender", "text", _contender("label"), "label of the contender"),
    Metric("backend", "text", _contender("backend"), "its backend"),
    Metric("device", "text", _contender("device"), "where it ran"),
    Metric("framework_version", "text", _contender("framework_version"), "version of the framework"),
    Metric("provenance", "text", _contender("provenance"), "native, exported or imported"),
    Metric("batch", "integer", lambda place: place.point.point.batch, "batch size"),
    Metric("axes", "text", _axes, "sizes of other axes, such as seq=128, separated by ;"),
    Metric("outcome", "text", _point("outcome"), listing(list(OUTCOME_KINDS), "or")),
    Metric("reason", "text", _point("reason"), "why there are no figures"),
    Metric(
        "throughput",
        "number",
        _figure("throughput"),
        "samples a second: median over slices",
        title="samples/s",
        write=significant,
        tables=("best", "curves", "throughput"),
        rough=lambda point: point.point.batch * 1e9 / (point.rough_latency_ns or 1),
        ranked=True,
    ),
    Metric(
        "throughput_spread",
        "number",
        _figure("spread"),
        "relative half-width of its 95 % interval",
        title="±",
        unit="%",
        brief="±%",
        write=spread_percent,
        tables=("best", "curves", "throughput"),
    ),
    _latency(
        "p50",
        "latencies are closed-loop service times of one call, in nanoseconds",
        ("best", "curves", "latency"),
        rough=lambda point: float(point.rough_latency_ns or 0),
    ),
    _latency("p90"),
    _latency("p95", tables=("best", "curves", "latency")),
    _latency("p99", "empty with fewer than 473 durations", ("verbose", "latency")),
    _latency("min"),
    _latency("max"),
    Metric("stage_ns", "number", _part("stage_ns"), f"{PART}: bringing the batch to the device"),
    Metric("run_ns", "number", _part("run_ns"), "the same: running and synchronizing"),
    Metric("fetch_ns", "number", _part("fetch_ns"), "the same: bringing the outputs back"),
    Metric("load_ns", "number", _part("load_ns"), "the same, in passes over a data set: assembling batches"),
    Metric("n", "integer", _figure("stamps"), "durations behind the percentiles"),
    Metric("calls", "integer", _figure("calls"), "timed calls in accepted slices"),
    Metric("slices", "integer", _figure("slices"), "accepted slices"),
    Metric("rejected_share", "number", _point("rejected"), "share of the slices that the gate rejected, 0 to 1"),
    Metric(
        "first_call_ns",
        "number",
        _point("first_call_ns"),
        "first call at this size, compilation included; the worker may have run others before",
        title="first",
        unit="ms",
        write=milliseconds,
        tables=("verbose",),
    ),
    Metric("prepare_ns", "number", _point("prepare_ns"), "building, tracing or tuning before that"),
    Metric("rough_latency_ns", "integer", _point("rough_latency_ns"), "what exploring saw; never ranked"),
    _bytes("resident", "peak resident memory of the worker while it was timed", ("memory", "verbose"), "memory"),
    _bytes("allocated", "peak of live tensors on the device", ("device-memory",)),
    _bytes("reserved", "peak that the framework's allocator held on the device", ("device-memory",)),
    Metric("allocator_retries", "integer", _memory("retries"), RETRIES),
    _bytes("swapped", "what of the worker went into swap while the size was tried"),
    Metric("agreement", "text", _point("agreement"), "agrees, differs or inconclusive"),
    Metric("needed_rtol", "number", _point("needed_rtol"), NEEDED),
    Metric("fastest", "truth", _point("fastest"), FASTEST),
    Metric("flags", "text", lambda place: ";".join(place.point.flags), f"{', '.join(FLAGS)}, by ;"),
    _latency("mean", "the mean; far above the median where single calls stand out", ("verbose", "latency")),
)
"""In the order of the columns. A value is missing where something is not known."""


def metrics_of(table: TableName) -> tuple[Metric, ...]:
    """Return the figures that a table shows, in its order."""
    return tuple(metric for metric in METRICS if table in metric.tables)
