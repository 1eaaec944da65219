"""Parts of a whole as bars: of an iteration, and of starting a contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.charts.data import Bar, BarChart
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.view import View


def parts_chart(view: View) -> BarChart:
    """Shares of an end-to-end iteration, each contender at its best batch size."""
    bests = view.answer.answer.by_contender if view.answer is not None else ()
    own = [(best, best.figures.phases) for best in bests if best.figures.phases is not None]
    parts = {
        "stage": [phases.stage_ns for _, phases in own],
        "run": [phases.run_ns for _, phases in own],
        "fetch": [phases.fetch_ns for _, phases in own],
    }
    return BarChart(
        x="% of an iteration",
        labels=[f"{best.name}, {best.point}" for best, _ in own],
        places=[best.contender for best, _ in own],
        series=_bars(parts, 1e6),
        share=True,
    )


def start_up_chart(document: ReportDocument) -> BarChart:
    """What starting each contender costs, in seconds, by part."""
    own = [(one, one.start_up) for one in document.contenders if one.start_up is not None]
    parts = {
        "process": [cost.spawn_ns for _, cost in own],
        "import": [cost.import_ns for _, cost in own],
        "load": [cost.load_ns for _, cost in own],
        "to device": [cost.to_device_ns for _, cost in own],
        "first call": [cost.first_call_ns or 0.0 for _, cost in own],
    }
    labels = [one.label for one, _ in own]
    return BarChart(x="seconds", labels=[one.name for one, _ in own], places=labels, series=_bars(parts, 1e9))


def _bars(parts: dict[str, list[float]], unit: float) -> list[Bar]:
    return [
        Bar(name=name, x=[value / unit for value in values], text=[f"{name} {duration(one)}" for one in values])
        for name, values in parts.items()
        if any(values)
    ]
