"""The section about the cost of a million samples, if the machine's price was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.phrases import size_words
from infer_compare.report.price import cost_note, money, price_words
from infer_compare.report.sections.blocks import Cell, Section, Sentences, Table

if TYPE_CHECKING:
    from infer_compare.report.schema import Cost
    from infer_compare.report.sections.blocks import Row
    from infer_compare.report.sections.view import View


def cost(view: View) -> Section | None:
    """Return a row for each contender at its best batch size, and at its best under a latency bound."""
    costs = view.document.costs
    if costs is None:
        return None
    at = f"of a million samples at {price_words(costs.price)}"
    table = Table(
        caption=f"Cost {at}",
        header=("contender", "batch", "per million", "95 % interval"),
        rows=tuple(_row(cost, costs.price.currency) for cost in costs.by_contender),
        wrap=frozenset({0, 1}),
    )
    note = Sentences(items=(cost_note(view.document),))
    blocks = (table, note) if table.rows else (note,)
    return Section(title=f"Cost {at}", heading="cost", subtitle=at, look="card costs", blocks=blocks)


def _row(cost: Cost, currency: str) -> Row:
    known = cost.low is not None and cost.high is not None
    texts = (
        f"{size_words(cost.point)}, {cost.bound}" if cost.bound else size_words(cost.point),
        money(cost.per_million, currency),
        f"{money(cost.low or 0, currency)} to {money(cost.high or 0, currency)}" if known else "",
    )
    return (Cell(text=cost.name, contender=cost.contender), *(Cell(text=text) for text in texts))
