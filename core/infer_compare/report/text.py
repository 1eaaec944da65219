"""The report for a terminal or a log file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from infer_compare.report.schema import ReportDocument

WIDTH = 80


def renderables(document: ReportDocument, *, verbose: bool = False) -> list[RenderableType]:
    """The sections in their fixed order: the answer first, the conditions last.

    Args:
        document: what to show.
        verbose: every batch size, more columns, and the verdict on every pair.
    """
    from infer_compare.report.terminal import answer, conditions, costs, curves, findings

    return [
        *answer.answer_section(document),
        *costs.cost_section(document),
        *curves.curves_section(document, verbose=verbose),
        *(findings.pair_section(document) if verbose else []),
        *findings.shape_section(document),
        *findings.parts_section(document),
        *findings.pass_section(document),
        *findings.memory_section(document),
        *findings.failure_section(document),
        *findings.agreement_section(document),
        *findings.note_section(document, verbose=verbose),
        *conditions.conditions_section(document),
    ]


def renderables_many(documents: Sequence[ReportDocument], *, verbose: bool = False) -> list[RenderableType]:
    """The sections of one run; of several, a table of the best of each first, then the sections of each.

    Args:
        documents: what to show.
        verbose: see `renderables`.
    """
    from infer_compare.report.terminal.several import run_heading, runs_section

    if len(documents) == 1:
        return renderables(documents[0], verbose=verbose)
    found = runs_section(documents)
    for number, document in enumerate(documents, 1):
        found += [*run_heading(number, document), *renderables(document, verbose=verbose)]
    return found


class TextReporter:
    """Text of 80 columns without colour."""

    name = "text"
    suffix = ".txt"

    def render(self, document: ReportDocument) -> str:
        """The report, with no white space at the ends of lines."""
        return _printed(renderables(document))

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """The best of each run, then the reports one after the other."""
        return _printed(renderables_many(documents))


def _printed(found: Iterable[RenderableType]) -> str:
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False, highlight=False
    )
    for one in found:
        console.print(one)
    return tidy(file.getvalue())


def tidy(text: str) -> str:
    """The text without empty lines around it, and without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
