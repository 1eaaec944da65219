"""The first section: what to use, why, and how certain that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.measured import known_of
from infer_compare.report.metrics import Place, metrics_of
from infer_compare.report.phrases import (
    answer_sentences,
    axes_words,
    bests_title,
    excluded_sentences,
    milliseconds,
    standings,
    thread_words,
)
from infer_compare.report.sections.across import across_answer
from infer_compare.report.sections.blocks import PAGE, Cell, Headline, Paragraph, Section, Sentences, Table
from infer_compare.report.sections.method import SCOPES
from infer_compare.report.sections.pairs import verdict_cell
from infer_compare.report.sections.point_cells import point_cells
from infer_compare.report.sections.what_if import what_if
from infer_compare.report.sentences.answers import bound_words, quotient_sentences
from infer_compare.report.sentences.exclusions import excluded_sentence
from infer_compare.report.sentences.quality import quality_words
from infer_compare.report.words import plain
from infer_compare.stats.wording import ratio, significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.schema import AnswerReport
    from infer_compare.report.sections.blocks import AnyBlock, Row, Standing
    from infer_compare.report.sections.view import View


def answer(view: View) -> Section:
    """Return the answer for every setting of the other axes, then its restrictions."""
    document = view.document
    blocks = [block for setting in view.settings for block in _setting(setting)]
    if not view.page:
        blocks = [*across_answer(view), *blocks]
    if view.page and view.answer is not None and view.answer.answer.kept:
        blocks.insert(1, what_if(view, view.answer))
    if view.first:
        blocks += _restrictions(view)
    standing = next((block.standing for block in blocks if isinstance(block, Headline)), "none")
    return Section(
        title=f"{document.model.name}: which framework, at which batch size",
        heading="answer",
        subtitle=f"{document.model.name}, {thread_words(document)}, {SCOPES[document.plan.scope]}",
        page_title="",
        level=2,
        look=f"answer card {standing}",
        blocks=tuple(blocks),
    )


def _setting(view: View) -> Iterator[AnyBlock]:
    report = view.answer
    if report is None:
        # A setting with curves but no answer shows only its name.
        yield Headline(text=axes_words(view.axes), standing="none", media=PAGE)
        return
    standing: Standing = "none"
    if report.answer.recommended is not None:
        standing = "estimate" if report.estimate else "shown"
    yield Headline(text=report.headline, standing=standing)
    if report.quality is not None and report.answer.recommended is not None:
        yield Sentences(items=(plain(f"quality: {quality_words(report.quality)}"),), tone="aside")
    if any(row.best for row in report.under_bound):
        yield _under_bound(report)
    if report.answer.by_contender:
        yield from _bests(view, report)
        if quotients := quotient_sentences(report.answer):
            yield Sentences(items=tuple(map(plain, quotients)), tone="aside")
    if sentences := answer_sentences(report):
        yield Paragraph(text="Why, and how sure", tone="aside", media=PAGE)
        yield Sentences(items=tuple(sentences))


def _restrictions(view: View) -> Iterator[AnyBlock]:
    if others := excluded_sentences(view.document):
        yield Sentences(items=tuple(others), tone="aside")
    if view.document.shortcomings:
        yield Sentences(title="Incomplete:", items=view.document.shortcomings, tone="warning")


def _bests(view: View, report: AnswerReport) -> Iterator[Table]:
    """Yield the table of each ranked contender's best; on the page unranked contenders follow with the reason."""
    answer = report.answer
    contenders = {contender.label: contender for contender in view.document.contenders}
    points = {(point.contender, point.point): point for point in view.points}
    places = [
        Place(view.document, contenders[best.contender], points[best.contender, best.point])
        for best in answer.by_contender
    ]
    metrics = (*metrics_of("best"), *known_of(view.document))
    stand = standings(answer)
    verdicts = {pair.b.label: verdict_cell(pair) for pair in answer.headline}
    # Without a confirming verdict, the first row is not marked as the best.
    first = "verdict leads" if report.estimate or not answer.headline else "verdict best"
    most = max(best.figures.throughput * (1 + (best.figures.spread or 0.0)) for best in answer.by_contender)
    rows: list[Row] = []
    for number, (best, place) in enumerate(zip(answer.by_contender, places, strict=True)):
        share = best.figures.throughput / most
        throughput, *rest = point_cells(place, metrics)
        rows.append(
            (
                Cell(text=best.name, contender=best.contender, kind="" if number else "first"),
                Cell(text=str(best.point.batch)),
                Cell(text=throughput.text, share=share, spread=share * (best.figures.spread or 0.0)),
                *rest,
                verdicts.get(best.contender, Cell(text=stand[best.contender], kind=first)),
            )
        )
    header = (bests_title(answer), "batch", *(metric.column for metric in metrics), "against the best")
    unranked = [
        (
            Cell(text=view.names[excluded.contender], contender=excluded.contender, kind="excluded"),
            *(Cell(text="") for _ in header[1:-1]),
            Cell(text="not ranked", kind="verdict invalid", hint=plain(excluded_sentence(excluded))),
        )
        for excluded in view.document.excluded
    ]
    yield Table(
        caption=f"The best batch size of each contender{'' if answer.bound is None else ', without the bound'}",
        header=header,
        rows=(*rows, *unranked) if view.page else tuple(rows),
        left=frozenset({0, len(header) - 1}),
        wrap=frozenset({0, 1, len(header) - 1}),
        look="bests",
    )


def _under_bound(report: AnswerReport) -> Table:
    """Return the table of contenders under the latency bound."""
    bound = report.answer.bound
    assert bound is not None
    return Table(
        caption=f"What {bound_words(bound)} leaves",
        header=(bound_words(bound), "batch", "samples/s", f"p{bound.percentile:g} ms", "largest", "behind (estimate)"),
        rows=tuple(
            (
                Cell(text=row.name, contender=row.contender),
                Cell(text=str(row.best.point.batch) if row.best else "none", kind="" if row.best else "missing"),
                Cell(text=significant(row.best.throughput) if row.best else ""),
                Cell(text=milliseconds(row.best.latency_ns) if row.best else ""),
                Cell(text=str(row.largest.point.batch) if row.largest else ""),
                Cell(text=f"{ratio(row.behind)}x" if row.behind is not None and row.behind > 1 else ""),
            )
            for row in report.under_bound
        ),
        left=frozenset({0, 5}),
        wrap=frozenset({0, 1, 4, 5}),
        look="bests",
    )
