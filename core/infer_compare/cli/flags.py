"""Flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.cli.options import Command

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
JSON_PROGRESS = click.option(
    "--json-progress", is_flag=True, help="Write progress to standard error as JSON, one event a line, for programs."
)
DEBUG = click.option("--debug", is_flag=True, help="Show tracebacks.")
"""Commands ignore its value: it is read before parsing, so that it also covers parsing errors."""
FORCE = click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
CLEAR_CACHE = click.option("--clear-cache", is_flag=True, help="Clear the cache of converted models first.")
RUN_FOLDER = click.option(
    "-o", "--output", "folder", type=click.Path(path_type=Path), help="Run folder.  [default: runs/<time>-<model>]"
)


def flags(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds options to a command, in the order in which its help lists them."""

    def add(function: Command) -> Command:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def address_option(clause: str = "") -> Callable[[Command], Command]:
    """Return the option `--address` of commands with a launcher.

    Args:
        clause: an addition to the help text, for a command whose launcher already has an address.
    """
    words = f"Where the launcher finds its machines{clause and f', {clause}'}."
    return click.option("--address", metavar="ADDRESS", help=words)
