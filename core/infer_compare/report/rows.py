"""One row a point, for tables: the columns with their types, and the values that CSV, Parquet and data frames share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from infer_compare.report.several import machine_words
from infer_compare.verdicts.flags import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument
    from infer_compare.results import Memory
    from infer_compare.verdicts import Figures

Value = str | int | float | bool | None
Row = dict[str, Value]
Kind = Literal["text", "integer", "number", "truth"]


class Column(NamedTuple):
    """What a column holds."""

    kind: Kind
    description: str = ""


TYPED_COLUMNS = {
    "run": Column("text", "identifier of the run"),
    "model": Column("text", "name of the model"),
    "machine": Column("text", "processor, usable cores and GPUs"),
    "contender": Column("text", "label of the contender"),
    "backend": Column("text", "its backend"),
    "device": Column("text", "where it ran"),
    "framework_version": Column("text", "version of the framework"),
    "provenance": Column("text", "native, exported or imported"),
    "batch": Column("integer", "batch size"),
    "axes": Column("text", "sizes of other axes, such as seq=128, separated by ;"),
    "outcome": Column("text", "measured, out_of_memory, limit_reached, timed_out, died, failed or skipped"),
    "reason": Column("text", "why there are no figures"),
    "throughput": Column("number", "samples a second: median over slices"),
    "throughput_spread": Column("number", "relative half-width of its 95 % interval"),
    "latency_p50_ns": Column("number", "latencies are closed-loop service times of one call, in nanoseconds"),
    "latency_p90_ns": Column("number"),
    "latency_p95_ns": Column("number"),
    "latency_p99_ns": Column("number", "empty with fewer than 473 durations"),
    "latency_min_ns": Column("number"),
    "latency_max_ns": Column("number"),
    "stage_ns": Column("number", "median part of an end-to-end iteration: bringing the batch to the device"),
    "run_ns": Column("number", "the same: running and synchronizing"),
    "fetch_ns": Column("number", "the same: bringing the outputs back"),
    "load_ns": Column("number", "the same, in passes over a data set: assembling batches"),
    "n": Column("integer", "durations behind the percentiles"),
    "calls": Column("integer", "timed calls in accepted slices"),
    "slices": Column("integer", "accepted slices"),
    "rejected_share": Column("number", "share of the slices that the gate rejected, 0 to 1"),
    "first_call_ns": Column(
        "number", "first call at this size, compilation included; the worker may have run others before"
    ),
    "prepare_ns": Column("number", "building, tracing or tuning before that"),
    "rough_latency_ns": Column("integer", "what exploring saw; never ranked"),
    "resident_bytes": Column("integer", "peak resident memory of the worker while it was timed"),
    "allocated_bytes": Column("integer", "peak of live tensors on the device"),
    "reserved_bytes": Column("integer", "peak that the framework's allocator held on the device"),
    "allocator_retries": Column("integer", "allocations on the device that succeeded only after caches were emptied"),
    "swapped_bytes": Column("integer", "what of the worker went into swap while the size was tried"),
    "agreement": Column("text", "agrees, differs or inconclusive"),
    "needed_rtol": Column("number", "smallest relative tolerance under which the outputs would agree"),
    "fastest": Column("truth", "true where it is shown to beat every other contender that ran here, else false"),
    "flags": Column("text", f"{', '.join(FLAGS)}, by ;"),
}
"""In the order of the header. A value is missing where something is not known."""


def point_rows(documents: Iterable[ReportDocument]) -> list[Row]:
    """A row for each point, by run, then by contender, then by operating point; every row has every column."""
    rows: list[Row] = []
    for document in documents:
        contenders = {one.label: one for one in document.contenders}
        for curve in document.curves:
            rows += [_row(document, contenders[point.contender], point) for point in curve.points]
    return rows


def _row(document: ReportDocument, contender: ContenderReport, point: PointReport) -> Row:
    return {
        **dict.fromkeys(TYPED_COLUMNS),
        "run": document.run_id,
        "model": document.model.name,
        "machine": machine_words(document),
        "contender": contender.label,
        "backend": contender.backend,
        "device": contender.device,
        "framework_version": contender.framework_version,
        "provenance": contender.provenance,
        "batch": point.point.batch,
        "axes": ";".join(f"{name}={size}" for name, size in point.point.axes),
        "outcome": point.outcome,
        "reason": point.reason,
        "rejected_share": point.rejected,
        "first_call_ns": point.first_call_ns,
        "prepare_ns": point.prepare_ns,
        "rough_latency_ns": point.rough_latency_ns,
        "agreement": point.agreement,
        "needed_rtol": point.needed_rtol,
        "fastest": point.fastest,
        "flags": ";".join(point.flags),
        **(_figures(point.figures) if point.figures is not None else {}),
        **(_memory(point.memory) if point.memory is not None else {}),
    }


def _figures(found: Figures) -> Row:
    return {
        "throughput": found.throughput,
        "throughput_spread": found.spread,
        "latency_p50_ns": found.latency_p50_ns,
        "latency_p90_ns": found.latency_p90_ns,
        "latency_p95_ns": found.latency_p95_ns,
        "latency_p99_ns": found.latency_p99_ns,
        "latency_min_ns": found.latency_min_ns,
        "latency_max_ns": found.latency_max_ns,
        "stage_ns": found.phases.stage_ns if found.phases is not None else None,
        "run_ns": found.phases.run_ns if found.phases is not None else None,
        "fetch_ns": found.phases.fetch_ns if found.phases is not None else None,
        "load_ns": found.phases.load_ns if found.phases is not None else None,
        "n": found.stamps,
        "calls": found.calls,
        "slices": found.slices,
    }


def _memory(found: Memory) -> Row:
    return {
        "resident_bytes": found.resident,
        "allocated_bytes": found.allocated,
        "reserved_bytes": found.reserved,
        "allocator_retries": found.retries,
        "swapped_bytes": found.swapped,
    }
