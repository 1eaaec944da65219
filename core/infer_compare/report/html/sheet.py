"""One run as the template takes it: its sections, those that stand two abreast together, and the charts in them."""

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
"""The look of sections that stand side by side where there is room."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

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
        """Every question that the reader may change."""
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
    """Return the sections that the page shows, in their order: whether they stand side by side, and which."""
    shown = [one for one in sections if one.on("page") or not one.blocks]
    return [(abreast, list(own)) for abreast, own in groupby(shown, key=lambda one: one.look == ABREAST)]


def sheet_of(document: ReportDocument, key: str) -> Sheet:
    """The run as the page shows it.

    Args:
        document: the run.
        key: what identifiers on the page begin with.
    """
    return Sheet(key=key, document=document, threads=thread_words(document), sections=tuple(paged(document, key)))
