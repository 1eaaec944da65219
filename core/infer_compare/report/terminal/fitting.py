"""A table that drops columns if the console is too narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.terminal.layout import cell_text, indented, said, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table as RichTable
    from rich.text import Text

    from infer_compare.report.sections.blocks import Table

LONGEST_NAME = 24
"""Names longer than this are wrapped before columns are dropped."""


class FittingTable:
    """A renderable table that keeps names and verdicts whole and drops columns of figures, the last ones first."""

    def __init__(self, block: Table) -> None:
        """Store the table to lay out."""
        self._block = block

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield as many columns as fit without breaking words, and the titles of the dropped columns."""
        every = list(range(len(self._block.header)))
        kept = every
        unlimited = options.update(max_width=100_000)
        while console.measure(indented(self._table(kept, LONGEST_NAME)), options=unlimited).maximum > options.max_width:
            figures = [place for place in kept[2:] if place not in self._block.left]
            if not figures:
                break
            kept = [place for place in kept if place != figures[-1]]
        yield indented(self._table(kept))
        if left_out := [self._block.header[place] for place in every if place not in kept]:
            yield indented(said(f"left out, the terminal is too narrow: {', '.join(left_out)}", style="dim"))

    def _table(self, kept: list[int], longest: int | None = None) -> RichTable:
        block = self._block
        made = table(
            [(block.header[place], "left" if place in block.left else "right") for place in kept],
            wrap=tuple(number for number, place in enumerate(kept) if place in block.wrap),
        )
        for row in block.rows:
            made.add_row(*(_cut(cell_text(row[place]), longest) for place in kept))
        return made


def _cut(text: Text, longest: int | None) -> Text:
    return text if longest is None else text[:longest]
