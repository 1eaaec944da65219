"""Throughput and latency of every point as OpenMetrics text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.reports import Figures, ReportDocument

QUANTILES = {
    "0.5": "latency_p50_ns",
    "0.9": "latency_p90_ns",
    "0.95": "latency_p95_ns",
    "0.99": "latency_p99_ns",
}
"""Fields of the figures; the last is None if there were too few calls for it."""


class Reading(NamedTuple):
    """The figures of one point, and the labels that tell it from the others."""

    labels: dict[str, str]
    figures: Figures


class OpenMetricsReporter:
    """Gauges by run, model, contender and batch size, in base units: seconds, and samples a second."""

    name = "openmetrics"
    suffix = ".prom"

    def render(self, document: ReportDocument) -> str:
        """Return the metrics of one run."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return the metrics of several runs: a family may not be interrupted, so all runs go through it together."""
        readings = [reading for document in documents for reading in _readings(document)]
        return "\n".join([*_throughput(readings), *_latency(readings), "# EOF"]) + "\n"


def _readings(document: ReportDocument) -> Iterator[Reading]:
    for curve in document.curves:
        for point in curve.points:
            # A point that did not run, or whose slices were all disturbed, has no figures.
            if point.figures is not None:
                labels = {
                    "run": document.run_id,
                    "model": document.model.name,
                    "contender": point.contender,
                    "batch": str(point.point.batch),
                    "axes": ",".join(f"{name}={size}" for name, size in point.point.axes),
                }
                yield Reading(labels, point.figures)


def _throughput(readings: Sequence[Reading]) -> Iterator[str]:
    family = "infer_compare_throughput_samples_per_second"
    yield f"# TYPE {family} gauge"
    yield f"# HELP {family} Samples a second, the median over slices."
    for reading in readings:
        yield f"{family}{_braces(reading.labels)} {reading.figures.throughput!r}"


def _latency(readings: Sequence[Reading]) -> Iterator[str]:
    family = "infer_compare_latency_seconds"
    yield f"# TYPE {family} gauge"
    yield f"# UNIT {family} seconds"
    yield f"# HELP {family} Closed-loop latency of one call."
    for reading in readings:
        for quantile, field in QUANTILES.items():
            nanoseconds = getattr(reading.figures, field)
            if nanoseconds is not None:
                yield f"{family}{_braces({**reading.labels, 'percentile': quantile})} {nanoseconds / 1e9!r}"


def _braces(labels: dict[str, str]) -> str:
    """Return the labels in braces, without empty ones, which mean the same as no label."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items() if value) + "}"


def _escaped(value: str) -> str:
    # A name may hold control characters, which would reach the terminal.
    value = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in value)
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
