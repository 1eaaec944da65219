"""`infer-compare run`: measures a model on several frameworks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from infer_compare.cli.completing import RUN, completer, runs
from infer_compare.cli.elsewhere import elsewhere, is_elsewhere, run_elsewhere
from infer_compare.cli.flags import CLEAR_CACHE, RUN_FOLDER
from infer_compare.cli.installed import installed
from infer_compare.cli.measuring import Show, measure, resume_run, showing
from infer_compare.cli.options import GroupedCommand, given_by, options_of
from infer_compare.request.options import declared

KEPT_BY_RESUME = frozenset(
    {"resume", "clear_cache", "as_json", "json_progress", "quiet", "verbose", "debug"}
    | {name for name, option in declared().items() if option.option.afterwards}
)
"""Options about how a result is shown; they do not change what is measured."""


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
        return resume_run(resume, plugins, show)
    like = stored.run.header if stored.run is not None else None
    if dry_run:
        from infer_compare.cli.planned import show_plan

        show_plan(options, plugins, stored.run, command=typed_command(), as_json=as_json)
        return 0
    return measure(options, folder, plugins, show, like=like, command=typed_command())


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
