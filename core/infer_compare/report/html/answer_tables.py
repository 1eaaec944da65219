"""The tables under the headline: each contender's best, and what a latency bound leaves of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.html.matrix import verdict_cell
from infer_compare.report.html.tables import Cell, Table
from infer_compare.report.phrases import bests_title, milliseconds, size_words, spread_words, standings
from infer_compare.report.words import plain
from infer_compare.stats.wording import ratio, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.facets import Facet
    from infer_compare.report.schema import AnswerReport

_BEST_COLUMNS = ("batch", "samples/s", "± %", "p50 ms", "p95 ms", "against the best")


def bests(facet: Facet, known: Mapping[str, Contender]) -> Table | None:
    """The best of each ranked contender with a bar of its throughput; then those that are not ranked, with the reason.

    None where nothing was measured.
    """
    if facet.answer is None or not facet.answer.answer.by_contender:
        return None
    answer = facet.answer.answer
    stand = standings(answer)
    # Where no verdict carries it, the first of the list is not marked as shown.
    first = "verdict leads" if facet.answer.estimate or not answer.headline else "verdict best"
    verdicts = {pair.b.label: verdict_cell(pair) for pair in answer.headline}
    most = max(best.figures.throughput * (1 + (best.figures.spread or 0.0)) for best in answer.by_contender)
    rows: list[tuple[Cell, ...]] = []
    for best in answer.by_contender:
        found = best.figures
        share = found.throughput / most
        rows.append(
            (
                Cell(text=best.name, contender=known[best.contender].place),
                Cell(text=size_words(best.point)),
                Cell(text=significant(found.throughput), share=share, spread=share * (found.spread or 0.0)),
                Cell(text=spread_words(found)),
                Cell(text=milliseconds(found.latency_p50_ns)),
                Cell(text=milliseconds(found.latency_p95_ns)),
                verdicts.get(best.contender, Cell(text=stand[best.contender], kind=first)),
            )
        )
    return Table(
        caption=f"The best batch size of each contender{'' if answer.bound is None else ', without the bound'}",
        header=(bests_title(answer), *_BEST_COLUMNS),
        rows=(*rows, *_unranked(facet, known)),
        left=frozenset({0, 6}),
    )


def _unranked(facet: Facet, known: Mapping[str, Contender]) -> Iterator[tuple[Cell, ...]]:
    for one in facet.document.excluded:
        yield (
            Cell(text=known[one.contender].name, contender=known[one.contender].place, kind="excluded"),
            *(Cell(text="") for _ in _BEST_COLUMNS[:-1]),
            Cell(text="not ranked", kind="verdict invalid", hint=plain(one.sentence())),
        )


def under_bound(one: AnswerReport | None, known: Mapping[str, Contender]) -> Table | None:
    """What the latency bound leaves of each contender; None without a bound, or where it leaves nothing of any."""
    if one is None or one.answer.bound is None or not any(row.best for row in one.under_bound):
        return None
    bound = one.answer.bound
    rows = [
        (
            Cell(text=row.name, contender=known[row.contender].place),
            Cell(text=size_words(row.best.point) if row.best else "none", kind="" if row.best else "missing"),
            Cell(text=significant(row.best.throughput) if row.best else ""),
            Cell(text=milliseconds(row.best.latency_ns) if row.best else ""),
            Cell(text=size_words(row.largest.point) if row.largest else ""),
            Cell(text=f"{ratio(row.behind)}x" if row.behind is not None and row.behind > 1 else ""),
        )
        for row in one.under_bound
    ]
    return Table(
        caption=f"What {bound.words} leaves",
        header=(bound.words, "batch", "samples/s", f"p{bound.percentile:g} ms", "largest", "behind (estimate)"),
        rows=tuple(rows),
    )
