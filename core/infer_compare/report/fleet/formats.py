"""The formats of a fleet report, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report import csv
from infer_compare.report.fleet.sections import TITLE, facts_line, sections
from infer_compare.report.formats import Format, Formats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.fleet.schema import FleetDocument
    from infer_compare.report.metrics import Value

COLUMNS = (
    "job",
    "model",
    "machine",
    "host",
    "cpu",
    "state",
    "why",
    "attempts",
    "partial",
    "axes",
    "contender",
    "batch",
    "bound",
    "estimate",
    "throughput",
    "spread",
    "latency_ms",
    "price_per_s",
    "currency",
    "cost_per_million",
)


def _html(document: FleetDocument) -> str:
    from infer_compare.report.html.page import sections_page

    return sections_page(TITLE, "which machine, with which framework", facts_line(document), sections(document))


def _csv(document: FleetDocument) -> str:
    return csv.written(COLUMNS, _rows(document))


def _rows(document: FleetDocument) -> Iterator[dict[str, Value]]:
    """Yield a row for each best point, and one for each job without any."""
    for job in document.jobs:
        values: dict[str, Value] = {name: getattr(job, name) for name in COLUMNS[:9]}
        if job.price is not None:
            values |= {"price_per_s": job.price.per_second, "currency": job.price.currency}
        for best in job.bests:
            yield values | {
                "axes": ";".join(f"{axis}={size}" for axis, size in best.axes),
                "contender": best.name,
                "batch": best.point.batch,
                "bound": best.bound,
                "estimate": best.estimate,
                "throughput": best.throughput,
                "spread": best.spread,
                "latency_ms": None if best.latency_ns is None else best.latency_ns / 1e6,
                "cost_per_million": best.per_million,
            }
        if not job.bests:
            yield values


FORMATS: Formats[FleetDocument] = Formats("A fleet", sections, _html, Format("csv", ".csv", _csv))
