"""Throughputs as input of the GitHub action `benchmark-action/github-action-benchmark`, which tracks them over commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.phrases import machine_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.report.schema import ContenderReport, PointReport, ReportDocument
    from infer_compare.verdicts import Figures


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One benchmark as the action reads it."""

    name: str
    """Identifies the benchmark across commits."""
    unit: str
    value: float
    range: str | None = None
    """Half of the 95 % interval, as a sign and a number in the unit, the form that the action parses."""
    extra: str
    """Further lines that the action shows."""


class BenchmarkActionReporter:
    """The action's input for `tool: customBiggerIsBetter`: a list with an entry for each point that has figures."""

    name = "github-action-benchmark"
    suffix = ".benchmark.json"

    def render(self, document: ReportDocument) -> str:
        """Return the entries, by contender, then by operating point."""
        contenders = {contender.label: contender for contender in document.contenders}
        entries = [
            _entry(document, contenders[point.contender], point, point.figures)
            for curve in document.curves
            for point in curve.points
            if point.figures is not None
        ]
        return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode() + "\n"


def _entry(document: ReportDocument, contender: ContenderReport, point: PointReport, figures: Figures) -> Entry:
    plan = document.plan
    # Nothing that changes from run to run, such as a version, a date or an identifier, may be in the name.
    name = f"{document.model.name}, {contender.label}, {point.point}, scope {plan.scope}, threads {contender.threads}"
    lines = [
        f"p50 {duration(figures.latency_p50_ns)}, p95 {duration(figures.latency_p95_ns)}",
        f"{contender.backend} {contender.framework_version or ''}".rstrip() + f" on {contender.device}",
        machine_words(document.environment),
        f"infer-compare {document.environment.tool_version}, run {document.run_id}",
        *([f"doubtful: {', '.join(point.flags)}"] if point.flags else []),
    ]
    return Entry(
        name=plain(name),
        unit="samples/s",
        value=figures.throughput,
        range=f"± {figures.throughput * figures.spread:.6f}" if figures.spread is not None else None,
        extra="\n".join(map(plain, lines)),
    )
