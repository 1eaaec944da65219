"""Several runs in one report: the best of each in a table, and what stands above the sections of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sections.blocks import Cell, Section, Table
from infer_compare.report.several import BESTS, best_rows, run_words
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.schema import ReportDocument

TITLE = "The best of each run"


def runs(documents: Sequence[ReportDocument]) -> Section:
    """The best of each run, with a link to it on the page."""
    rows = tuple(
        (
            Cell(text=number, link=f"r{int(number) - 1}"),
            Cell(text=model),
            Cell(text=machine),
            Cell(text=best, code=True),
            *(Cell(text=figure) for figure in figures),
        )
        for number, model, machine, best, *figures in best_rows(documents)
    )
    table = Table(caption=TITLE, header=BESTS, rows=rows, left=frozenset({0, 1, 2, 3}), wrap=frozenset({1, 2, 3}))
    return Section(
        title=TITLE,
        heading="runs",
        subtitle=f"the best of each of {count(len(documents), 'run')}",
        level=1,
        blocks=(table,),
    )


def run_title(number: int, document: ReportDocument) -> Section:
    """What stands above the sections of one run."""
    words = run_words(document)
    return Section(title=f"Run {number}: {words}", heading=f"run {number}", subtitle=words, level=1, blocks=())
