"""What a million samples cost, where the machine's price was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.phrases import COSTS, cost_rows
from infer_compare.report.price import cost_note, price_words
from infer_compare.report.terminal.layout import bullets, heading, indented, table
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from infer_compare.report.schema import ReportDocument


def cost_section(document: ReportDocument) -> list[RenderableType]:
    """A row for each contender at its best batch size; nothing where no price was given."""
    costs = document.costs
    if costs is None:
        return []
    found: list[RenderableType] = [heading("cost", rest=f"of a million samples at {price_words(costs.price)}")]
    if costs.by_contender:
        made = table([(title, "left" if place == 0 else "right") for place, title in enumerate(COSTS)], wrap=(0, 1))
        for row in cost_rows(costs):
            made.add_row(*(Text(plain(cell)) for cell in row))
        found += [indented(made), Text("")]
    return [*found, bullets([cost_note(document)])]
