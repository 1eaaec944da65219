"""A run as the page template takes it: its sections, grouped by layout, and their charts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from infer_compare.report.phrases import thread_words
from infer_compare.report.schema import ReportDocument
from infer_compare.report.sections import paged
from infer_compare.report.sections.blocks import Chart, Charts, Section, WhatIf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ABREAST = "card said"
"""The look of sections that are shown side by side if there is room."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A run for the page template."""

    key: str
    document: ReportDocument
    threads: str
    """The thread budget in words."""
    sections: tuple[Section, ...]

    @property
    def groups(self) -> list[tuple[bool, list[Section]]]:
        """The sections as the page arranges them."""
        return arranged(self.sections)

    @property
    def charts(self) -> Iterator[Chart]:
        """Every chart, in the order of the page."""
        return charts_of(self.sections)

    @property
    def what_ifs(self) -> Iterator[WhatIf]:
        """All what-if blocks, in which the reader can change the question."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, WhatIf))


def charts_of(sections: Iterable[Section]) -> Iterator[Chart]:
    """Yield every chart, in the order of the page."""
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Charts):
                yield from block.charts
            elif isinstance(block, Chart):
                yield block


def arranged(sections: Iterable[Section]) -> list[tuple[bool, list[Section]]]:
    """Return the visible sections in order, in groups: whether they are shown side by side, and the sections."""
    shown = [section for section in sections if section.on("page") or not section.blocks]
    return [(abreast, list(group)) for abreast, group in groupby(shown, key=lambda section: section.look == ABREAST)]


def sheet_of(document: ReportDocument, key: str) -> Sheet:
    """Return a run for the page template.

    Args:
        document: the report of the run.
        key: the prefix of its identifiers on the page.
    """
    return Sheet(key=key, document=document, threads=thread_words(document), sections=tuple(paged(document, key)))
