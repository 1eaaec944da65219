"""The report for a terminal or a log file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from infer_compare.report.glance import MOST_LINES, STORED, glance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType

    from infer_compare.report.schema import ReportDocument
    from infer_compare.report.sections.blocks import Section

WIDTH = 80
NARROWEST = 60
"""A narrower terminal wraps the lines of the whole report itself: tables that are squeezed lose digits."""


def renderables(document: ReportDocument, *, verbose: bool = False) -> list[RenderableType]:
    """The sections in their fixed order: the answer first, the conditions last.

    Args:
        document: what to show.
        verbose: every batch size, more columns, and the verdict on every pair.
    """
    return renderables_many([document], verbose=verbose)


def renderables_many(documents: Sequence[ReportDocument], *, verbose: bool = False) -> list[RenderableType]:
    """The sections of one run; of several, a table of the best of each first, then the sections of each.

    Args:
        documents: what to show.
        verbose: see `renderables`.
    """
    from infer_compare.report.sections import printed_many
    from infer_compare.report.terminal import writer

    return writer.renderables(printed_many(documents, verbose=verbose))


def glance_renderables(
    documents: Sequence[ReportDocument], places: Sequence[str] = (), reports: Sequence[str] = ()
) -> list[RenderableType]:
    """The answer of a run in at most eight lines; of several runs, a table of the best of each.

    A search for the fastest configuration is asked for what follows from it too: the ranking, how to use the winner, what
    else there is to choose, and what was dropped.

    Args:
        documents: what to show.
        places: the run folders, in the same order.
        reports: files that were written.
    """
    from rich.text import Text

    from infer_compare.report.sections import runs, tuned
    from infer_compare.report.terminal import writer

    if len(documents) > 1:
        more = Text("\nnext: the same with -v shows every run in full")
        return [*writer.renderables([runs(documents)]), more]
    answer = Glance(glance(documents[0], places[0] if places else "", reports))
    return [answer, *writer.renderables(tuned(documents[0]))]


class Glance:
    """The lines of an answer at a glance, wrapped: in a narrow terminal without what the last of them says as well."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Keeps the lines, the headline first."""
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The lines as texts."""
        from rich.text import Text

        texts = [Text(line, style="" if place else "bold", overflow="fold") for place, line in enumerate(self.lines)]
        rows = sum(len(text.wrap(console, options.max_width)) for text in texts)
        yield from (text for text in texts if rows <= MOST_LINES or not text.plain.startswith(STORED))


class TextReporter:
    """Text of 80 columns without colour."""

    name = "text"
    suffix = ".txt"

    def render(self, document: ReportDocument) -> str:
        """The report, with no white space at the ends of lines."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """The best of each run, then the reports one after the other."""
        from infer_compare.report.sections import printed_many

        return written(printed_many(documents))


def written(sections: Iterable[Section]) -> str:
    """Sections as text, with no white space at the ends of lines."""
    from rich.console import Console

    from infer_compare.report.terminal import writer

    file = io.StringIO()
    console = Console(
        file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False, highlight=False
    )
    for one in writer.renderables(sections):
        console.print(one, crop=False)
    return tidy(file.getvalue())


def tidy(text: str) -> str:
    """The text without empty lines around it, and without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
