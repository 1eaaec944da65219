"""A grid as tables: side by side where the console is wide enough, else one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infer_compare.report.terminal.layout import INDENT, cell_text, indented, table
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from infer_compare.report.sections.blocks import Cell, Grid, Row
    from infer_compare.report.terminal.layout import Justify

BAR_WIDTHS = (10, 6, 4)
"""Of bars in tables that stand side by side; the widest that fits."""
BLOCK_BAR = 16
LEAST_BAR = 4
"""Of bars beside more columns than can stand side by side."""


class Tables:
    """A renderable that chooses its layout by the width there is."""

    def __init__(self, grid: Grid) -> None:
        """Takes what to lay out."""
        self._grid = grid
        self._columns: list[tuple[str, Justify]] = [
            (title, "left" if place in grid.left else "right") for place, title in enumerate(grid.header)
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Side by side with the widest bars that fit, else in blocks."""
        unlimited = options.update(max_width=100_000)
        for width in BAR_WIDTHS if self._grid.abreast else ():
            joint = self._side_by_side(width, ascii_only=options.ascii_only)
            if console.measure(joint, options=unlimited).maximum <= options.max_width:
                yield joint
                return
        yield from self._blocks(BLOCK_BAR if self._grid.abreast else LEAST_BAR, ascii_only=options.ascii_only)

    def _side_by_side(self, bar: int, *, ascii_only: bool) -> RenderableType:
        joint = Table.grid(padding=(0, 2, 0, 0))
        stubs = table([(self._grid.stub, "right")])
        for stub in self._grid.rows:
            stubs.add_row(Text(stub))
        columns: list[RenderableType] = [Group(Text(""), stubs)]
        for name, rows in self._grid.tables:
            own = self._table()
            for row in rows:
                own.add_row(*self._texts(row, bar, ascii_only=ascii_only))
            columns.append(Group(_title(name), own))
        for _ in columns:
            joint.add_column(no_wrap=True)
        joint.add_row(*columns)
        return Padding(joint, (0, 0, 0, INDENT))

    def _blocks(self, bar: int, *, ascii_only: bool) -> Iterable[RenderableType]:
        for place, (name, rows) in enumerate(self._grid.tables):
            if place:
                yield Text("")
            yield indented(_title(name))
            own = self._table((self._grid.stub, "right"))
            for stub, row in zip(self._grid.rows, rows, strict=True):
                # What this table has no row for would be an empty line here.
                if row is not None:
                    own.add_row(Text(stub), *self._texts(row, bar, ascii_only=ascii_only))
            yield indented(own)

    def _table(self, *stub: tuple[str, Justify]) -> Table:
        made = table([*stub, *self._columns])
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
