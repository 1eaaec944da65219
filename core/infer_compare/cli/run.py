"""`infer-compare run`: measures a model on several frameworks."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from infer_compare.cli import stdout
from infer_compare.cli.completing import RUN, completer, runs
from infer_compare.cli.elsewhere import elsewhere, is_elsewhere, run_elsewhere
from infer_compare.cli.flags import AS_JSON, CLEAR_CACHE, DEBUG, JSON_PROGRESS, RUN_FOLDER, flags
from infer_compare.cli.installed import installed
from infer_compare.cli.options import Command, GroupedCommand, given_by, options_of
from infer_compare.request.options import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.phases.events import Observer
    from infer_compare.plugins import Plugins
    from infer_compare.report.schema import Price
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run

KEPT_BY_RESUME = frozenset(
    {"resume", "clear_cache", "as_json", "json_progress", "quiet", "verbose", "debug"}
    | {name for name, option in declared().items() if option.option.afterwards}
)
"""Options about how a result is shown; they do not change what is measured."""


def showing(function: Command) -> Command:
    """Add the flags for the progress and the result of a measuring command."""
    return flags(
        AS_JSON,
        JSON_PROGRESS,
        click.option("-q", "--quiet", is_flag=True, help="Print only the report."),
        click.option("-v", "--verbose", is_flag=True, help="Print the whole report, and every step."),
        DEBUG,
    )(function)


@click.command("run", cls=GroupedCommand, output=("folder", "as_json", "json_progress", "quiet", "verbose"))
@options_of("run")
@RUN_FOLDER
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    shell_complete=completer(runs, files=True),
    help="Read options from a TOML file, or repeat a stored run; flags override it.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    shell_complete=RUN,
    help="Resume an interrupted run with its original options.",
)
@CLEAR_CACHE
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@elsewhere
@showing
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    folder: Path | None,
    config: Path | None,
    resume: Path | None,
    clear_cache: bool,
    dry_run: bool,
    as_json: bool,
    json_progress: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,  # noqa: ARG001 - read before parsing, so that it also covers parsing
    **_asked: Any,  # noqa: ANN401 - what is run: `given_by` reads it from the context, which tells what was given
) -> int:
    """Measure MODEL (a built-in name or a file) on several frameworks and say which to use.

    Exit codes: 0 complete; 1 incomplete (a contender was skipped, crashed or differs, no batch size meets the latency
    bound, the machine was too busy, the disk is full, or the run folder is gone); 2 usage error; 3 no usable backend; 130
    interrupted, results are kept.
    """
    from infer_compare.api.config_file import Config, read_config
    from infer_compare.request.reading import complete

    plugins = installed(context.obj)
    if resume is not None:
        _refuse_others(context)
    stored = read_config(config) if config is not None else Config({})
    given = given_by(context, plugins, stored.given)
    if is_elsewhere(context):
        return run_elsewhere(context, given, folder)
    options = complete(given)
    show = Show.of(options, plugins, as_json=as_json, json_progress=json_progress, quiet=quiet, verbose=verbose)
    if clear_cache:
        from infer_compare.cli.explain import clear

        clear()
    if resume is not None:
        return _resume(resume, plugins, show)
    like = stored.run.header if stored.run is not None else None
    if dry_run:
        from infer_compare.cli.planned import show_plan

        show_plan(options, plugins, stored.run, command=typed_command(), as_json=as_json)
        return 0
    return measure(options, folder, plugins, show, like=like, command=typed_command())


def _report_paths(folder: Path, formats: Sequence[str], plugins: Plugins) -> list[Path]:
    """Return the files of the reports of a run, in the order of their formats."""
    from infer_compare.report import find_reporter

    return [folder / f"report{find_reporter(name, plugins).suffix}" for name in formats]


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


def _refuse_others(context: click.Context) -> None:
    """Raise `UsageError` if an option was given that a resumed run cannot change."""
    from infer_compare.errors import UsageError

    flags = {str(parameter.name): parameter.opts[-1] for parameter in context.command.params}
    # Parameters that are typed differently from their name: an argument, and flags that share a parameter.
    flags |= {"model": "MODEL", "convert": "--no-convert", "mode": f"--{context.params['mode']}"}
    given = [
        flags[name]
        for name in flags
        if name not in KEPT_BY_RESUME and context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(f"--resume keeps the original options of the run; leave out {', '.join(given)}.")


def typed_command() -> tuple[str, ...]:
    """Return the command line as typed."""
    return ("infer-compare", *sys.argv[1:])


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

    return _tell(place, plugins, show, work)


def _resume(place: Path, plugins: Plugins, show: Show) -> int:
    from infer_compare import api
    from infer_compare.store import run_file

    folder = run_file(place).parent
    return _tell(folder, plugins, show, lambda observer: api.resume(place, plugins=plugins, observer=observer))


def _tell(place: Path, plugins: Plugins, show: Show, work: Callable[[Observer], Run]) -> int:
    """Do the work, show its result, and return the exit code."""
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
    return exit_code(made)


def exit_code(document: Any) -> int:  # noqa: ANN401 - the report document
    """Return 0 if the run answered everything, else 1."""
    return 1 if document.shortcomings else 0
