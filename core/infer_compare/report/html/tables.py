"""Tables of the page as plain data: what a cell says, and what it is."""

from __future__ import annotations

import msgspec


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of a table."""

    text: str
    kind: str = ""
    """CSS classes of ours, never a text of others."""
    contender: int | None = None
    """The place of the contender whose colour stands before the text."""
    hint: str = ""
    """A sentence that is shown on request."""
    share: float | None = None
    """Length of a bar from 0 to 1 below the text."""
    link: str = ""
    """The identifier of a place on the page."""
    spread: float = 0.0
    """Half the interval of that length."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table; cells of the first column are headers of their rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: frozenset[int] = frozenset({0})
    """Columns of words; the others are figures."""
    groups: tuple[tuple[Cell, int], ...] = ()
    """Titles over several columns, each with the number of its columns."""
    notes: tuple[str, ...] = ()
    """What marks in it mean."""


def cells(texts: tuple[str, ...], contender: int | None = None) -> tuple[Cell, ...]:
    """A row of plain cells, the first one in the colour of a contender."""
    return tuple(Cell(text=text, contender=contender if place == 0 else None) for place, text in enumerate(texts))
