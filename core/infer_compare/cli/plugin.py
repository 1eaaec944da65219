"""`infer-compare plugin`: checks a plugin against the interface, or creates a new one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.installed import installed
from infer_compare.cli.plugin_check import check
from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from infer_compare.plugins import Plugins


@click.group("plugin")
def command() -> None:
    """Create the project of a plugin, or check that a plugin keeps the promises of the interface."""


command.add_command(check)


@command.command("new")
@click.argument("words", metavar="[KIND] NAME", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder of the project.  [default: infer-compare-NAME]",
)
@click.pass_obj
def new(settings: dict[str, Any], *, words: tuple[str, ...], folder: Path | None) -> None:
    """Write a project for a plugin that brings NAME; it can be installed right away and marks what to fill in.

    KIND is backend (the default), converter, reporter, metric, dataset or launcher. A converter is called by the format that it reads.
    """
    from infer_compare.scaffold import KINDS, write_project

    if len(words) == 1 and words[0] in KINDS:
        raise UsageError(f"{words[0]} is a kind of plugin; add a name: infer-compare plugin new {words[0]} NAME")
    kind, name = ("backend", *words) if len(words) == 1 else words[:2]
    if len(words) > 2:
        raise UsageError(f"One kind and one name are enough; {words[2]!r} is too much.")
    if kind not in KINDS:
        raise UsageError(f"There is no kind of plugin {kind!r}; take one of {', '.join(KINDS)}.")
    written = write_project(name, folder, kind=kind, taken=_taken(installed(settings), kind))
    stdout.echo(f"Written to {written}:")
    for path in sorted(file.relative_to(written) for file in written.rglob("*") if file.is_file()):
        stdout.echo(f"  {path}")
    stdout.echo("\nPlaces to fill in are marked `Fill in`:")
    for place, what in KINDS[kind].filling:
        stdout.echo(f"  {place.format(name=name)}: {what}")
    stdout.echo(f"\nThen:\n  pip install -e {shlex.quote(str(written))}\n  infer-compare plugin check {name}")


def _taken(plugins: Plugins, kind: str) -> list[str]:
    """Return the names already in use by plugins of a kind."""
    from infer_compare.report.reporters import BUILT_IN

    match kind:
        case "backend":
            return [word for entry in plugins.backends for word in (entry.name, *entry.aliases)]
        case "converter":
            return ["onnx", *(entry.converter.source for entry in plugins.converters)]
        case "reporter":
            return [reporter.name for reporter in (*BUILT_IN, *plugins.reporters)]
        case "metric":
            return [metric.name for metric in plugins.metrics]
        case "launcher":
            from infer_compare.fleet.launchers import known_launchers

            return list(known_launchers(plugins))
        case _:
            return [entry.dataset.name for entry in plugins.datasets]
