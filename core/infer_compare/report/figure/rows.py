"""The rows of panels: the charts of one run at one setting of its other axes, with the same data as on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.report.charts.curves import frontier_chart, latency_chart, throughput_chart
from infer_compare.report.phrases import axes_words, machine_words, thread_words
from infer_compare.report.sections.accuracy import chart_data
from infer_compare.report.sections.view import View
from infer_compare.report.words import plain
from infer_compare.stats.wording import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.report.charts.data import AccuracyChart, BatchChart, FrontierChart
    from infer_compare.report.schema import ReportDocument


class Row(NamedTuple):
    """The panels of one run."""

    title: str
    names: dict[str, str]
    backends: dict[str, str]
    """The backend of each contender; contenders of one backend share a hue."""
    throughput: BatchChart
    latency: BatchChart
    frontier: FrontierChart
    accuracy: AccuracyChart | None
    """None if contenders do not differ in precision or other settings."""
    best: dict[str, int]
    """The best batch size of each ranked contender; the frontier consists of their points."""

    @property
    def labels(self) -> list[str]:
        """The visible contenders."""
        return [series.c for series in self.throughput.series if series.x or series.missing]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured."""
        return not any(series.x for series in self.throughput.series)


def rows_of(documents: Sequence[ReportDocument]) -> list[Row]:
    """Return a row for each run and each setting of its other axes."""
    plain_titles = [_title(document, "") for document in documents]
    rows: list[Row] = []
    for document, title in zip(documents, plain_titles, strict=True):
        # Runs of one model on one machine are distinguished by their ids.
        run = f", run {document.run_id}" if plain_titles.count(title) > 1 else ""
        whole = View(document=document)
        for view in whole.settings or (whole,):
            axes = axes_words(view.axes) if view.document.curves else ""
            bests = [best for report in view.document.answers for best in report.answer.by_contender]
            rows.append(
                Row(
                    title=plain(f"{_title(document, axes)}{run}"),
                    names={curve.contender: plain(view.names[curve.contender]) for curve in view.document.curves},
                    backends={contender.label: contender.backend for contender in document.contenders},
                    throughput=throughput_chart(view),
                    latency=latency_chart(view),
                    frontier=frontier_chart(view),
                    accuracy=chart_data(view),
                    best={best.contender: best.point.batch for best in bests},
                )
            )
    return rows


def frontier(places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the (latency, throughput) pairs that no other pair beats in both, by latency."""
    kept: list[tuple[float, float]] = []
    for latency, throughput in sorted(places, key=lambda place: (place[0], -place[1])):
        if not kept or throughput > kept[-1][1]:
            kept.append((latency, throughput))
    return kept


def _title(document: ReportDocument, axes: str) -> str:
    plan = document.plan
    bound = f", p{plan.percentile:g} within {duration(plan.latency_bound_ns)}" if plan.latency_bound_ns else ""
    words = [
        document.model.name,
        *([axes] if axes else []),
        machine_words(document.environment),
        thread_words(document),
    ]
    return plain(f"{', '.join(words)}, scope {plan.scope}{bound}")
