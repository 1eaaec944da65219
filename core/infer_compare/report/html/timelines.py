"""The calls of each point as the script of the page reads them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infer_compare.report.phrases import size_words
from infer_compare.report.sections.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.report.schema import ReportDocument, Timeline

DIGITS = 4
"""Of the middle call of a point."""


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
    """Calls in a unit of nanoseconds with as many digits as a chart can show, each as its difference from the one before."""
    calls = sorted(call for piece in one.slices for call in piece.calls_ns)
    unit = 10 ** max(0, len(str(calls[len(calls) // 2])) - DIGITS) if calls else 1
    return {
        "c": place,
        "batch": one.point.batch,
        "size": size_words(one.point),
        "calls": one.calls,
        "unit": unit,
        "slices": [[piece.restart, int(piece.rejected), _differences(piece.calls_ns, unit)] for piece in one.slices],
    }


def _differences(calls_ns: Sequence[int], unit: int) -> list[int]:
    calls = [round(call / unit) for call in calls_ns]
    return [after - before for before, after in pairwise((0, *calls))]
