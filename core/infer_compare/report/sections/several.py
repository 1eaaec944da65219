"""The sections of a report of several runs: the table of the best of each, and the title of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import (
    axes_words,
    machine_words,
    milliseconds,
    run_words,
    spread_words,
)
from infer_compare.report.sections.blocks import Cell, Section, Table
from infer_compare.report.words import plain
from infer_compare.stats.wording import count, significant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import AnswerReport, ReportDocument
    from infer_compare.report.sections.blocks import Row

TITLE = "The best of each run"


def runs(documents: Sequence[ReportDocument]) -> Section:
    """Return a table with a row for each run and setting of its other axes, with a link to it on the page."""
    table = Table(
        caption=TITLE,
        header=("run", "model", "machine", "best", "batch", "samples/s", "± %", "p50 ms"),
        rows=tuple(
            _row(number, document, answer)
            for number, document in enumerate(documents, 1)
            for answer in document.answers or (None,)
        ),
        left=frozenset({0, 1, 2, 3}),
        wrap=frozenset({1, 2, 3}),
    )
    subtitle = f"the best of each of {count(len(documents), 'run')}"
    return Section(title=TITLE, heading="runs", subtitle=subtitle, level=1, blocks=(table,))


def run_title(number: int, document: ReportDocument) -> Section:
    """Return the title of a run among several."""
    words = run_words(document)
    return Section(title=f"Run {number}: {words}", heading=f"run {number}", subtitle=words, level=1, blocks=())


def _row(number: int, document: ReportDocument, answer: AnswerReport | None) -> Row:
    axes = f", {axes_words(answer.answer.axes)}" if answer is not None and answer.answer.axes else ""
    place = (
        Cell(text=str(number), link=f"r{number - 1}"),
        Cell(text=plain(f"{document.model.name}{axes}")),
        Cell(text=machine_words(document.environment)),
    )
    best = answer.answer.recommended if answer is not None else None
    if answer is None or best is None:
        return (*place, Cell(text="none measured", code=True), *(Cell(text="") for _ in range(4)))
    # The best without a latency bound; the headline takes the bound into account.
    unshown = answer.answer.bound is None and answer.estimate
    figures = (
        str(best.point.batch),
        significant(best.figures.throughput),
        spread_words(best.figures),
        milliseconds(best.figures.latency_p50_ns),
    )
    name = plain(f"{best.name} (estimate)" if unshown else best.name)
    return (*place, Cell(text=name, code=True), *(Cell(text=figure) for figure in figures))
