"""`infer-compare runs`: lists stored runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infer_compare.store import StoredRun

LEAST_PATH = 16
"""Least columns of a path beside an answer."""
STATE = 11
"""Columns of a state; a longer state shifts the rest of its line."""


@click.command("runs")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@AS_JSON
def command(*, folder: Path, as_json: bool) -> None:
    """List the runs stored in FOLDER, oldest first: date, state, model, contenders, folder and answer.

    A run has two lines in a terminal, and one line with nothing cut in a file or a pipe.
    """
    from infer_compare.report.answer_line import answer_line
    from infer_compare.store import list_runs

    runs = list_runs(folder, answer_of=answer_line)
    if as_json:
        stdout.document(list(runs))
        return
    empty = True
    # Deriving an answer takes time: print each line as soon as it is known.
    for line in lines(runs, _width()):
        stdout.echo(line)
        empty = False
    if empty:
        click.echo(f"No runs in {folder}.", err=True)


def lines(runs: Iterable[StoredRun], width: int | None) -> Iterator[str]:
    """Return the lines of the list of runs.

    Args:
        runs: the runs to list.
        width: width of the terminal, in columns; None for one uncut line per run.
    """
    for run in runs:
        who = f"{run.model} on {', '.join(run.contenders)}" if run.contenders else run.model
        first = f"{_date(run)}  {run.state:{STATE}}  {who}".rstrip()
        if width is None:
            yield "  ".join(filter(None, (first, run.path, run.answer)))
            continue
        yield end_out(first, width)
        answer = end_out(run.answer, width - LEAST_PATH - 4)
        yield f"  {middle_out(run.path, width - 4 - _cells(answer))}  {answer}".rstrip()


def middle_out(text: str, width: int) -> str:
    """Return the text without its middle if it is wider than `width`, such as `runs/2026…22-mlp`."""
    if _cells(text) <= width:
        return text
    head, tail = text[: len(text) // 2], text[len(text) // 2 :]
    while (head or tail) and _cells(head) + _cells(tail) > width - 1:
        head, tail = (head[:-1], tail) if len(head) >= len(tail) else (head, tail[1:])
    return f"{head}…{tail}"


def end_out(text: str, width: int) -> str:
    """Return the text without its end if it is wider than `width`."""
    if _cells(text) <= width:
        return text
    while text and _cells(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _date(run: StoredRun) -> str:
    """Return when the run began, in local time."""
    from datetime import datetime

    try:
        return f"{datetime.fromisoformat(run.created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return "unknown date    "


def _width() -> int | None:
    """Return the width of the terminal, or `COLUMNS`; None for a file or a pipe."""
    import os

    from infer_compare.cli.output import is_terminal

    return stdout.console().width if "COLUMNS" in os.environ or is_terminal() else None
