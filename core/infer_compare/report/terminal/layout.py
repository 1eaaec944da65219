"""The pieces that sections are laid out with: headings, lists of sentences, tables, pairs of key and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from rich.console import RenderableType

    from infer_compare.report.sections.blocks import Cell

    Justify = Literal["left", "right"]

INDENT = 2
STYLES = {
    "first": "bold",
    "missing": "yellow",
    "beats": "green",
    "doubt": "yellow",
    "verdict faster strong": "green",
    "verdict slower strong": "red",
    "verdict unsettled": "yellow",
    "outputs agrees": "green",
    "outputs inconclusive": "yellow",
    "outputs differs": "red",
}
"""Of cells, by their kinds."""


def heading(title: str, *, rest: str = "") -> Text:
    """A line in capitals, and words beside it that are not."""
    line = Text("\n")
    line.append(title.upper(), style="bold")
    if rest:
        line.append(f"  {plain(rest)}", style="dim")
    return line


def indented(renderable: RenderableType) -> Padding:
    """The renderable under its heading."""
    return Padding(renderable, (0, 0, 0, INDENT))


def said(text: str, style: str = "") -> Text:
    """A sentence that wraps; a word longer than the line is broken."""
    return Text(plain(text), style=style, overflow="fold")


def bullets(sentences: Iterable[str], mark: str = "-", style: str = "") -> Padding:
    """Sentences with a mark before each, wrapped beside it."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row(Text(mark, style=style), said(sentence))
    return indented(grid)


def key_values(rows: Iterable[tuple[str, str]]) -> Padding:
    """Keys with their values, wrapped beside them; empty values are left out."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for key, value in rows:
        if value:
            grid.add_row(Text(key, style="dim"), said(value))
    return indented(grid)


def table(columns: Sequence[tuple[str, Justify]], *, wrap: Sequence[int] = ()) -> Table:
    """A table without lines.

    Args:
        columns: title and justification of each.
        wrap: the columns whose texts may be wrapped, by their place.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, (title, justify) in enumerate(columns):
        made.add_column(Text(title), justify=justify, no_wrap=place not in wrap, overflow="fold")
    return made


def cell_text(cell: Cell) -> Text:
    """What a cell of a table says, in the colour of its kind."""
    return Text(plain(cell.text), style="dim" if cell.faint else STYLES.get(cell.kind, ""))
