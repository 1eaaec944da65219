"""The comparison as one HTML page that loads nothing: style inside, no script."""

from __future__ import annotations

from pathlib import Path
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
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from infer_compare.report.comparison.schema import ComparisonDocument

TEMPLATE = Path(__file__).with_name("page.html.jinja")


class HtmlComparison:
    """A page that follows the reader's choice of light or dark."""

    name = "html"

    def render(self, document: ComparisonDocument) -> str:
        """The page; every text in it is escaped."""
        import jinja2

        environment = jinja2.Environment(
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            keep_trailing_newline=True,
        )  # fmt: skip
        environment.filters["plain"] = plain
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        found = document.comparison
        return template.render(
            document=document,
            title=title(document),
            condition_columns=CONDITION_COLUMNS,
            conditions=[(one.decisive, condition_cells(one)) for one in found.conditions],
            condition_sentence=condition_sentence(document),
            sentences=best_sentences(document),
            guard=guard_sentences(document),
            columns=COLUMNS,
            points=[(one.name, one.verdict.value, point_cells(one)) for one in found.points],
            legend=LEGEND,
            memory_columns=MEMORY_COLUMNS,
            memory=memory_rows(document),
            missing=missing_sentences(document),
            runs=run_rows(document),
        )
