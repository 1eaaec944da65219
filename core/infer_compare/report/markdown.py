"""The Markdown report, for example for pull requests."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

from infer_compare.report.markup import code, code_cell, escape, fenced, listed, table
from infer_compare.report.sections import printed_many
from infer_compare.report.sections.blocks import (
    Chart,
    Charts,
    Code,
    Command,
    Download,
    Facts,
    Folded,
    Grid,
    Headline,
    Paragraph,
    Sentences,
    Table,
    WhatIf,
)
from infer_compare.report.words import shell_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.blocks import AnyBlock, Cell, Section

STRONG = {"fastest", "strong"}
"""Kinds of cells that are printed in bold."""


class MarkdownReporter:
    """Markdown for GitHub and GitLab, with the conditions folded."""

    name = "markdown"
    suffix = ".md"

    def render(self, document: ReportDocument) -> str:
        """Return the report: answer, tables, findings, conditions."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return the best of each run, then the reports one after the other."""
        return written(printed_many(documents))


def written(sections: Iterable[Section]) -> str:
    """Return sections as Markdown; adjacent folded sections are folded together."""
    shown = [section for section in sections if section.on("markdown") or not section.blocks]
    parts: list[str] = []
    for folded, group in groupby(shown, key=lambda section: section.folded):
        neighbours = list(group)
        parts += _folded(neighbours) if folded else [part for section in neighbours for part in _section(section)]
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"{'#' * section.level} {escape(section.title)}"
    for block in section.on("markdown"):
        yield from _block(block)


def _folded(sections: Sequence[Section]) -> Iterator[str]:
    for place, section in enumerate(sections):
        yield f"{escape(section.title)}:" if place else f"<details>\n<summary>{escape(section.title)}</summary>"
        for block in section.on("markdown"):
            yield from _block(block)
    yield "</details>"


def _block(block: AnyBlock) -> Iterator[str]:
    match block:
        case Headline():
            yield f"**{escape(block.text)}**"
        case Paragraph():
            yield f"**{escape(block.text)}**" if block.tone in {"strong", "bad"} else escape(block.text)
        case Sentences():
            if block.title:
                yield f"**{escape(block.title)}**"
            yield listed(block.items)
        case Facts():
            if block.name:
                yield f"{code(block.name)}:"
            yield "\n".join(f"- {key}: {escape(value)}" for key, value in block.rows if value)
        case Command():
            yield fenced(shell_line(block.words), "sh")
        case Code():
            yield fenced(block.text, "python")
        case Table():
            titles = [*map(code_cell if block.code_header else escape, block.header[1:])]
            yield table((escape(block.header[0]), *titles), ([*map(_cell, row)] for row in block.rows))
        case Grid():
            yield from _block(block.flat())
        case Folded():
            yield f"**{escape(block.title)}**"
            for inner in block.blocks:
                yield from _block(inner)
        case Chart() | Charts() | Download() | WhatIf():
            # Tables and sentences contain the same information.
            return
        case _:
            assert_never(block)


def _cell(cell: Cell) -> str:
    text = code_cell(cell.text) if cell.code or cell.contender is not None else escape(cell.text)
    if cell.file:
        text = f"[{text}](<{quote(cell.file)}>)"
    strong = f"**{text}**" if STRONG & set(cell.kind.split()) else text
    return f"{strong} {escape(cell.tail)}" if cell.tail else strong
