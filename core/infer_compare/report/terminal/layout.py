"""Layout elements of sections: headings, lists of sentences, tables, key-value pairs."""

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
"""Styles of cells, by their kinds."""


def heading(title: str, *, rest: str = "") -> Text:
    """Return a line in capitals, followed by words in normal case."""
    line = Text("\n")
    line.append(title.upper(), style="bold")
    if rest:
        line.append(f"  {plain(rest)}", style="dim")
    return line


def indented(renderable: RenderableType) -> Padding:
    """Return the renderable indented below its heading."""
    return Padding(renderable, (0, 0, 0, INDENT))


def said(text: str, style: str = "") -> Text:
    """Return a sentence that wraps; words longer than the line are broken."""
    return Text(plain(text), style=style, overflow="fold")


def bullets(sentences: Iterable[str], mark: str = "-", style: str = "") -> Padding:
    """Return sentences as a list with hanging indents."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for sentence in sentences:
        grid.add_row(Text(mark, style=style), said(sentence))
    return indented(grid)


def key_values(rows: Iterable[tuple[str, str]]) -> Padding:
    """Return keys with their values as a hanging list; empty values are omitted."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for key, value in rows:
        if value:
            grid.add_row(Text(key, style="dim"), said(value))
    return indented(grid)


def table(columns: Sequence[tuple[str, Justify]], *, wrap: Sequence[int] = ()) -> Table:
    """Return a table without lines.

    Args:
        columns: title and justification of each column.
        wrap: indices of the columns whose texts may be wrapped.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, (title, justify) in enumerate(columns):
        made.add_column(Text(title), justify=justify, no_wrap=place not in wrap, overflow="fold")
    return made


def cell_text(cell: Cell) -> Text:
    """Return the text of a cell in the colour of its kind."""
    return Text(plain(cell.text), style="dim" if cell.faint else STYLES.get(cell.kind, ""))
