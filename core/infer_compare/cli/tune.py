"""`infer-compare tune`: finds the fastest configuration on this machine within a time budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli.flags import RUN_FOLDER
from infer_compare.cli.installed import installed
from infer_compare.cli.measuring import Show, measure, showing
from infer_compare.cli.options import GroupedCommand, given_by, options_of
from infer_compare.cli.run import typed_command

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.request.options import RunOptions


@click.command("tune", cls=GroupedCommand, output=("folder", "as_json", "json_progress", "quiet", "verbose"))
@options_of(
    "tune",
    budget={"help": "How long it may take, from start to end.", "default": "10m"},
    backends={"default": "all that are installed"},
    contenders={"help": "Try this configuration too: NAME or FILE.py:Class, then :key=value,... Repeatable."},
    device={"help": "Device that configurations run on."},
    threads={"help": "Threads, shared by the instances of a configuration."},
    latency_bound={"help": "Find the fastest configuration within this latency, e.g. 20ms."},
)
@RUN_FOLDER
@click.option("--dry-run", is_flag=True, help="List the configurations and stop.")
@showing
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    folder: Path | None,
    dry_run: bool,
    as_json: bool,
    json_progress: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,  # noqa: ARG001 - read before parsing, so that it also covers parsing
    **_asked: Any,  # noqa: ANN401 - `given_by` reads it from the context
) -> int:
    """Find the fastest way to run MODEL here: which framework, in which precision, with which options, threads and instances.

    What cannot win is dropped early; the result is a run like any other. Exit codes: 0 found; 1 no configuration is left, or
    the machine was too busy; 2 usage error; 3 no usable backend; 130 interrupted, results are kept.
    """
    from infer_compare.preparation.configurations import tuned
    from infer_compare.request.reading import complete

    plugins = installed(context.obj)
    options = tuned(complete(given_by(context, plugins)), plugins)
    show = Show.of(options, plugins, as_json=as_json, json_progress=json_progress, quiet=quiet, verbose=verbose)
    if dry_run:
        _print_configurations(options, as_json=as_json)
        return 0
    return measure(options, folder, plugins, show, command=typed_command())


def _print_configurations(options: RunOptions, *, as_json: bool) -> None:
    from infer_compare.cli import stdout

    typed = [str(contender) for contender in options.contenders or ()]
    if as_json:
        stdout.document({"budget_s": options.budget, "contenders": typed})
        return
    for text in typed:
        stdout.echo(f"-b {text}")
    stdout.echo(f"{len(typed)} configurations in {options.budget:g} s")
