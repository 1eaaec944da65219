"""The comparison for a terminal or a log file: what a guard could not test, conditions that differ, the verdicts."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from infer_compare.report.comparison.phrases import (
    COLUMNS,
    CONDITION_COLUMNS,
    LEGEND,
    MEMORY_COLUMNS,
    best_sentences,
    condition_cells,
    condition_sentence,
    guard_sentences,
    memory_rows,
    missing_sentences,
    point_cells,
    run_rows,
    title,
)
from infer_compare.report.text import WIDTH, tidy
from infer_compare.report.words import plain
from infer_compare.verdicts.settle import Verdict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from infer_compare.report.comparison.schema import ComparisonDocument
    from infer_compare.verdicts.unpaired import PointComparison

STYLES = {
    Verdict.FASTER: "green",
    Verdict.SLOWER: "red",
    Verdict.SAME: "",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.INVALID: "yellow",
}


class TextComparison:
    """Text of 80 columns without colour."""

    name = "text"

    def render(self, document: ComparisonDocument) -> str:
        """The comparison, with no white space at the ends of lines."""
        from rich.console import Console

        file = io.StringIO()
        console = Console(
            file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False, highlight=False
        )
        for one in renderables(document):
            console.print(one)
        return tidy(file.getvalue())


def renderables(document: ComparisonDocument) -> list[RenderableType]:
    """The sections in their fixed order."""
    return [
        *_untested(document),
        *_conditions(document),
        *_answer(document),
        *_points(document),
        *_memory(document),
        *_rest(document),
    ]


def _untested(document: ComparisonDocument) -> list[RenderableType]:
    from infer_compare.report.terminal.layout import heading, indented, said

    if not document.untested:
        return []
    return [heading("not tested"), indented(said(plain(document.untested), style="bold red"))]


def _conditions(document: ComparisonDocument) -> list[RenderableType]:
    from rich.text import Text

    from infer_compare.report.terminal.layout import heading, indented, said, table

    found = document.comparison.conditions
    if not found:
        return []
    made = table([(name, "left") for name in CONDITION_COLUMNS], wrap=(1, 2, 3))
    for one in found:
        made.add_row(*(Text(plain(cell), style="yellow" if one.decisive else "dim") for cell in condition_cells(one)))
    return [
        heading("conditions that differ"),
        indented(made),
        Text(""),
        indented(said(condition_sentence(document))),
    ]


def _answer(document: ComparisonDocument) -> list[RenderableType]:
    from rich.text import Text

    from infer_compare.report.terminal.layout import bullets, heading, indented, said

    slower = any(one.verdict is Verdict.SLOWER for one in document.comparison.bests)
    found: list[RenderableType] = [
        heading("new against base", rest=f"{title(document)}, each at the base's best batch size"),
        indented(said(document.headline, style="bold red" if slower or document.regression else "bold")),
        Text(""),
        bullets(best_sentences(document)),
    ]
    if sentences := guard_sentences(document):
        first, *others = sentences
        style = "bold red" if document.regression else "bold"
        found += [heading("guard"), indented(said(first, style=style)), Text(""), bullets(others)]
    return found


def _points(document: ComparisonDocument) -> list[RenderableType]:
    from rich.text import Text

    from infer_compare.report.terminal.layout import bullets, heading, indented, table

    found: list[RenderableType] = [heading("all batch sizes", rest="verdicts not adjusted for their number")]
    by_name: dict[str, list[PointComparison]] = {}
    for one in document.comparison.points:
        by_name.setdefault(one.name, []).append(one)
    for place, (name, points) in enumerate(by_name.items()):
        made = table([(text, "left" if text == "verdict" else "right") for text in COLUMNS], wrap=(0,))
        for one in sorted(points, key=lambda one: one.point):
            *figures, verdict = point_cells(one)
            made.add_row(*map(Text, figures), Text(verdict, style=STYLES[one.verdict]))
        found += [*([Text("")] if place else []), indented(Text(plain(name), style="bold", overflow="fold"))]
        found.append(indented(made))
    return [*found, Text(""), bullets([LEGEND])]


def _memory(document: ComparisonDocument) -> list[RenderableType]:
    from rich.text import Text

    from infer_compare.report.terminal.layout import heading, indented, table

    rows = memory_rows(document)
    if not rows:
        return []
    made = table([(name, "left") for name in MEMORY_COLUMNS], wrap=(0, 1, 2, 3))
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return [heading("memory", rest="facts, without a verdict"), indented(made)]


def _rest(document: ComparisonDocument) -> list[RenderableType]:
    from infer_compare.report.terminal.layout import bullets, heading, key_values

    found: list[RenderableType] = []
    for name, sentences in (("not compared", missing_sentences(document)), ("notes", document.notes)):
        if sentences:
            found += [heading(name), bullets(sentences)]
    return [*found, heading("runs"), key_values(run_rows(document))]
