"""Bar charts: the parts of an iteration, and of the start-up of a contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.charts.data import Bar, BarChart
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.view import View


def parts_chart(view: View) -> BarChart:
    """Return the shares of an end-to-end iteration, with each contender at its best batch size."""
    bests = view.answer.answer.by_contender if view.answer is not None else ()
    phases = [(best, best.figures.phases) for best in bests if best.figures.phases is not None]
    parts = {
        "stage": [phases.stage_ns for _, phases in phases],
        "run": [phases.run_ns for _, phases in phases],
        "fetch": [phases.fetch_ns for _, phases in phases],
    }
    return BarChart(
        x="% of an iteration",
        labels=[f"{best.name}, {best.point}" for best, _ in phases],
        places=[best.contender for best, _ in phases],
        series=_bars(parts, 1e6),
        share=True,
    )


def start_up_chart(document: ReportDocument) -> BarChart:
    """Return the start-up time of each contender in seconds, by part."""
    starts = [(contender, contender.start_up) for contender in document.contenders if contender.start_up is not None]
    parts = {
        "process": [cost.spawn_ns for _, cost in starts],
        "import": [cost.import_ns for _, cost in starts],
        "load": [cost.load_ns for _, cost in starts],
        "to device": [cost.to_device_ns for _, cost in starts],
        "first call": [cost.first_call_ns or 0.0 for _, cost in starts],
    }
    labels = [contender.label for contender, _ in starts]
    return BarChart(
        x="seconds", labels=[contender.name for contender, _ in starts], places=labels, series=_bars(parts, 1e9)
    )


def _bars(parts: dict[str, list[float]], unit: float) -> list[Bar]:
    return [
        Bar(name=name, x=[value / unit for value in values], text=[f"{name} {duration(value)}" for value in values])
        for name, values in parts.items()
        if any(values)
    ]
