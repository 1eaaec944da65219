"""What a report is made of: sections of sentences, tables, charts and code, which know of no format.

A section is made once from a document. The writers of the terminal, of Markdown and of the page write the kinds of blocks
and know no section by name; a block that suits some of them only says so itself.
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
"""Of a headline: verdicts carry it, none does, there is nothing to say, or it is bad news."""
Tone = Literal["", "strong", "aside", "warning", "bad"]

EVERYWHERE: frozenset[Medium] = frozenset({"terminal", "markdown", "page"})
TERMINAL: frozenset[Medium] = frozenset({"terminal"})
MARKDOWN: frozenset[Medium] = frozenset({"markdown"})
PAGE: frozenset[Medium] = frozenset({"page"})


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of a table."""

    text: str
    kind: str = ""
    """What it is, as CSS classes of ours; a terminal has a colour for some of them."""
    contender: str | None = None
    """The label of the contender that it names."""
    code: bool = False
    """Whether it is a name of others, as that of a contender always is."""
    tail: str = ""
    """What follows the text with less weight, such as half of its interval."""
    faint: bool = False
    hint: str = ""
    """A sentence that is shown on request."""
    link: str = ""
    """The identifier of a place on the page."""
    file: str = ""
    """A file that it leads to, as a path from the folder of the report."""
    share: float | None = None
    """Length of a bar from 0 to 1 below the text."""
    spread: float = 0.0
    """Half the interval of that length."""
    bar: float | None = None
    """A value of the scale of a grid, whose bar a terminal draws in place of the text."""


Row = tuple[Cell, ...]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what stands in a section."""

    media: frozenset[Medium] = EVERYWHERE
    """Where it is shown."""


class Headline(Block, frozen=True, kw_only=True):
    """The sentence that a reader with no time reads."""

    text: str
    standing: Standing


class Paragraph(Block, frozen=True, kw_only=True):
    """A line that leads to what follows."""

    text: str
    tone: Tone = ""


class Sentences(Block, frozen=True, kw_only=True):
    """A list of sentences."""

    items: tuple[str, ...]
    title: str = ""
    tone: Tone = ""


class Facts(Block, frozen=True, kw_only=True):
    """Keys with their values; those without a value are left out."""

    rows: tuple[tuple[str, str], ...]
    contender: str | None = None
    """The label of the contender that they are about."""
    name: str = ""
    """What that contender is called."""


class Command(Block, frozen=True, kw_only=True):
    """Arguments for a shell."""

    words: tuple[str, ...]


class Code(Block, frozen=True, kw_only=True):
    """Python code to paste."""

    text: str


class Download(Block, frozen=True, kw_only=True):
    """A file that the page carries."""

    title: str
    name: str
    content: bytes
    """Packed by gzip."""


class Table(Block, frozen=True, kw_only=True):
    """A table; cells of the first column are headers of their rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    left: frozenset[int] = frozenset({0})
    """Columns of words; the others are figures."""
    wrap: frozenset[int] = frozenset({0})
    """Columns whose texts may be broken where there is little room."""
    code_header: bool = False
    """Whether the titles after the first are names of contenders."""
    groups: tuple[tuple[Cell, int], ...] = ()
    """Titles over several columns, each with the number of its columns."""
    notes: tuple[str, ...] = ()
    """What marks in it mean."""
    look: str = ""
    """CSS classes of ours."""


class Grid(Block, frozen=True, kw_only=True):
    """Tables with the same columns and rows: side by side where there is room, else one below the other."""

    stub: str
    """The title of the column that they share."""
    header: tuple[str, ...]
    rows: tuple[str, ...]
    tables: tuple[tuple[Cell, tuple[Row | None, ...]], ...]
    """Each with its name; None where a table has no such row."""
    left: frozenset[int] = frozenset()
    scale: Scale | None = None
    """Of the bars."""
    abreast: bool = True
    """Whether they may stand side by side."""
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
    """A chart, how to read it, and the table behind it."""

    id: str
    title: str
    data: ChartData
    lead: str = ""
    table: Table | None = None
    """None of a small one, whose figures stand elsewhere on the page."""


class Charts(Block, frozen=True, kw_only=True):
    """Charts that belong together."""

    charts: tuple[Chart, ...]
    small: bool = False
    """Whether they are small multiples, to be compared with one another."""


class WhatIf(Block, frozen=True, kw_only=True):
    """The answer for every latency bound and price, from which a reader of the page chooses."""

    id: str
    answer: AnswerReport
    free_headline: str
    """Without a bound."""
    free_standing: Standing
    steps: tuple[BoundSteps, ...]
    """For each percentile."""
    price: Price | None
    """That the report was made with."""
    commands: dict[str, tuple[str, ...]]
    """By contender, what runs it, but for the batch size; without words where that cannot be typed."""
    charts: str
    """What the identifiers of the charts begin with that follow the bound."""


class Folded(Block, frozen=True, kw_only=True):
    """Blocks that a reader opens."""

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
    """The title where the subtitle stands beside it, as in a terminal; the title itself where there is none."""
    subtitle: str = ""
    """What stands beside the heading."""
    page_title: str | None = None
    """The title on the page, where it is another; empty for none."""
    note: str = ""
    """What stands below the title on the page."""
    level: int = 3
    """Of the title in Markdown: 1 for a run among several, 2 for a report, 3 for a section."""
    look: str = "card"
    """CSS classes of ours; without any, the blocks stand on the page by themselves."""
    choice: str = ""
    """What a reader chooses between where the blocks are folded ones of which one is shown at a time."""
    folded: bool = False
    """Whether it is folded away in Markdown, together with the folded ones beside it."""

    def on(self, medium: Medium) -> tuple[AnyBlock, ...]:
        """Return the blocks that are shown there."""
        return tuple(block for block in self.blocks if medium in block.media)
