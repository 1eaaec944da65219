"""The chart of throughput against output error, with each contender at its best batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.charts.curves import WIDE
from infer_compare.report.charts.data import AccuracyChart, AccuracySeries
from infer_compare.report.words import size
from infer_compare.stats.wording import rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.report.metrics import Place

EXACT = 1e-8
"""Output errors below this are drawn at the edge: a logarithmic axis has no zero."""


def accuracy_chart(places: Iterable[Place]) -> AccuracyChart:
    """Return a mark for each contender whose throughput and output error are known."""
    series = []
    for place in places:
        figures, error, memory = place.point.figures, place.contender.output_error, place.point.memory
        if figures is None or error is None:
            continue
        resident = memory.resident if memory is not None else None
        took = f", {size(resident)} of memory" if resident is not None else ""
        series.append(
            AccuracySeries(
                c=place.contender.label,
                x=max(error.relative, EXACT),
                y=figures.throughput,
                half=figures.throughput * (figures.spread or 0.0),
                memory=resident,
                text=f"{place.point.point}: {rate(figures.throughput)}, output error {error.relative:.2g}{took}",
            )
        )
    heights = [series.y for series in series]
    return AccuracyChart(exact=EXACT, log=bool(heights) and max(heights) > WIDE * min(heights), series=series)
