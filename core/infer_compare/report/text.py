"""The text report, for terminals and log files."""

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
"""Least width of the report; a narrower terminal wraps its lines, since squeezed tables would lose digits."""


def renderables(document: ReportDocument, *, verbose: bool = False) -> list[RenderableType]:
    """Return the sections in order: the answer first, the conditions last.

    Args:
        document: the report of the run.
        verbose: show every batch size, more columns, and the verdict on every pair.
    """
    return renderables_many([document], verbose=verbose)


def renderables_many(documents: Sequence[ReportDocument], *, verbose: bool = False) -> list[RenderableType]:
    """Return the sections of one run, or for several runs a table of the best of each, then the sections of each.

    Args:
        documents: the reports of the runs.
        verbose: see `renderables`.
    """
    from infer_compare.report.sections import printed_many
    from infer_compare.report.terminal import writer

    return writer.renderables(printed_many(documents, verbose=verbose))


def glance_renderables(
    documents: Sequence[ReportDocument], places: Sequence[str] = (), reports: Sequence[str] = ()
) -> list[RenderableType]:
    """Return the answer of a run in at most eight lines, or for several runs a table of the best of each.

    For a search for the fastest configuration, add the ranking, how to use the winner, the other choices, and the dropped
    configurations.

    Args:
        documents: the reports of the runs.
        places: the run folders, in the same order.
        reports: the written files.
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
    """The wrapped lines of an answer at a glance; a narrow terminal omits the folder, which the last line names too."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Store the lines, the headline first."""
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the lines as texts."""
        from rich.text import Text

        texts = [Text(line, style="" if place else "bold", overflow="fold") for place, line in enumerate(self.lines)]
        rows = sum(len(text.wrap(console, options.max_width)) for text in texts)
        yield from (text for text in texts if rows <= MOST_LINES or not text.plain.startswith(STORED))


class TextReporter:
    """Text of 80 columns without colour."""

    name = "text"
    suffix = ".txt"

    def render(self, document: ReportDocument) -> str:
        """Return the report without trailing white space in lines."""
        return self.render_many([document])

    def render_many(self, documents: Sequence[ReportDocument]) -> str:
        """Return the best of each run, then the reports one after the other."""
        from infer_compare.report.sections import printed_many

        return written(printed_many(documents))


def written(sections: Iterable[Section]) -> str:
    """Return sections as text without trailing white space in lines."""
    from rich.console import Console

    from infer_compare.report.terminal import writer

    file = io.StringIO()
    console = Console(
        file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False, highlight=False
    )
    for part in writer.renderables(sections):
        console.print(part, crop=False)
    return tidy(file.getvalue())


def tidy(text: str) -> str:
    """Return the text without leading and trailing empty lines, and without trailing white space in lines."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
