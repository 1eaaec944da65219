"""What a million samples cost, where the machine's price was given."""

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
    """A row for each contender at its best batch size, or at its best under a latency bound."""
    costs = view.document.costs
    if costs is None:
        return None
    at = f"of a million samples at {price_words(costs.price)}"
    table = Table(
        caption=f"Cost {at}",
        header=("contender", "batch", "per million", "95 % interval"),
        rows=tuple(_row(one, costs.price.currency) for one in costs.by_contender),
        wrap=frozenset({0, 1}),
    )
    note = Sentences(items=(cost_note(view.document),))
    blocks = (table, note) if table.rows else (note,)
    return Section(title=f"Cost {at}", heading="cost", subtitle=at, look="card costs", blocks=blocks)


def _row(one: Cost, currency: str) -> Row:
    known = one.low is not None and one.high is not None
    texts = (
        f"{size_words(one.point)}, {one.bound}" if one.bound else size_words(one.point),
        money(one.per_million, currency),
        f"{money(one.low or 0, currency)} to {money(one.high or 0, currency)}" if known else "",
    )
    return (Cell(text=one.name, contender=one.contender), *(Cell(text=text) for text in texts))
