"""Writes sections as rich renderables; names are `Text`, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rich.text import Text

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
from infer_compare.report.terminal.command import PastedCode, ShellCommand
from infer_compare.report.terminal.fitting import FittingTable
from infer_compare.report.terminal.grid import Tables
from infer_compare.report.terminal.layout import bullets, heading, indented, key_values, said
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from infer_compare.report.sections.blocks import AnyBlock, Section

HEADLINES = {"shown": "bold green", "estimate": "bold", "none": "bold", "bad": "bold red"}
TONES = {"": "", "strong": "bold", "aside": "", "warning": "yellow", "bad": "bold red"}


def renderables(sections: Iterable[Section]) -> list[RenderableType]:
    """Return the sections as renderables: each a heading, then its blocks with empty lines between them."""
    return [part for section in sections for part in _section(section)]


def _section(section: Section) -> Iterator[RenderableType]:
    if section.level == 1 and not section.blocks:
        yield Text("")
    blocks = section.on("terminal")
    if section.blocks and not blocks:
        return
    yield heading(section.heading or section.title, rest=section.subtitle)
    before: AnyBlock | None = None
    for block in blocks:
        if before is not None and not isinstance(before, Paragraph):
            yield Text("")
        yield from _block(block)
        before = block


def _block(block: AnyBlock) -> Iterator[RenderableType]:
    match block:
        case Headline():
            yield indented(said(block.text, style=HEADLINES[block.standing]))
        case Paragraph():
            yield indented(said(block.text, style=TONES[block.tone]))
        case Sentences():
            mark, style = ("!", TONES["warning"]) if block.tone == "warning" else ("-", "")
            if block.title:
                yield indented(said(block.title, style=style or "dim"))
            yield bullets(block.items, mark=mark, style=style)
        case Facts():
            rows = key_values(block.rows)
            if block.name:
                yield indented(Text(plain(block.name), style="bold", overflow="fold"))
            yield indented(rows) if block.name else rows
        case Command():
            yield ShellCommand(block.words)
        case Code():
            yield PastedCode(block.text)
        case Table():
            yield FittingTable(block)
        case Grid():
            yield Tables(block)
        case Folded():
            yield indented(Text(plain(block.title), style="bold"))
            for inner in block.blocks:
                yield from _block(inner)
        case Chart() | Charts() | Download() | WhatIf():
            # In a terminal, tables and sentences contain the same information.
            return
        case _:
            assert_never(block)
