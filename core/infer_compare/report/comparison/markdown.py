"""The comparison for a pull request."""

from __future__ import annotations

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
)
from infer_compare.report.markup import code, code_cell, escape, listed, table
from infer_compare.verdicts.settle import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.report.comparison.schema import ComparisonDocument

CLEAR = {Verdict.FASTER, Verdict.SLOWER}


class MarkdownComparison:
    """Markdown as GitHub and GitLab read it; the runs are folded away."""

    name = "markdown"

    def render(self, document: ComparisonDocument) -> str:
        """The comparison: conditions that differ, verdicts, tables."""
        blocks = [*_head(document), *_points(document), *_rest(document)]
        return "\n\n".join(blocks) + "\n"


def _head(document: ComparisonDocument) -> Iterator[str]:
    yield f"## {escape(document.model.name)}: new against base"
    if document.untested:
        yield f"**{escape(document.untested)}**"
    if document.comparison.conditions:
        rows = [[*map(escape, condition_cells(one))] for one in document.comparison.conditions]
        yield "**Conditions that differ:**"
        yield table(CONDITION_COLUMNS, rows)
        yield escape(condition_sentence(document))
    yield f"**{escape(document.headline)}**"
    yield listed(best_sentences(document))
    if sentences := guard_sentences(document):
        first, *others = sentences
        yield f"**Guard: {escape(first)}**"
        yield listed(others)


def _points(document: ComparisonDocument) -> Iterator[str]:
    yield "### All batch sizes"
    rows = []
    for one in document.comparison.points:
        *figures, verdict = map(escape, point_cells(one))
        rows.append([code_cell(one.name), *figures, f"**{verdict}**" if one.verdict in CLEAR else verdict])
    yield table(("contender", *COLUMNS), rows)
    yield escape(LEGEND)


def _rest(document: ComparisonDocument) -> Iterator[str]:
    if rows := memory_rows(document):
        yield "### Memory"
        yield table(MEMORY_COLUMNS, ([code_cell(row[0]), *map(escape, row[1:])] for row in rows))
    for name, sentences in (("Not compared", missing_sentences(document)), ("Notes", document.notes)):
        if sentences:
            yield f"### {name}"
            yield listed(sentences)
    yield "<details>\n<summary>Runs</summary>"
    yield "\n".join(f"- {key}: {code(text)}" for key, text in run_rows(document))
    yield "</details>"
