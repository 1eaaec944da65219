"""One row a point, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument
    from infer_compare.results import Memory
    from infer_compare.verdicts import Figures

COLUMNS = {
    "run": "identifier of the run",
    "model": "name of the model",
    "contender": "label of the contender",
    "backend": "its backend",
    "device": "where it ran",
    "framework_version": "version of the framework",
    "provenance": "native, exported or imported",
    "batch": "batch size",
    "axes": "sizes of other axes, such as seq=128, separated by ;",
    "outcome": "measured, out_of_memory, limit_reached, timed_out, died, failed or skipped",
    "reason": "why there are no figures",
    "throughput": "samples a second: median over slices",
    "throughput_spread": "relative half-width of its 95 % interval",
    "latency_p50_ns": "latencies are closed-loop service times of one call, in nanoseconds",
    "latency_p90_ns": "",
    "latency_p95_ns": "",
    "latency_p99_ns": "empty with fewer than 473 durations",
    "latency_min_ns": "",
    "latency_max_ns": "",
    "stage_ns": "median part of an end-to-end iteration: bringing the batch to the device",
    "run_ns": "the same: running and synchronizing",
    "fetch_ns": "the same: bringing the outputs back",
    "n": "durations behind the percentiles",
    "calls": "timed calls in accepted slices",
    "slices": "accepted slices",
    "rejected_share": "share of the slices that the gate rejected, 0 to 1",
    "first_call_ns": "first call in a fresh worker, compilation included",
    "prepare_ns": "building, tracing or tuning before that",
    "rough_latency_ns": "what exploring saw; never ranked",
    "resident_bytes": "peak resident memory of the worker",
    "allocated_bytes": "peak of live tensors on the device",
    "reserved_bytes": "peak that the framework's allocator held on the device",
    "allocator_retries": "allocations on the device that succeeded only after caches were emptied",
    "swapped_bytes": "what of the worker went into swap while the size was tried",
    "agreement": "agrees, differs or inconclusive",
    "needed_rtol": "smallest relative tolerance under which the outputs would agree",
    "fastest": "true where it is shown to beat every other contender that ran here, else false",
    "flags": "not_steady, bimodal, drifting, page_fault_bound, oversubscribed, power_capped, swapped, sustained, by ;",
}
"""The header, with what each column holds. A cell is empty where something is not known."""

Cell = str | int | float | None


class CsvReporter:
    """Comma-separated values with a header.

    A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@` or a tab) is preceded by an
    apostrophe.
    """

    name = "csv"
    suffix = ".csv"

    def render(self, document: ReportDocument) -> str:
        """A header and a row for each point, by contender, then by operating point."""
        contenders = {one.label: one for one in document.contenders}
        file = io.StringIO()
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for curve in document.curves:
            for point in curve.points:
                row = _row(document, contenders[point.contender], point)
                writer.writerow({column: _harmless(cell) for column, cell in row.items()})
        return file.getvalue()


def _row(document: ReportDocument, contender: ContenderReport, point: PointReport) -> dict[str, Cell]:
    return {
        "run": document.run_id,
        "model": document.model.name,
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
        "fastest": "true" if point.fastest else "false",
        "flags": ";".join(point.flags),
        **(_figures(point.figures) if point.figures is not None else {}),
        **(_memory(point.memory) if point.memory is not None else {}),
    }


def _figures(found: Figures) -> dict[str, Cell]:
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
        "n": found.stamps,
        "calls": found.calls,
        "slices": found.slices,
    }


def _memory(found: Memory) -> dict[str, Cell]:
    return {
        "resident_bytes": found.resident,
        "allocated_bytes": found.allocated,
        "reserved_bytes": found.reserved,
        "allocator_retries": found.retries,
        "swapped_bytes": found.swapped,
    }


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
