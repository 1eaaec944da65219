"""The building blocks of reports: sections of sentences, tables, charts and code, independent of the format.

A section is made once from a document. The writers for the terminal, Markdown and the page handle each kind of block and
no particular section; a block that is only for some of the formats names them in `media`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from infer_compare.report.bound_steps import BoundSteps
from infer_compare.report.charts.data import ChartData
from infer_compare.report.schema import AnswerReport, Price
from infer_compare.report.terminal.bars import Scale

Medium = Literal["terminal", "markdown", "page"]
Standing = Literal["shown", "estimate", "none", "bad"]
"""The standing of a headline: confirmed by verdicts, an estimate, no answer, or bad news."""
Tone = Literal["", "strong", "aside", "warning", "bad"]

EVERYWHERE: frozenset[Medium] = frozenset({"terminal", "markdown", "page"})
TERMINAL: frozenset[Medium] = frozenset({"terminal"})
MARKDOWN: frozenset[Medium] = frozenset({"markdown"})
PAGE: frozenset[Medium] = frozenset({"page"})


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of a table."""

    text: str
    kind: str = ""
    """Its meaning, as CSS classes; a terminal has a colour for some of them."""
    contender: str | None = None
    """The label of the contender that it names."""
    code: bool = False
    """Whether the text is an untrusted name; names of contenders always are."""
    tail: str = ""
    """Text of less weight that follows, such as half of the interval."""
    faint: bool = False
    hint: str = ""
    """A sentence for the tooltip."""
    link: str = ""
    """The identifier of the place on the page that the cell links to."""
    file: str = ""
    """The file that the cell links to, as a path relative to the report's folder."""
    share: float | None = None
    """Length of the bar below the text, from 0 to 1."""
    spread: float = 0.0
    """Half the width of the interval, on the same scale as the bar."""
    bar: float | None = None
    """A value on the scale of a grid; a terminal draws its bar instead of the text."""


Row = tuple[Cell, ...]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of the content of a section."""

    media: frozenset[Medium] = EVERYWHERE
    """The media in which it is shown."""


class Headline(Block, frozen=True, kw_only=True):
    """The most important sentence of a report."""

    text: str
    standing: Standing


class Paragraph(Block, frozen=True, kw_only=True):
    """A line that introduces what follows."""

    text: str
    tone: Tone = ""


class Sentences(Block, frozen=True, kw_only=True):
    """A list of sentences."""

    items: tuple[str, ...]
    title: str = ""
    tone: Tone = ""


class Facts(Block, frozen=True, kw_only=True):
    """Keys with their values; keys without a value are omitted."""

    rows: tuple[tuple[str, str], ...]
    contender: str | None = None
    """The label of the contender that the facts describe."""
    name: str = ""
    """The name of that contender."""


class Command(Block, frozen=True, kw_only=True):
    """A command for a shell."""

    words: tuple[str, ...]


class Code(Block, frozen=True, kw_only=True):
    """Python code to paste."""

    text: str


class Download(Block, frozen=True, kw_only=True):
    """A file embedded in the page."""

    title: str
    name: str
    content: bytes
    """Compressed with gzip."""


class Table(Block, frozen=True, kw_only=True):
    """A table; cells of the first column are headers of their rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    left: frozenset[int] = frozenset({0})
    """Indices of columns with words; the others have figures."""
    wrap: frozenset[int] = frozenset({0})
    """Indices of columns whose texts may be wrapped if there is little room."""
    code_header: bool = False
    """Whether the titles after the first are names of contenders."""
    groups: tuple[tuple[Cell, int], ...] = ()
    """Titles over several columns, each with the number of its columns."""
    notes: tuple[str, ...] = ()
    """The meaning of marks in the table."""
    look: str = ""
    """CSS classes."""


class Grid(Block, frozen=True, kw_only=True):
    """Tables with the same columns and rows, shown side by side if there is room, else one below the other."""

    stub: str
    """The title of the shared first column."""
    header: tuple[str, ...]
    rows: tuple[str, ...]
    tables: tuple[tuple[Cell, tuple[Row | None, ...]], ...]
    """The tables with their names; a row is None if a table lacks it."""
    left: frozenset[int] = frozenset()
    scale: Scale | None = None
    """The scale of the bars."""
    abreast: bool = True
    """Whether they may be shown side by side."""
    caption: str = ""

    def flat(self) -> Table:
        """Return one table whose first column names that of the grid."""
        return Table(
            caption=self.caption,
            header=("contender", self.stub, *self.header),
            rows=tuple(
                (name, Cell(text=stub), *row)
                for name, rows in self.tables
                for stub, row in zip(self.rows, rows, strict=True)
                if row is not None
            ),
            left=frozenset({0, *(place + 2 for place in self.left)}),
        )


class Chart(Block, frozen=True, kw_only=True):
    """A chart, how to read it, and a table of its data."""

    id: str
    title: str
    data: ChartData
    lead: str = ""
    table: Table | None = None
    """None for a small chart whose figures are elsewhere on the page."""


class Charts(Block, frozen=True, kw_only=True):
    """A group of charts."""

    charts: tuple[Chart, ...]
    small: bool = False
    """Whether they are small multiples."""


class WhatIf(Block, frozen=True, kw_only=True):
    """The answer for every latency bound and price, from which a reader of the page chooses."""

    id: str
    answer: AnswerReport
    free_headline: str
    """The answer without a bound."""
    free_standing: Standing
    steps: tuple[BoundSteps, ...]
    """The answers by bound, for each percentile."""
    price: Price | None
    """The price with which the report was made."""
    commands: dict[str, tuple[str, ...]]
    """The command of each contender without the batch size; empty if it cannot be typed."""
    charts: str
    """The prefix of the identifiers of the charts that follow the chosen bound."""


class Folded(Block, frozen=True, kw_only=True):
    """Blocks that a reader can unfold."""

    title: str
    open: bool = False
    blocks: tuple[Table | Sentences, ...]


AnyBlock = (
    Headline
    | Paragraph
    | Sentences
    | Facts
    | Command
    | Code
    | Download
    | Table
    | Grid
    | Chart
    | Charts
    | Folded
    | WhatIf
)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a report with its title."""

    title: str
    blocks: tuple[AnyBlock, ...]
    heading: str = ""
    """The title with the subtitle beside it, as in a terminal; by default the title itself."""
    subtitle: str = ""
    """The text beside the heading."""
    page_title: str | None = None
    """The title on the page, if it differs; empty for none."""
    note: str = ""
    """The text below the title on the page."""
    level: int = 3
    """The level of the title in Markdown: 1 for a run among several, 2 for a report, 3 for a section."""
    look: str = "card"
    """CSS classes; without any, the blocks are placed directly on the page."""
    choice: str = ""
    """The name of the choice, if the section shows one of its folded blocks at a time."""
    folded: bool = False
    """Whether it is folded in Markdown, together with adjacent folded sections."""

    def on(self, medium: Medium) -> tuple[AnyBlock, ...]:
        """Return the blocks that are shown in a medium."""
        return tuple(block for block in self.blocks if medium in block.media)
