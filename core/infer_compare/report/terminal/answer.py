"""The first section: what to do, why, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.phrases import (
    answer_sentences,
    bests_title,
    excluded_sentences,
    milliseconds,
    size_words,
    spread_words,
    standings,
)
from infer_compare.report.terminal.layout import bullets, heading, indented, said, table
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, ratio, significant

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from infer_compare.report.schema import AnswerReport, ReportDocument, UnderBound
    from infer_compare.verdicts import Answer


def answer_section(document: ReportDocument) -> list[RenderableType]:
    """The answer for every setting of the other axes, then what stands in its way."""
    plan = document.plan
    rest = f"{document.model.name}, {count(plan.threads, 'thread')}, scope {plan.scope}"
    found: list[RenderableType] = [heading("answer", rest=rest)]
    for one in document.answers:
        found += _one(one)
    if others := excluded_sentences(document):
        found += [Text(""), bullets(others)]
    if document.shortcomings:
        found += [
            Text(""),
            indented(said("Not everything that was asked for was answered:", style="yellow")),
            bullets(document.shortcomings, mark="!", style="yellow"),
        ]
    return found


def _one(one: AnswerReport) -> list[RenderableType]:
    found: list[RenderableType] = [indented(said(one.headline, style="bold" if one.estimate else "bold green"))]
    if any(row.best for row in one.under_bound):
        found += [Text(""), indented(_under_bound(one))]
    if one.answer.by_contender:
        found += [Text(""), indented(_bests(one.answer))]
    if sentences := answer_sentences(one):
        found += [Text(""), bullets(sentences)]
    return found


def _bests(answer: Answer) -> Table:
    made = table(
        [
            (bests_title(answer), "left"),
            ("batch", "right"),
            ("samples/s", "right"),
            ("± %", "right"),
            ("p50 ms", "right"),
            ("p95 ms", "right"),
            ("against the best", "left"),
        ],
        wrap=(0, 1, 6),
    )
    stand = standings(answer)
    for place, best in enumerate(answer.by_contender):
        found = best.figures
        made.add_row(
            Text(plain(best.name), style="bold" if place == 0 else ""),
            Text(size_words(best.point)),
            Text(significant(found.throughput)),
            Text(spread_words(found)),
            Text(milliseconds(found.latency_p50_ns)),
            Text(milliseconds(found.latency_p95_ns)),
            Text(stand[best.contender]),
        )
    return made


def _under_bound(one: AnswerReport) -> Table:
    bound = one.answer.bound
    assert bound is not None
    made = table(
        [
            (bound.words, "left"),
            ("batch", "right"),
            ("samples/s", "right"),
            (f"p{bound.percentile:g} ms", "right"),
            ("largest", "right"),
            ("behind (estimate)", "left"),
        ],
        wrap=(0, 1, 4, 5),
    )
    for row in one.under_bound:
        made.add_row(*(Text(cell) for cell in _bound_cells(row)))
    return made


def _bound_cells(row: UnderBound) -> tuple[str, ...]:
    if row.best is None:
        return (plain(row.name), "none", "", "", "", "")
    return (
        plain(row.name),
        size_words(row.best.point),
        significant(row.best.throughput),
        milliseconds(row.best.latency_ns),
        size_words(row.largest.point) if row.largest else "",
        f"{ratio(row.behind)}x" if row.behind is not None and row.behind > 1 else "",
    )
