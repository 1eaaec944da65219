"""Prints reports on standard output, in colour on a terminal."""

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
    """Return a stored run, and print a warning on standard error if it is damaged.

    Raises:
        StoreError: there is no run, or it cannot be read.
    """
    from infer_compare import api

    run = api.load_run(path)
    if run.damage:
        click.echo(f"Warning: the run file of {path} is damaged: {'; '.join(run.damage)}.", err=True)
    return run


def print_text(
    *documents: ReportDocument, verbose: bool, places: Sequence[Path] = (), reports: Sequence[Path] = ()
) -> None:
    """Print the answer of one run in a few lines, or the answers of several in a table; with `verbose` the whole text report.

    Args:
        documents: the reports of the runs.
        verbose: print the whole report, the answer first.
        places: the run folders to name.
        reports: the written report files to name.
    """
    from infer_compare.report.text import NARROWEST, glance_renderables, renderables_many

    if verbose:
        print_parts(renderables_many(documents, verbose=True), least_width=NARROWEST)
    else:
        print_parts(glance_renderables(documents, list(map(str, places)), list(map(str, reports))))


def print_parts(parts: Iterable[RenderableType], *, least_width: int = 0) -> None:
    """Print parts of a report as wide as the terminal, or 80 columns (or `COLUMNS`) wide into a file.

    Characters that the encoding of standard output lacks are replaced.

    Args:
        parts: what to print, from top to bottom.
        least_width: the least number of columns; a narrower terminal wraps the lines.
    """
    from infer_compare.report.text import tidy

    console = stdout.console(highlight=False)
    console.width = max(console.width, least_width)
    with console.capture() as capture:
        for part in parts:
            # Code must not be wrapped at the width of the terminal.
            console.print(part, crop=False)
    encoding = getattr(stdout.stream(), "encoding", None) or "utf-8"
    stdout.write(tidy(capture.get()).encode(encoding, "replace").decode(encoding), color=True)
