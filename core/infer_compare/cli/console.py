"""The report on standard output, with colour where that is a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from infer_compare.report import ReportDocument
    from infer_compare.results import Run


def load_run(path: Path) -> Run:
    """Return a stored run; on standard error, say what of it is damaged.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    from infer_compare import api

    run = api.load_run(path)
    if run.damage:
        click.echo(f"Warning: the run file of {path} is damaged: {'; '.join(run.damage)}.", err=True)
    return run


def print_text(
    *documents: ReportDocument, verbose: bool, places: Sequence[Path] = (), reports: Sequence[Path] = ()
) -> None:
    """Print the answer of one run in a few lines, and of several in a table; with -v the whole text report.

    Args:
        documents: what to print.
        verbose: the whole report, the answer first.
        places: the run folders, which the few lines name.
        reports: files that were written, which they name too.
    """
    from infer_compare.report.text import NARROWEST, glance_renderables, renderables_many

    if verbose:
        print_parts(renderables_many(documents, verbose=True), least_width=NARROWEST)
    else:
        print_parts(glance_renderables(documents, list(map(str, places)), list(map(str, reports))))


def print_parts(parts: Iterable[RenderableType], *, least_width: int = 0) -> None:
    """Print parts of a report as wide as the terminal, or 80 columns wide (or `COLUMNS`) into a file.

    Characters that the encoding of standard output lacks are replaced: figures with a question mark for a bar are
    better than none.

    Args:
        parts: what to print, from top to bottom.
        least_width: columns below which the lines are left to the terminal to wrap.
    """
    from infer_compare.report.text import tidy

    console = stdout.console(highlight=False)
    console.width = max(console.width, least_width)
    with console.capture() as capture:
        for part in parts:
            # Lines of code that are longer than the terminal is wide are still code.
            console.print(part, crop=False)
    encoding = getattr(stdout.stream(), "encoding", None) or "utf-8"
    stdout.write(tidy(capture.get()).encode(encoding, "replace").decode(encoding), color=True)
