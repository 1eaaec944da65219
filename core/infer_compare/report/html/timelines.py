"""The calls of each point as the script of the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.report.phrases import size_words
from infer_compare.report.sections.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infer_compare.report.schema import ReportDocument, Timeline


def timeline_data(document: ReportDocument, key: str, places: Mapping[str, int]) -> Iterator[tuple[str, list[Any]]]:
    """Yield what the identifiers of charts begin with, and the calls of the points in them.

    Args:
        document: the run.
        key: what identifiers of the run begin with.
        places: of the contenders on the page, by label.
    """
    for setting in View(document=document, key=key, page=True).settings:
        own = [one for one in document.timelines if one.point.axes == setting.axes]
        own.sort(key=lambda one: (places[one.contender], one.point))
        yield setting.key, [_timeline(one, places[one.contender]) for one in own]


def _timeline(one: Timeline, place: int) -> dict[str, Any]:
    """Calls in microseconds: with as many digits as a chart can show."""
    return {
        "c": place,
        "batch": one.point.batch,
        "size": size_words(one.point),
        "calls": one.calls,
        "slices": [
            [piece.restart, int(piece.rejected), [float(f"{call / 1e3:.4g}") for call in piece.calls_ns]]
            for piece in one.slices
        ],
    }
