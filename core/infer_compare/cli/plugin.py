"""`infer-compare plugin`: check a backend against the interface's promises, or begin a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.installed import installed
from infer_compare.cli.plugin_check import check


@click.group("plugin")
def command() -> None:
    """Create a backend project, or check that a backend keeps the promises of the interface."""


command.add_command(check)


@command.command("new")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of the project.  [default: infer-compare-NAME]",
)
@click.pass_obj
def new(settings: dict[str, Any], *, name: str, folder: Path | None) -> None:
    """Write a project for a backend called NAME; it can be installed right away and marks what to fill in."""
    from infer_compare.scaffold import FILLING, write_project

    plugins = installed(settings)
    taken = [word for one in plugins.backends for word in (one.name, *one.aliases)]
    written = write_project(name, folder, taken=taken)
    stdout.echo(f"Written to {written}:")
    for path in sorted(one.relative_to(written) for one in written.rglob("*") if one.is_file()):
        stdout.echo(f"  {path}")
    stdout.echo("\nPlaces to fill in are marked `Fill in`:")
    for place, what in FILLING:
        stdout.echo(f"  {place.format(name=name)}: {what}")
    stdout.echo(f"\nThen:\n  pip install -e {written}\n  infer-compare plugin check {name}")
