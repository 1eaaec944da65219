"""Several runs: the best of each in a table, and a line above the sections of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.several import BESTS, best_rows, run_words
from infer_compare.report.terminal.layout import heading, indented, table
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from infer_compare.report.schema import ReportDocument


def runs_section(documents: Sequence[ReportDocument]) -> list[RenderableType]:
    """The best of each run."""
    made = table([(title, "left" if place < 4 else "right") for place, title in enumerate(BESTS)], wrap=(1, 2, 3))
    for row in best_rows(documents):
        made.add_row(*map(Text, row))
    return [heading("runs", rest=f"the best of each of {count(len(documents), 'run')}"), indented(made)]


def run_heading(number: int, document: ReportDocument) -> list[RenderableType]:
    """What stands above the sections of one run."""
    return [Text(""), heading(f"run {number}", rest=run_words(document))]
