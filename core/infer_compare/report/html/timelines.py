"""The calls of each point, as data for the script of the page."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infer_compare.report.phrases import size_words
from infer_compare.report.sections.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.report.schema import ReportDocument, Timeline

DIGITS = 4
"""Significant digits of the median call of a point."""


def timeline_data(document: ReportDocument, key: str, places: Mapping[str, int]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the identifier prefix of each setting's charts, and the calls of its points.

    Args:
        document: the report of the run.
        key: the prefix of the run's identifiers.
        places: the index of each contender on the page, by label.
    """
    for setting in View(document=document, key=key, page=True).settings:
        timelines = [timeline for timeline in document.timelines if timeline.point.axes == setting.axes]
        timelines.sort(key=lambda timeline: (places[timeline.contender], timeline.point))
        yield setting.key, [_timeline(timeline, places[timeline.contender]) for timeline in timelines]


def _timeline(timeline: Timeline, place: int) -> dict[str, Any]:
    """Return the calls of a point, rounded to what a chart can show, each as its difference from the previous call."""
    calls = sorted(call for piece in timeline.slices for call in piece.calls_ns)
    unit = 10 ** max(0, len(str(calls[len(calls) // 2])) - DIGITS) if calls else 1
    return {
        "c": place,
        "batch": timeline.point.batch,
        "size": size_words(timeline.point),
        "calls": timeline.calls,
        "unit": unit,
        "slices": [
            [piece.restart, int(piece.rejected), _differences(piece.calls_ns, unit)] for piece in timeline.slices
        ],
    }


def _differences(calls_ns: Sequence[int], unit: int) -> list[int]:
    calls = [round(call / unit) for call in calls_ns]
    return [after - before for before, after in pairwise((0, *calls))]
