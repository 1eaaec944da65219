"""All figures of a point in reports: their columns in files, titles in tables, and formatting.

A figure is an entry of `METRICS` with a function that reads it from a point. CSV, Parquet and data frames use the entry's
name; tables, charts and tooltips use the entries that name their table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report import readers
from infer_compare.report.metric import Kind, Metric, Place, TableName, Value
from infer_compare.report.phrases import machine_words, spread_percent
from infer_compare.report.words import size
from infer_compare.stats.wording import duration, listing, significant
from infer_compare.verdicts.flags import FLAGS
from infer_compare.verdicts.outcome_kinds import OUTCOME_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = ["BY_NAME", "METRICS", "Kind", "Metric", "Place", "TableName", "Value", "metrics_of"]

PART = "median part of an end-to-end iteration"
RETRIES = "allocations on the device that succeeded only after caches were emptied"
ERROR = "output error: the largest difference from the reference's outputs, relative to its largest value"
NEEDED = "the smallest relative tolerance under which the outputs would agree"
COSINE = "cosine similarity of the outputs and the reference's"
TOP1 = "share of rows with the same largest entry as the reference's, 0 to 1"
COMPILE = "preparing and first call of a fresh worker, at the first size that it ran: compiling and tuning included"
FASTEST = "true where it is shown to beat every other contender that ran here, else false"
FITTING = "largest batch size of the contender that fits into memory, where it was searched for"
NEW_SHAPE = (
    "what the first call at this size takes longer in a worker that has run others: compiling, tuning, allocating"
)
EARLIER = "throughput of a confirmed size by the rounds before those that confirmed it"


def _rough_ms(place: Place) -> float:
    return readers.rough_latency_ns(place) / readers.MILLISECOND


def _latency(
    kind: str,
    description: str,
    tables: tuple[TableName, ...] = (),
    rough: Callable[[Place], float] | None = None,
) -> Metric:
    name = f"latency_{kind}"
    read = readers.figure_ms(name)
    return Metric(f"{name}_ms", "number", read, description, kind, "ms", "", significant, tables, rough)


def _part(name: str, description: str) -> Metric:
    return Metric(f"{name}_ms", "number", readers.part_ms(name), description)


def _bytes(kind: str, description: str, tables: tuple[TableName, ...] = (), brief: str = "") -> Metric:
    return Metric(f"{kind}_bytes", "integer", readers.memory(kind), description, kind, "", brief, size, tables)


METRICS = (
    Metric("run", "text", lambda place: place.document.run_id, "identifier of the run"),
    Metric("created", "text", lambda place: place.document.created, "when it began: UTC, ISO 8601"),
    Metric("state", "text", lambda place: place.document.state, "how the run ended: complete, stopped or interrupted"),
    Metric(
        "machine", "text", lambda place: machine_words(place.document.environment), "processor, usable cores and GPUs"
    ),
    Metric("model", "text", lambda place: place.document.model.name, "name of the model"),
    Metric("inputs", "text", readers.inputs, "inputs of the model, such as x:float32[batch,64], separated by ;"),
    Metric("contender", "text", readers.contender("label"), "label of the contender"),
    Metric("backend", "text", readers.contender("backend"), "backend of the contender"),
    Metric("framework_version", "text", readers.contender("framework_version"), "version of the framework"),
    Metric("options", "text", readers.options, "options of the contender, such as compile=true, separated by ;"),
    Metric(
        "precision",
        "text",
        readers.contender("precision"),
        "precision that it computes in, as the framework reports it",
        title="precision",
    ),
    Metric(
        "provenance",
        "text",
        readers.contender("provenance"),
        "how the model reached the backend: native, exported or imported",
    ),
    Metric("device", "text", readers.contender("device"), "where it ran"),
    Metric(
        "threads",
        "integer",
        readers.contender("threads"),
        "thread budget of one instance of the contender",
        title="threads",
    ),
    Metric(
        "instances",
        "integer",
        readers.contender("instances"),
        "workers that run the contender at the same time, each with that thread budget",
        title="instances",
    ),
    Metric("scope", "text", lambda place: place.document.plan.scope, "what was timed: device, end_to_end or dataset"),
    Metric(
        "mode", "text", lambda place: place.document.plan.mode, "how often it was repeated: quick, default or thorough"
    ),
    Metric("batch", "integer", lambda place: place.point.point.batch, "batch size"),
    Metric("axes", "text", readers.axes, "sizes of other axes, such as seq=128, separated by ;"),
    Metric("outcome", "text", readers.point("outcome"), listing(list(OUTCOME_KINDS), "or")),
    Metric("reason", "text", readers.point("reason"), "why there are no figures"),
    Metric(
        "throughput",
        "number",
        readers.figure("throughput"),
        "samples a second: median over slices",
        title="samples/s",
        write=significant,
        tables=("best", "curves", "throughput"),
        rough=readers.rough_throughput,
        ranked=True,
    ),
    Metric("throughput_low", "number", readers.end(-1), "lower end of the throughput's 95 % interval"),
    Metric("throughput_high", "number", readers.end(1), "upper end of the throughput's 95 % interval"),
    Metric(
        "spread",
        "number",
        readers.figure("spread"),
        "half of the 95 % interval, as a share of the throughput",
        title="±",
        unit="%",
        brief="±%",
        write=spread_percent,
        tables=("best", "curves", "throughput"),
    ),
    _latency(
        "p50",
        "median latency of one call, while one caller waits for each answer",
        ("best", "curves", "latency"),
        rough=_rough_ms,
    ),
    _latency("p90", "90th percentile of the latency"),
    _latency("p95", "95th percentile of the latency", ("best", "curves", "latency")),
    _latency("p99", "99th percentile of the latency; empty with fewer than 473 durations", ("verbose", "latency")),
    _latency("mean", "mean latency; far above the median where single calls stand out", ("verbose", "latency")),
    _latency("min", "the shortest call"),
    _latency("max", "the longest call"),
    Metric("confirmed", "truth", readers.figure("confirmed"), "whether fresh rounds confirmed the size"),
    Metric("earlier_throughput", "number", readers.figure("earlier_throughput"), EARLIER),
    Metric("recommended", "truth", readers.recommended, "whether the answer recommends this point"),
    Metric("fastest", "truth", readers.point("fastest"), FASTEST),
    Metric(
        "largest_fitting",
        "integer",
        readers.largest_fitting,
        FITTING,
        title="largest batch",
        write=lambda size: f"{size:,}",
    ),
    Metric(
        "flags",
        "text",
        lambda place: readers.joined(place.point.flags),
        f"{', '.join(FLAGS)}; several are separated by ;",
    ),
    _part("stage", f"{PART}: bringing the batch to the device"),
    _part("run", f"{PART}: running and synchronizing"),
    _part("fetch", f"{PART}: bringing the outputs back"),
    _part("load", f"{PART}, in passes over a data set: assembling batches"),
    Metric("durations", "integer", readers.figure("stamps"), "number of durations behind the percentiles"),
    Metric("calls", "integer", readers.figure("calls"), "timed calls in accepted slices"),
    Metric("slices", "integer", readers.figure("slices"), "accepted slices"),
    Metric("rejected", "number", readers.point("rejected"), "share of the slices that the gate rejected, 0 to 1"),
    Metric(
        "first_call_ms",
        "number",
        readers.point_ms("first_call"),
        "first call at this size, compilation included; the worker may have run others before",
    ),
    Metric(
        "new_shape_ms",
        "number",
        readers.point_ms("new_shape"),
        NEW_SHAPE,
        title="new size",
        unit="ms",
        brief="new ms",
        write=significant,
        tables=("verbose",),
    ),
    Metric("prepare_ms", "number", readers.point_ms("prepare"), "building, tracing or tuning before the first call"),
    Metric(
        "rough_latency_ms",
        "number",
        readers.point_ms("rough_latency"),
        "latency that exploring saw, of a few calls; never ranked",
    ),
    Metric(
        "predicted_latency_ms",
        "number",
        readers.point_ms("predicted_latency"),
        "latency that is predicted for a point that was not measured; never ranked",
    ),
    _bytes("resident", "peak resident memory of the worker while it was timed", ("memory", "verbose"), "memory"),
    _bytes("allocated", "peak of live tensors, by the framework's own allocator", ("device-memory",)),
    _bytes("reserved", "peak that the framework's own allocator held", ("device-memory",)),
    Metric("allocator_retries", "integer", readers.memory("retries"), RETRIES),
    _bytes("swapped", "what of the worker went into swap while the size was tried"),
    Metric(
        "agreement",
        "text",
        readers.point("agreement"),
        "whether the outputs agree with the reference's: agrees, differs or inconclusive",
    ),
    Metric(
        "output_error",
        "number",
        readers.output_error("relative"),
        ERROR,
        title="output error",
        brief="error",
        write=lambda error: f"{error:.2g}",
    ),
    Metric("output_cosine", "number", readers.output_error("cosine"), COSINE),
    Metric(
        "same_top1",
        "number",
        readers.output_error("top1"),
        TOP1,
        title="same top-1",
        write=lambda share: f"{100 * share:.4g} %",
    ),
    Metric("needed_rtol", "number", readers.point("needed_rtol"), NEEDED),
    Metric(
        "compile_ms",
        "number",
        readers.compile_ms,
        COMPILE,
        title="first call",
        write=lambda milliseconds: duration(milliseconds * readers.MILLISECOND),
    ),
)
"""In the order of the columns. Unknown values are missing."""


BY_NAME = {metric.name: metric for metric in METRICS}


def metrics_of(table: TableName) -> tuple[Metric, ...]:
    """Return the figures that a table shows, in its order."""
    return tuple(metric for metric in METRICS if table in metric.tables)
