"""Measures a run with progress in the terminal, and shows its result."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON, DEBUG, JSON_PROGRESS, flags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from infer_compare.cli.options import Command
    from infer_compare.phases.events import Observer
    from infer_compare.plugins import Plugins
    from infer_compare.report.schema import Price
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run


def showing(function: Command) -> Command:
    """Add the flags for the progress and the result of a measuring command."""
    return flags(
        AS_JSON,
        JSON_PROGRESS,
        click.option("-q", "--quiet", is_flag=True, help="Print only the report."),
        click.option("-v", "--verbose", is_flag=True, help="Print the whole report, and every step."),
        DEBUG,
    )(function)


@dataclass(frozen=True, slots=True)
class Show:
    """How the result of a run is shown."""

    formats: tuple[str, ...]
    """Formats of the reports that are written to the run folder."""
    price: Price | None
    """Price of the machine."""
    as_json: bool
    json_progress: bool
    quiet: bool
    verbose: bool

    @classmethod
    def of(cls, options: RunOptions, plugins: Plugins, **flags: bool) -> Show:
        """Return how the result is shown, as options and flags say.

        Raises:
            UsageError: the price cannot be understood, or there is no such format.
        """
        from infer_compare.report import find_reporter
        from infer_compare.report.price import parse_price

        for name in options.reports:
            find_reporter(name, plugins)
        price = None if options.price is None else parse_price(options.price)
        return cls(options.reports, price, **flags)


def measure(
    options: RunOptions,
    folder: Path | None,
    plugins: Plugins,
    show: Show,
    *,
    like: Header | None = None,
    command: tuple[str, ...],
) -> int:
    """Measure a new run, show its result, and return the exit code.

    Args:
        options: the options of the run.
        folder: the run folder; a new one if None.
        plugins: the installed plugins.
        show: how the result is shown.
        like: the header of the stored run to repeat, if any.
        command: the command line as typed.

    Raises:
        UsageError: a file exists where a report is to be written.
    """
    from infer_compare import api
    from infer_compare.report.files import check_free
    from infer_compare.store import default_folder

    place = folder or default_folder(options.model)
    for path in _report_paths(place, show.formats, plugins):
        check_free(path)

    def work(observer: Observer) -> Run:
        return api.sweep(options, place, plugins=plugins, observer=observer, like=like, command=command)

    return _shown(place, plugins, show, work)


def resume_run(place: Path, plugins: Plugins, show: Show) -> int:
    """Resume an interrupted run, show its result, and return the exit code."""
    from infer_compare import api
    from infer_compare.store import run_file

    folder = run_file(place).parent
    return _shown(folder, plugins, show, lambda observer: api.resume(place, plugins=plugins, observer=observer))


def _shown(place: Path, plugins: Plugins, show: Show, work: Callable[[Observer], Run]) -> int:
    """Do the work with progress, show the result, and return the exit code."""
    from infer_compare.cli.progress import progress
    from infer_compare.report import document, find_reporter, render
    from infer_compare.report.files import write_report
    from infer_compare.store import FILE

    with progress(quiet=show.quiet, verbose=show.verbose, as_json=show.json_progress) as observer:
        try:
            run = work(observer)
        except KeyboardInterrupt:
            if (place / FILE).exists():
                words = shlex.quote(str(place))
                click.echo(f"Results so far are in {words}; resume with: infer-compare run --resume {words}", err=True)
            raise
    made = document(run, explorable=show.as_json or bool(show.formats))
    if show.price is not None:
        from infer_compare.report.price import priced

        made = priced(made, show.price)
    left = _report_paths(place, show.formats, plugins)
    for name, path in zip(show.formats, left, strict=True):
        write_report(path, render(find_reporter(name, plugins), made), force=True)
    if show.as_json:
        stdout.write(render(find_reporter("json", plugins), made))
    else:
        from infer_compare.cli.console import print_text

        print_text(made, verbose=show.verbose, places=[place], reports=left)
        lines = [f"\nRun stored in {place}", *(f"Report in {report}" for report in left)] if show.verbose else []
        for line in lines:
            if show.quiet:
                click.echo(line, err=True)
            else:
                stdout.echo(line)
    return 1 if made.shortcomings else 0


def _report_paths(folder: Path, formats: Sequence[str], plugins: Plugins) -> list[Path]:
    """Return the files of the reports of a run, in the order of their formats."""
    from infer_compare.report import find_reporter

    return [folder / f"report{find_reporter(name, plugins).suffix}" for name in formats]
