"""A grid as tables, side by side if the console is wide enough, else one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infer_compare.report.terminal.layout import INDENT, cell_text, indented, said, table
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from infer_compare.report.sections.blocks import Cell, Grid, Row
    from infer_compare.report.terminal.layout import Justify

BAR_WIDTHS = (10, 6, 4)
"""Widths of bars in tables side by side; the widest that fits is used."""
BLOCK_BAR = 16
LEAST_BAR = 4
"""Width of bars in tables one below the other."""


class Tables:
    """A renderable that chooses its layout by the available width."""

    def __init__(self, grid: Grid) -> None:
        """Store the grid to lay out."""
        self._grid = grid
        self._columns: list[tuple[str, Justify]] = [
            (title, "left" if place in grid.left else "right") for place, title in enumerate(grid.header)
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the tables side by side with the widest bars that fit, else one below the other."""
        unlimited = options.update(max_width=100_000)
        for width in BAR_WIDTHS if self._grid.abreast else ():
            joint = self._side_by_side(width, ascii_only=options.ascii_only)
            if console.measure(joint, options=unlimited).maximum <= options.max_width:
                yield joint
                return
        bar = BLOCK_BAR if self._grid.abreast else LEAST_BAR
        columns = len(self._columns)
        # Truncated figures would mislead: columns that do not fit are dropped, from the right.
        while columns > 1 and not self._fits(console, options, columns, bar):
            columns -= 1
        yield from self._blocks(bar, columns, ascii_only=options.ascii_only)
        if left_out := [title for title, _ in self._columns[columns:] if title]:
            yield indented(said(f"left out, the terminal is too narrow: {', '.join(left_out)}", style="dim"))

    def _fits(self, console: Console, options: ConsoleOptions, columns: int, bar: int) -> bool:
        """Return whether every table with that many columns fits the console."""
        unlimited = options.update(max_width=100_000)
        tables = (self._block(rows, columns, bar, ascii_only=options.ascii_only) for _, rows in self._grid.tables)
        return all(console.measure(indented(part), options=unlimited).maximum <= options.max_width for part in tables)

    def _side_by_side(self, bar: int, *, ascii_only: bool) -> RenderableType:
        joint = Table.grid(padding=(0, 2, 0, 0))
        stubs = table([(self._grid.stub, "right")])
        for stub in self._grid.rows:
            stubs.add_row(Text(stub))
        columns: list[RenderableType] = [Group(Text(""), stubs)]
        for name, rows in self._grid.tables:
            part = self._table()
            for row in rows:
                part.add_row(*self._texts(row, bar, ascii_only=ascii_only))
            columns.append(Group(_title(name), part))
        for _ in columns:
            joint.add_column(no_wrap=True)
        joint.add_row(*columns)
        return Padding(joint, (0, 0, 0, INDENT))

    def _blocks(self, bar: int, columns: int, *, ascii_only: bool) -> Iterable[RenderableType]:
        for place, (name, rows) in enumerate(self._grid.tables):
            if place:
                yield Text("")
            yield indented(_title(name))
            yield indented(self._block(rows, columns, bar, ascii_only=ascii_only))

    def _block(self, rows: Iterable[Row | None], columns: int, bar: int, *, ascii_only: bool) -> Table:
        part = self._table((self._grid.stub, "right"), columns=columns)
        for stub, row in zip(self._grid.rows, rows, strict=True):
            # A missing row would be an empty line here.
            if row is not None:
                part.add_row(Text(stub), *self._texts(row, bar, ascii_only=ascii_only)[:columns])
        return part

    def _table(self, *stub: tuple[str, Justify], columns: int | None = None) -> Table:
        made = table([*stub, *self._columns[:columns]])
        made.padding = (0, 1, 0, 0)
        return made

    def _texts(self, row: Row | None, bar: int, *, ascii_only: bool) -> list[Text]:
        if row is None:
            return [Text("")] * len(self._columns)
        scale = self._grid.scale
        return [
            Text(scale.bar(cell.bar, bar, ascii_only=ascii_only), style="cyan")
            if cell.bar is not None and scale is not None
            else cell_text(cell)
            for cell in row
        ]


def _title(name: Cell) -> Text:
    return Text(plain(name.text), style="bold", no_wrap=True, overflow="ellipsis")
