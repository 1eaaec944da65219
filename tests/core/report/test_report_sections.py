"""Sections: any of them is written in every format, by writers that know kinds of blocks alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.report import markdown, text
from infer_compare.report.html.contenders import Contender
from infer_compare.report.html.page import sections_page
from infer_compare.report.sections.blocks import (
    MARKDOWN,
    PAGE,
    TERMINAL,
    Cell,
    Command,
    Facts,
    Grid,
    Headline,
    Paragraph,
    Section,
    Sentences,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.sections.blocks import AnyBlock

KNOWN = {"onnx": Contender(place=0, label="onnx", name="onnx", excluded="", backend="onnx")}
HOSTILE = "<b>*odd*</b>"
FORMATS: dict[str, Callable[[list[Section]], str]] = {
    "terminal": text.written,
    "markdown": markdown.written,
    "page": lambda sections: sections_page("model", "question", "facts", sections, KNOWN),
}
ROW = (Cell(text="onnx", contender="onnx"), Cell(text="5,434"))
BLOCKS: dict[str, tuple[AnyBlock, list[str]]] = {
    "headline": (Headline(text="Use onnx.", standing="shown"), ["Use onnx."]),
    "paragraph": (Paragraph(text="What follows."), ["What follows."]),
    "sentences": (Sentences(title="Why:", items=("because", "and so")), ["Why:", "because", "and so"]),
    "facts": (Facts(rows=(("threads", "1"), ("firmware", "")), name="onnx"), ["onnx", "threads", "1"]),
    "command": (Command(words=("infer-compare", "run", "two words")), ["infer-compare run", "two words"]),
    "table": (Table(caption="all", header=("contender", "samples/s"), rows=(ROW,)), ["samples/s", "onnx", "5,434"]),
    "grid": (
        Grid(stub="batch", header=("samples/s",), rows=("4", "8"), tables=((ROW[0], (ROW[1:], None)),)),
        ["batch", "samples/s", "onnx", "4", "5,434"],
    ),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_says_all_that_it_holds_in_every_format(kind: str, form: str) -> None:
    """Below the title of its section."""
    block, words = BLOCKS[kind]
    written = FORMATS[form]([Section(title="Anything", blocks=(block,))])
    shown = written.replace("&#39;", "'")
    assert [word for word in words if word not in shown] == []
    assert "anything" in written.lower()
    assert "firmware" not in written


@pytest.mark.parametrize("form", FORMATS)
def test_a_block_for_one_medium_is_shown_there_alone(form: str) -> None:
    """And a section without a block for a medium is left out of it, with its title."""
    media = {"terminal": TERMINAL, "markdown": MARKDOWN, "page": PAGE}
    sections = [
        Section(title=f"Section for {medium}", blocks=(Paragraph(text=f"only {medium}", media=own),))
        for medium, own in media.items()
    ]
    written = FORMATS[form](sections).lower()
    assert [medium for medium in media if f"only {medium}" in written] == [form]
    assert [medium for medium in media if f"section for {medium}" in written] == [form]


@pytest.mark.parametrize("form", ["markdown", "page"])
def test_a_text_of_others_is_read_as_text(form: str) -> None:
    """In titles, cells and sentences."""
    cells = (Cell(text=HOSTILE, contender="onnx"), Cell(text=HOSTILE, hint=HOSTILE))
    table = Table(caption=HOSTILE, header=(HOSTILE, HOSTILE), rows=(cells,))
    written = FORMATS[form]([Section(title=HOSTILE, blocks=(table, Sentences(items=(HOSTILE,))))])
    assert "<b>*odd*" not in written.replace(f"`{HOSTILE}`", "")
