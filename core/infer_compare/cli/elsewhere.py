"""`infer-compare run MODEL --launcher NAME`: runs a fleet of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infer_compare.cli.flags import address_option, flags
from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.cli.options import Command
    from infer_compare.request.reading import Given

ONLY_HERE = {"clear_cache": "--clear-cache", "dry_run": "--dry-run", "as_json": "--json"}
"""Flags that a run on other machines does not accept."""


def elsewhere(function: Command) -> Command:
    """Add the options that choose the machines of a run."""
    return flags(
        click.option("--launcher", metavar="NAME", help="Run on other machines, as a fleet of one model; see `fleet`."),
        address_option(),
        click.option("--machines", multiple=True, metavar="SELECTOR", help="all, or LABEL=VALUE. Repeatable."),
    )(function)


def is_elsewhere(context: click.Context) -> bool:
    """Return whether one of these options was given."""
    return any(context.params[name] for name in ("launcher", "address", "machines"))


def run_elsewhere(context: click.Context, given: Given, folder: Path | None) -> int:
    """Run a fleet of one model, and return the exit code.

    Args:
        context: of `run`.
        given: the options of the run.
        folder: the folder of the fleet; a new one when None.

    Raises:
        UsageError: an option applies only to a run on this machine; see also `run_fleet`.
    """
    from infer_compare.cli.fleet import run_fleet
    from infer_compare.fleet.fleet_file import request_of_run
    from infer_compare.store import default_folder

    asked = context.params
    if here := [flag for name, flag in ONLY_HERE.items() if asked[name]]:
        raise UsageError(f"{', '.join(here)} and --launcher do not go together; leave {here[0]} out.")
    request = request_of_run(given, asked["launcher"], asked["address"], asked["machines"])
    place = folder or default_folder(request.models[0].options.model)
    return run_fleet(request, place, context.obj, quiet=asked["quiet"], json_progress=asked["json_progress"])
